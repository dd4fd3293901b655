"""The blend of fills by their errors on hidden samples."""

import itertools

import numpy as np
import pytest
import torch

from inrr_cli.holdout.blend import Blend, fit_blend, fit_shares, least_squares_on_simplex
from inrr_cli.metrics import ONE_SIGMA


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("best", [0, 1, 2])
def test_the_fill_with_the_least_error_gets_nearly_all(best):
    sizes = torch.full((3, 1, 1), 0.1)
    sizes[best] = 0.01
    (shares,) = fit_shares(sizes * noise(3, 4000, 1))
    assert shares[best] > 0.97


def test_fills_with_errors_of_their_own_are_averaged():
    (shares,) = fit_shares(0.1 * noise(2, 20_000, 1))
    assert shares.tolist() == pytest.approx([0.5, 0.5], abs=0.02)


@pytest.mark.parametrize("seed", range(5))
def test_shares_are_on_the_simplex_and_no_others_have_a_smaller_cost(seed):
    errors = noise(3, 50, 2, seed=seed).double()
    matrix = errors.flatten(1) @ errors.flatten(1).T
    target = noise(3, seed=seed + 100).double()
    found = least_squares_on_simplex(matrix, target)
    grid = torch.tensor([p for p in itertools.product(np.linspace(0, 1, 41), repeat=3) if abs(sum(p) - 1) < 1e-9])
    costs = ((grid @ matrix) * grid).sum(1) - 2 * grid @ target
    assert found.sum().item() == pytest.approx(1)
    assert (found >= 0).all()
    assert found @ matrix @ found - 2 * found @ target <= costs.min() + 1e-9


def test_shares_do_not_depend_on_the_units_of_the_image():
    errors = noise(3, 200, 1) * torch.tensor([1.0, 0.7, 1.4])[:, None, None]
    assert torch.allclose(fit_shares(errors), fit_shares(255 * errors), atol=1e-6)


def fit(truth, fills, deviation, plane, planes=1):
    return fit_blend(truth, fills, deviation, torch.ones_like(plane), plane, planes=planes, largest=1)


def fit_one_plane(truth, fills, deviation):
    return fit(truth, fills, deviation, torch.zeros(len(truth), dtype=torch.int64))


def test_each_plane_and_value_has_error_bars_of_its_own():
    scales, plane = torch.tensor([[1.0, 1e-4], [30.0, 0.01]]), torch.arange(4000) % 2
    errors = scales[plane] * noise(4000, 2)
    blend = fit(torch.zeros(4000, 2), errors[None], torch.ones(4000, 2), plane, 2)
    assert torch.allclose(blend.sigma_factor, scales, rtol=0.1)
    few = fit(torch.zeros(4000, 2), errors[None], torch.ones(4000, 2), (torch.arange(4000) < 10).long(), 2)
    assert (few.sigma_factor[1] > 0).all()  # those of all
    assert torch.allclose(few.sigma_factor[1], few.sigma_factor[0], rtol=0.1)


def test_without_hidden_samples_the_first_fill_is_chosen():
    blend = fit_one_plane(torch.zeros(0, 1), torch.zeros(3, 0, 1), torch.zeros(0, 1))
    assert blend.shares.tolist() == [[1, 0, 0]]
    assert blend.sigma_factor == 1


def test_few_hidden_samples_move_the_shares_little():
    sizes = torch.tensor([1.0, 0.8])[:, None, None]
    few, many = (fit_shares(sizes * noise(2, count, 1).abs())[0] for count in (2, 2000))
    assert few[0] > 0.5
    assert many[0] < 0.2


def test_exact_fills_have_finite_shares_and_error_bars():
    truth = torch.rand(100, 1)
    blend = fit_one_plane(truth, truth.expand(3, 100, 1), torch.zeros(100, 1))
    assert blend.shares.isfinite().all()
    assert blend.sigma_factor.isfinite().all()


def test_the_first_fill_has_more_of_what_is_far_from_known_samples():
    sizes = torch.tensor([1.0, 0.8])[:, None, None]
    shares = fit_shares(sizes * noise(2, 100, 1), 17)
    assert shares.shape == (17, 2)
    assert (shares[1:, 0] > shares[:-1, 0]).all()
    assert torch.allclose(shares.sum(1), torch.ones(17, dtype=torch.float64))


def test_samples_are_blended_by_their_distance():
    shares, distance = torch.tensor([[1.0, 0.0], [0.25, 0.75]]), torch.tensor([2, 1, 2])
    fills = torch.tensor([[[1.0], [2.0], [3.0]], [[5.0], [6.0], [7.0]]])
    assert Blend(shares, torch.ones(1, 1))(fills, distance).flatten().tolist() == [4, 2, 6]


@pytest.mark.parametrize("count", [100, 4000])
@pytest.mark.parametrize("width", [0.2, 1.0, 7.0])
def test_the_error_bars_hold_as_many_errors_as_they_should_of_samples_that_were_not_hidden(width, count):
    variance = 0.01 * torch.rand(count + 20_000, 1, generator=torch.Generator().manual_seed(1)) + 1e-3
    # no Gaussian: the quantile needs none
    errors = width * variance.sqrt() * noise(count + 20_000, 1) / noise(count + 20_000, 1, seed=2).abs().clamp(min=0.3)
    blend = fit_one_plane(torch.zeros(count, 1), errors[None, :count], variance[:count].sqrt())
    within = (errors[count:].abs() <= blend.sigma_factor * variance[count:].sqrt()).float().mean().item()
    assert within == pytest.approx(ONE_SIGMA, abs=0.15 if count == 100 else 0.03)
