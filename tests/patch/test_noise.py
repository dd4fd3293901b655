"""The noise of the known pixels, estimated from these pixels."""

import numpy as np
import pytest
import torch

from inrr_cli import make_mask
from inrr_cli.patch.noise import estimate_noise


@pytest.mark.parametrize("rate", [0.05, 0.5])
@pytest.mark.parametrize("sigma", [0.0, 0.02, 0.08])
def test_white_noise_on_a_smooth_image_is_measured(rate, sigma):
    y, x = np.mgrid[:128, :160] / 160
    smooth = 0.5 + 0.2 * np.sin(6 * x + 4 * y)
    known = torch.from_numpy(~make_mask(smooth.shape, "random", rate=rate))
    noisy = torch.from_numpy(smooth + np.random.default_rng(0).normal(0, sigma, smooth.shape)).float()[..., None]
    assert estimate_noise(noisy, known) == pytest.approx(sigma, rel=0.2, abs=1e-3)


def test_the_noisiest_channel_counts():
    generator = torch.Generator().manual_seed(0)
    noise = torch.tensor([0.01, 0.05]) * torch.randn(64, 64, 2, generator=generator)
    assert estimate_noise(0.5 + noise, torch.ones(64, 64, dtype=torch.bool)) == pytest.approx(0.05, rel=0.2)


def test_an_image_without_five_known_pixels_in_a_row_has_no_estimate():
    assert estimate_noise(torch.rand(3, 3, 1), torch.ones(3, 3, dtype=torch.bool)) == 0
    assert estimate_noise(torch.rand(40, 40, 1), (torch.arange(40)[:, None] + torch.arange(40)) % 4 > 0) == 0
