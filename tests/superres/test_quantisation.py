import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from inrr_cli import superres
from inrr_cli.superres import engine
from inrr_cli.superres.quantisation import remove_quantisation_noise

STEP = 1 / 255
SIGMA = STEP / np.sqrt(12)


def smooth_image(shape, blur=4.0):
    field = gaussian_filter(np.random.default_rng(0).standard_normal(shape), blur)
    return (0.5 + 0.1 * field / field.std()).astype(np.float32)


@pytest.mark.parametrize("shape", [(96, 96), (70, 131)])
def test_a_smooth_image_comes_nearer_to_its_values_before_rounding(shape):
    truth = smooth_image(shape)
    rounded = (np.round(truth / STEP) * STEP).astype(np.float32)
    filtered = remove_quantisation_noise(torch.from_numpy(rounded), SIGMA).numpy()
    assert np.square(filtered - truth).mean() < 0.3 * np.square(rounded - truth).mean()
    assert filtered.mean() == pytest.approx(rounded.mean(), abs=1e-5)


def test_a_textured_image_stays():
    texture = torch.rand(64, 80, generator=torch.Generator().manual_seed(0))
    assert (remove_quantisation_noise(texture, SIGMA) - texture).abs().max() < STEP / 20


@pytest.mark.parametrize("value", [0.0, STEP, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (40, 40)])
def test_a_constant_stays(shape, value):
    plane = torch.full(shape, value)
    assert torch.allclose(remove_quantisation_noise(plane, SIGMA), plane, atol=1e-6)


def test_a_smooth_image_is_enlarged_better_than_without_the_filter(monkeypatch):
    truth = 255 * smooth_image((128, 128), 6.0)
    low = np.round(truth.reshape(64, 2, 64, 2).mean((1, 3))).astype(np.uint8)
    options = {"kernel": "area", "rounds": 0, "train_steps": 0, "device": "cpu"}
    filtered = superres(low, 2, **options).astype(np.float64)
    monkeypatch.setattr(engine, "remove_quantisation_noise", lambda plane, sigma: plane)
    unfiltered = superres(low, 2, **options)
    assert np.square(filtered - truth).mean() < 0.95 * np.square(unfiltered - truth).mean()
    assert np.abs(filtered.reshape(64, 2, 64, 2).mean((1, 3)) - low).max() <= 0.5
