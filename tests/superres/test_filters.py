"""Colours, noise estimation, the patch model's iteration and the shrinkage of detail."""

import pytest
import torch
from skimage.data import grass

from inrr_cli.patch.noise import estimate_noise
from inrr_cli.superres.colours import from_luma, to_luma
from inrr_cli.superres.detail import shrink_detail
from inrr_cli.superres.noise import white_noise
from inrr_cli.superres.refinement import nonlocal_bayes


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_grey_has_no_colour_and_colours_are_restored():
    image = torch.rand(4, 5, 3, generator=seeded())
    assert from_luma(to_luma(image)).numpy() == pytest.approx(image.numpy(), abs=1e-5)
    assert to_luma(torch.full((1, 3), 0.3))[0].numpy() == pytest.approx([0.3, 0, 0], abs=1e-5)
    assert to_luma(torch.eye(3))[:, 0].numpy() == pytest.approx([0.299, 0.587, 0.114])


def test_nonlocal_bayes_keeps_a_constant_and_removes_noise(grey):
    constant = torch.full((20, 30), 0.4)
    assert nonlocal_bayes(constant, constant, 0.05, count=20, radius=6).numpy() == pytest.approx(0.4, abs=1e-5)
    clean = torch.tensor(grey) / 255
    noisy = clean + 0.06 * torch.randn(clean.shape, generator=seeded())
    smoothed = nonlocal_bayes(noisy, noisy, 0.06, count=40, radius=10)
    assert (smoothed - clean).square().mean() < 0.8 * (noisy - clean).square().mean()


def test_nonlocal_bayes_without_noise_changes_nothing(grey):
    plane = torch.tensor(grey) / 255
    smoothed = nonlocal_bayes(plane, plane, 1e-5, count=20, radius=6, shift=2)
    assert smoothed.numpy() == pytest.approx(plane.numpy(), abs=1e-4)


def test_texture_is_not_taken_for_noise():
    texture = torch.tensor(grass()[:256, :256]).float()[..., None] / 255
    assert estimate_noise(texture, torch.ones(256, 256, dtype=torch.bool)) > 4 / 255
    assert white_noise(texture, torch.ones(texture.shape[:2], dtype=torch.bool)) < 1 / 255
    smooth = torch.linspace(0.2, 0.7, 256)[:, None, None] * torch.ones(256, 256, 1)
    noisy = smooth + 5 / 255 * torch.randn(smooth.shape, generator=seeded())
    assert white_noise(noisy, torch.ones(noisy.shape[:2], dtype=torch.bool)) * 255 == pytest.approx(5, rel=0.15)


WAVES = torch.sin(torch.arange(64.0) * torch.pi / 2)[:, None, None].expand(64, 64, 1) / 4  # the octave below the detail


@pytest.mark.parametrize(
    ("plain", "strength", "quantisation_step", "kept"),
    [
        pytest.param(WAVES, 0.02, 0.0, 1.0, id="weak beside the octave below"),
        pytest.param(WAVES, 0.002, 1 / 255, 0.0, id="no stronger than rounding"),
        pytest.param(WAVES * 0, 0.02, 0.0, 0.0, id="nothing in the octave below"),
    ],
)
def test_detail_that_the_input_does_not_support_is_removed(plain, strength, quantisation_step, kept):
    noise = torch.randn(64, 64, 1, generator=seeded())
    detail = shrink_detail(plain + strength * noise, plain, (2.0, 2.0), quantisation_step) - plain
    assert detail.std().item() == pytest.approx(kept * strength, abs=0.1 * strength)


def test_detail_as_strong_as_the_limit_is_shrunk_to_it():
    noise = torch.randn(64, 64, 1, generator=seeded())
    detail = shrink_detail(WAVES + noise, WAVES, (2.0, 2.0), 0.0) - WAVES
    assert 0.1 < detail.std().item() < 0.5
