"""The blend_weights of fills on hidden pixels."""

import numpy as np
import pytest
import torch

from inrr_cli import make_mask
from inrr_cli.holdout.blend import BIAS, LINES_BIAS, BlendPrior, clip_to_interval, fit_blend


@pytest.mark.parametrize(("errors", "best"), [((0.01, 0.1, 0.1), 0), ((0.1, 0.01, 0.1), 1), ((0.1, 0.1, 0.01), 2)])
def test_the_judge_takes_the_fill_that_is_right(errors, best):
    generator = torch.Generator().manual_seed(0)
    truth = torch.rand(4000, 1, generator=generator)
    fills = torch.stack([truth + e * torch.randn(4000, 1, generator=generator) for e in errors])
    classes = torch.arange(4000) % 3
    blend_weights = fit_blend(truth, fills, torch.full((4000, 1), 1e-4), 0.0, classes)
    assert (blend_weights.weights.argmax(1) == best).all()
    assert torch.allclose(blend_weights.weights.sum(1), torch.ones(len(blend_weights.weights)))


def test_without_evidence_patches_are_trusted():
    blend_weights = fit_blend(
        torch.zeros(0, 1), torch.zeros(3, 0, 1), torch.zeros(0, 1), 0.0, torch.zeros(0, dtype=torch.int64)
    )
    assert (blend_weights.weights[:, 0] == 1).all()
    assert blend_weights.spread.tolist() == pytest.approx(list(BIAS))


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_the_spread_makes_the_models_deviation_true(noise):
    generator = torch.Generator().manual_seed(1)
    clean = torch.rand(20_000, 1, generator=generator)
    truth = clean + noise * torch.randn(20_000, 1, generator=generator)
    fills = clean + 0.06 * torch.randn(20_000, 1, generator=generator)
    variance = torch.full_like(clean, 0.02**2)
    spread = fit_blend(
        truth, fills.expand(3, -1, -1), variance, noise**2, torch.zeros(20_000, dtype=torch.int64)
    ).spread
    assert spread[0] == pytest.approx(3 * BIAS[0], rel=0.05)


def test_what_the_patches_hold_for_very_unlikely_is_not_taken():
    fills = torch.tensor([[0.5, 0.5, 0.5], [0.6, 0.9, 0.1]])[..., None]
    reach = torch.tensor([0.2, 0.2, 0.1])[:, None]
    assert torch.allclose(clip_to_interval(fills, reach), torch.tensor([[0.5, 0.5, 0.5], [0.6, 0.7, 0.4]])[..., None])


def test_noise_is_found_where_there_is_any():
    from inrr_cli.patch.noise import estimate_noise

    rng = np.random.default_rng(0)
    y, x = np.mgrid[:128, :160] / 160
    smooth = 0.5 + 0.2 * np.sin(6 * x + 4 * y)
    for rate in (0.05, 0.5):
        known = torch.from_numpy(~make_mask(smooth.shape, "random", rate=rate))
        for sigma in (0.0, 0.02, 0.08):
            noisy = torch.from_numpy(smooth + rng.normal(0, sigma, smooth.shape)).float()[..., None]
            assert estimate_noise(noisy, known) == pytest.approx(sigma, rel=0.2, abs=1e-3)
    assert estimate_noise(torch.rand(3, 3, 1), torch.ones(3, 3, dtype=torch.bool)) == 0


def test_in_a_scan_of_lines_a_blend_is_believed():
    nothing = torch.zeros(0, 1)
    belief = BlendPrior((0.5, 0.3, 0.2), 0.1, (0.5, 0.6))
    blend_weights = fit_blend(nothing, torch.zeros(3, 0, 1), nothing, 0.0, torch.zeros(0, dtype=torch.int64), belief)
    assert torch.allclose(blend_weights.weights, torch.tensor([0.5, 0.3, 0.2]))
    assert (blend_weights.limit == torch.inf).all()
    assert torch.allclose(blend_weights.spread, torch.tensor(0.6 * LINES_BIAS))


def test_noise_that_hides_the_errors_does_not_take_the_error_bars_away():
    truth = 0.1 * torch.randn(2000, 1, generator=torch.Generator().manual_seed(0))
    fills, variance = torch.zeros(2, 2000, 1), torch.full((2000, 1), 0.01**2)
    classes = torch.zeros(2000, dtype=torch.int64)
    for told in (0.1, 0.105):
        spread = fit_blend(truth, fills, variance, told**2, classes).spread[0] / BIAS[0]
        assert 1 < spread < 1.5


def test_any_noise_leaves_error_bars_that_are_numbers():
    truth, fills = torch.zeros(500, 1), torch.zeros(2, 500, 1)
    classes = torch.zeros(500, dtype=torch.int64)
    for told in (0.0, 1e-6, 1.0, 1e8):
        spread = fit_blend(truth, fills, torch.full((500, 1), 0.01**2), told**2, classes).spread
        assert spread.isfinite().all()
        assert (spread > 0).all()


def test_the_limit_is_lifted_where_it_does_harm_and_only_there():
    generator = torch.Generator().manual_seed(0)
    truth, patches = torch.zeros(2000, 1), 0.1 * torch.randn(2000, 1, generator=generator)
    variance, classes = torch.full((2000, 1), 0.1**2), torch.zeros(2000, dtype=torch.int64)
    smooth = 1e-3 * torch.randn(2000, 1, generator=generator)
    lifted = fit_blend(truth, torch.stack([patches, smooth]), variance, 0.0, classes)
    assert lifted.limit[0] == torch.inf
    assert lifted.weights[0, 1] == 1
    smooth[::50] = 0.8  # where it swings
    kept = fit_blend(truth, torch.stack([patches, smooth]), variance, 0.0, classes)
    assert 0.8 < kept.limit[0] < 1.5
