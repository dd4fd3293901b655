import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from inrr_cli import superres
from inrr_cli.superres.rounding import remove_rounding

LEVEL = 1 / 255
DEVIATION = LEVEL / np.sqrt(12)


def smooth(shape, blur=4.0):
    field = gaussian_filter(np.random.default_rng(0).standard_normal(shape), blur)
    return (0.5 + 0.1 * field / field.std()).astype(np.float32)


def rounded(picture):
    return (np.round(picture / LEVEL) * LEVEL).astype(np.float32)


@pytest.mark.parametrize("shape", [(96, 96), (70, 131)])
def test_a_smooth_picture_comes_nearer_to_what_it_was_before_rounding(shape):
    truth = smooth(shape)
    given = rounded(truth)
    found = remove_rounding(torch.from_numpy(given), DEVIATION).numpy()
    assert np.square(found - truth).mean() < 0.3 * np.square(given - truth).mean()
    assert found.mean() == pytest.approx(given.mean(), abs=1e-5)


def test_a_textured_picture_stays():
    texture = torch.rand(64, 80, generator=torch.Generator().manual_seed(0))
    assert (remove_rounding(texture, DEVIATION) - texture).abs().max() < LEVEL / 20


@pytest.mark.parametrize("value", [0.0, LEVEL, 1.0])
def test_a_constant_stays_and_small_ones_are_taken(value):
    for shape in ((1, 1), (3, 5), (40, 40)):
        plane = torch.full(shape, value)
        assert torch.allclose(remove_rounding(plane, DEVIATION), plane, atol=1e-6)


def test_a_smooth_picture_is_enlarged_better_than_as_it_was_rounded(monkeypatch):
    truth = 255 * smooth((128, 128), 6.0)
    low = np.round(truth.reshape(64, 2, 64, 2).mean((1, 3))).astype(np.uint8)
    options = {"kernel": "area", "rounds": 0, "lessons": 0, "device": "cpu"}
    made = superres(low, 2, **options).astype(np.float64)
    monkeypatch.setattr("inrr_cli.superres.engine.remove_rounding", lambda plane, deviation: plane)
    plain = superres(low, 2, **options)
    assert np.square(made - truth).mean() < 0.95 * np.square(plain - truth).mean()
    assert np.abs(made.reshape(64, 2, 64, 2).mean((1, 3)) - low).max() <= 0.5
