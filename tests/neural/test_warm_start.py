"""The smooth fill that a fit is drawn to."""

import numpy as np
import pytest
import torch

from inrr_cli import make_mask
from inrr_cli.neural.warm_start import warm_start_duration, warm_start_image
from inrr_cli.solvers.polyharmonic import solve_polyharmonic


def fills(image, known):
    """Guide, plate and membrane of a picture (H, W), and what each has for squared error on missing pixels."""
    picture, there = torch.from_numpy(image)[..., None].float(), torch.from_numpy(known)
    damaged = torch.where(there[..., None], picture, 0)
    found = (
        warm_start_image(damaged, there, 0),
        *(solve_polyharmonic(damaged, there, order).clamp(0, 1) for order in (2, 1)),
    )
    return found, [(fill - picture)[~there].square().mean().item() for fill in found]


def waves(side):
    """A smooth picture."""
    y, x = np.mgrid[:side, :side] / side
    return 0.5 + 0.2 * np.sin(9 * x + 4 * y) + 0.2 * np.sin(8 * y)


def test_a_plate_where_the_picture_is_smooth():
    (found, plate, membrane), (error, bent, flat) = fills(waves(96), ~make_mask((96, 96), "textural", seed=1))
    assert bent < 0.2 * flat
    assert error < 1.1 * bent
    assert (found - plate).abs().mean() < 0.1 * (found - membrane).abs().mean()


def test_rather_a_membrane_where_it_is_rough():
    image = np.random.default_rng(0).random((128, 128))
    (found, plate, membrane), (error, bent, flat) = fills(image, ~make_mask((128, 128), "textural", seed=1))
    assert flat < 0.95 * bent
    assert error < 1.02 * flat
    assert ((found - plate) * (found - membrane)).max() <= 1e-6  # between the two


def test_known_pixels_stay_and_the_rest_is_in_range():
    image = (np.indices((64, 64)).sum(0) // 8 % 2).astype(np.float32)
    known = ~make_mask((64, 64), "textural", seed=2)
    (found, *_), _ = fills(image, known)
    assert (found[..., 0].numpy()[known] == image[known]).all()
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize("count", [1, 3, 63, 64])
def test_however_few_are_known(count):
    known = np.zeros(64, bool)
    known[:count] = True
    (found, *_), _ = fills(np.full((8, 8), 0.25), known.reshape(8, 8))
    assert torch.allclose(found, torch.full_like(found, 0.25), atol=1e-5)


def test_the_deeper_the_longer():
    parts = warm_start_duration(torch.tensor([[0, 1, 2, 4, 8, 17]]), 0.4)[0]
    assert parts.tolist() == pytest.approx([0.4, 0.4, 0.6, 0.8, 1.0, 1.0])
