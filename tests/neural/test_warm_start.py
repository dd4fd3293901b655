"""The smooth fill that a fit is drawn to, and for how long."""

import numpy as np
import pytest
import torch

from inrr_cli import make_mask
from inrr_cli.neural.warm_start import warm_start_duration, warm_start_image
from inrr_cli.solvers.polyharmonic import solve_polyharmonic


def fills(values, known):
    """Warm start, biharmonic and harmonic fill of an image (H, W), and their squared errors at missing pixels."""
    image, known = torch.from_numpy(values)[..., None].float(), torch.from_numpy(known)
    damaged = torch.where(known[..., None], image, 0)
    smooth = (solve_polyharmonic(damaged, known, order).clamp(0, 1) for order in (2, 1))
    found = (warm_start_image(damaged, known, 0), *smooth)
    return found, [(fill - image)[~known].square().mean().item() for fill in found]


def test_a_smooth_image_starts_from_the_biharmonic_fill():
    y, x = np.mgrid[:96, :96] / 96
    waves = 0.5 + 0.2 * np.sin(9 * x + 4 * y) + 0.2 * np.sin(8 * y)
    (found, biharmonic, harmonic), errors = fills(waves, ~make_mask((96, 96), "textural", seed=1))
    assert errors[1] < 0.2 * errors[2]
    assert errors[0] < 1.1 * errors[1]
    assert (found - biharmonic).abs().mean() < 0.1 * (found - harmonic).abs().mean()


def test_a_rough_image_starts_nearer_the_harmonic_fill():
    image = np.random.default_rng(0).random((128, 128))
    (found, biharmonic, harmonic), errors = fills(image, ~make_mask((128, 128), "textural", seed=1))
    assert errors[2] < 0.95 * errors[1]
    assert errors[0] < 1.02 * errors[2]
    assert (found - harmonic).abs().mean() < (found - biharmonic).abs().mean()
    assert ((found - biharmonic) * (found - harmonic)).max() <= 1e-6  # between the two


def test_known_pixels_are_unchanged_and_the_others_are_in_range():
    image = (np.indices((64, 64)).sum(0) // 8 % 2).astype(np.float32)
    known = ~make_mask((64, 64), "textural", seed=2)
    (found, *_), _ = fills(image, known)
    assert (found[..., 0].numpy()[known] == image[known]).all()
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize("count", [1, 3, 63, 64])
def test_a_constant_is_continued_however_few_pixels_are_known(count):
    known = np.zeros(64, bool)
    known[:count] = True
    (found, *_), _ = fills(np.full((8, 8), 0.25), known.reshape(8, 8))
    assert torch.allclose(found, torch.full_like(found, 0.25), atol=1e-5)


def test_a_channel_without_known_samples_has_none():
    image = torch.rand(8, 9, 1)
    assert torch.equal(warm_start_image(image, torch.zeros(8, 9, dtype=torch.bool), seed=0), image)


def test_the_warm_start_lasts_longer_far_from_known_pixels():
    parts = warm_start_duration(torch.tensor([[0, 1, 2, 4, 8, 17]]), 0.4)[0]
    assert parts.tolist() == pytest.approx([0.4, 0.4, 0.6, 0.8, 1.0, 1.0])
