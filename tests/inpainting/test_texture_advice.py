"""Advice to fill by texture: for deep holes in textured places, and never for smooth ones."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage import data

from inrr_cli.inpainting.texture_advice import advise_texture
from inrr_cli.masking.selection import Page

SHAPE = (160, 200)
Y, X = np.mgrid[: SHAPE[0], : SHAPE[1]]


def page(image, missing, ignored=None):
    ignored = np.zeros(missing.shape, bool) if ignored is None else ignored
    masks = (mask if image.ndim == 2 else np.repeat(mask[..., None], image.shape[2], 2) for mask in (missing, ignored))
    return Page(0, image, *masks)


def hole(rows, columns, top=50, left=60):
    mask = np.zeros(SHAPE, bool)
    mask[top : top + rows, left : left + columns] = True
    return mask


def noise(sigma):
    return np.random.default_rng(0).normal(0, sigma, SHAPE)


TEXTURES = {
    "grass": data.grass()[: SHAPE[0], : SHAPE[1]],
    "gravel": data.gravel()[: SHAPE[0], : SHAPE[1]],
    "brick": data.brick()[: SHAPE[0], : SHAPE[1]],
    "tissue": data.immunohistochemistry()[: SHAPE[0], : SHAPE[1]],
    "16 bits": data.gravel()[: SHAPE[0], : SHAPE[1]].astype(np.uint16) * 200,
    "far from zero": data.gravel()[: SHAPE[0], : SHAPE[1]] * 1e-4 + 20_000.0,
}
SMOOTH = {
    "constant": np.full(SHAPE, 7.7),
    "ramp": X * 0.1 + Y,
    "ramp of 8 bits": np.uint8(X // 4),
    "sky": np.round(120 + X / 20 + noise(1.5)).astype(np.uint8),
    "noise": noise(1),
    "noisy ramp": X / 5 + noise(5),
    "hills": gaussian_filter(noise(1), 20).astype(np.float32),
    "photograph out of focus": gaussian_filter(data.camera()[: SHAPE[0], : SHAPE[1]].astype(float), 4),
    "clouds": data.rocket()[: SHAPE[0], : SHAPE[1]],
}


@pytest.mark.parametrize("name", TEXTURES)
def test_a_deep_hole_in_a_texture_brings_the_advice(name):
    assert advise_texture(page(TEXTURES[name], hole(60, 72))).startswith(
        "a hole is 28 pixels deep in a textured place; --fill texture would look more natural"
    )


@pytest.mark.parametrize("name", SMOOTH)
def test_smooth_surfaces_and_noise_bring_none(name):
    assert advise_texture(page(SMOOTH[name], hole(60, 72))) == ""


@pytest.mark.parametrize(
    ("mask", "is_deep"),
    [
        (hole(60, 72), True),
        (hole(40, 40), True),
        (hole(24, 100), False),
        (np.random.default_rng(0).random(SHAPE) < 0.8, False),
        (hole(160, 8, 0) | hole(8, 200, 50, 0), False),
        (hole(160, 60, 0, 0), True),  # at the border
        (hole(160, 190, 0, 0), False),  # too little is left to see
        (hole(0, 0), False),
        (hole(160, 200, 0, 0), False),
    ],
)
def test_only_deep_holes_bring_it(mask, is_deep):
    for name in ("gravel", "tissue"):
        assert bool(advise_texture(page(TEXTURES[name], mask))) == is_deep


def test_the_surroundings_of_the_hole_decide():
    image = TEXTURES["gravel"].copy()
    image[:, :100] = 128
    assert advise_texture(page(image, hole(60, 60, 50, 20))) == ""
    assert advise_texture(page(image, hole(60, 60, 50, 130))) != ""
    ignored = np.zeros(SHAPE, bool)
    ignored[:, :100] = True  # tells nothing
    image = np.where(ignored, np.nan, image)
    assert advise_texture(page(image, hole(60, 60, 50, 120), ignored)) != ""
    assert advise_texture(page(image, hole(60, 60, 50, 20), ignored)) == ""
