"""The blend of fills by their errors on hidden pixels."""

import pytest
import torch

from inrr_cli.holdout.blend import BlendPrior, clip_to_interval, fit_blend, fit_share
from inrr_cli.holdout.calibration import LINE_SCAN_BIAS, SIGMA_BIAS


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def one_class(count):
    return torch.zeros(count, dtype=torch.int64)


@pytest.mark.parametrize(("errors", "best"), [((0.01, 0.1, 0.1), 0), ((0.1, 0.01, 0.1), 1), ((0.1, 0.1, 0.01), 2)])
def test_the_blend_is_the_fill_with_the_least_error(errors, best):
    generator = seeded()
    truth = torch.rand(4000, 1, generator=generator)
    fills = torch.stack([truth + e * torch.randn(4000, 1, generator=generator) for e in errors])
    weights = fit_blend(truth, fills, torch.full((4000, 1), 1e-4), torch.arange(4000) % 3).weights
    assert (weights.argmax(1) == best).all()
    assert torch.allclose(weights.sum(1), torch.ones(len(weights)))


def test_each_class_of_distance_has_its_own_blend():
    generator = seeded()
    truth = torch.rand(8000, 1, generator=generator)
    small, large = (truth + e * torch.randn(8000, 1, generator=generator) for e in (0.01, 0.1))
    classes = torch.arange(8000) % 2
    first = torch.where(classes[:, None] == 0, small, large)
    second = torch.where(classes[:, None] == 0, large, small)
    fitted = fit_blend(truth, torch.stack([first, second]), torch.full((8000, 1), 0.2), classes)
    assert fitted.weights[0, 0] > 0.8
    assert fitted.weights[1, 1] > 0.8


def test_without_hidden_pixels_the_patches_are_chosen():
    empty = torch.zeros(0, 1)
    fitted = fit_blend(empty, torch.zeros(3, 0, 1), empty, one_class(0))
    assert (fitted.weights[:, 0] == 1).all()
    assert fitted.sigma_factor.tolist() == pytest.approx(SIGMA_BIAS)


def test_without_hidden_pixels_the_prior_of_a_scan_of_lines_is_chosen():
    empty = torch.zeros(0, 1)
    prior = BlendPrior((0.5, 0.3, 0.2), 0.1, (0.5, 0.6))
    fitted = fit_blend(empty, torch.zeros(3, 0, 1), empty, one_class(0), prior)
    assert torch.allclose(fitted.weights, torch.tensor([0.5, 0.3, 0.2]))
    assert (fitted.limit == torch.inf).all()
    assert torch.allclose(fitted.sigma_factor, torch.tensor(0.6 * LINE_SCAN_BIAS))


def test_the_limit_is_lifted_only_where_fills_are_better_without_it():
    generator = seeded()
    truth, patches = torch.zeros(2000, 1), 0.1 * torch.randn(2000, 1, generator=generator)
    variance = torch.full((2000, 1), 0.1**2)
    smooth = 1e-3 * torch.randn(2000, 1, generator=generator)
    lifted = fit_blend(truth, torch.stack([patches, smooth]), variance, one_class(2000))
    assert lifted.limit[0] == torch.inf
    assert lifted.weights[0, 1] == 1
    smooth[::50] = 0.8  # as where a thin plate overshoots
    kept = fit_blend(truth, torch.stack([patches, smooth]), variance, one_class(2000))
    assert 0.8 < kept.limit[0] < 1.5


def test_fills_are_clipped_to_an_interval_around_the_first():
    fills = torch.tensor([[0.5, 0.5, 0.5], [0.6, 0.9, 0.1]])[..., None]
    radius = torch.tensor([0.2, 0.2, 0.1])[:, None]
    assert torch.allclose(clip_to_interval(fills, radius), torch.tensor([[0.5, 0.5, 0.5], [0.6, 0.7, 0.4]])[..., None])


def test_the_share_of_two_fills_is_the_least_of_all_shares():
    generator = seeded()
    truth, classes = torch.rand(3000, 2, generator=generator), torch.arange(3000) % 3
    first, second = (truth + e * torch.randn(3000, 2, generator=generator) for e in (0.1, 0.15))
    distances = torch.tensor([1, 2, 4])

    def cost(share):
        squares = [(w * first + (1 - w) * second - truth).square() for w in (share, 0.5)]
        sums = [torch.zeros(3).index_add(0, classes, square.sum(1)) for square in squares]
        return (torch.bincount(classes) / distances * sums[0] / sums[1]).sum().item()

    best = min((share / 1000 for share in range(1001)), key=cost)
    assert 0.5 < best < 0.9
    assert fit_share(truth, first, second, classes).item() == pytest.approx(best, abs=1e-3)
