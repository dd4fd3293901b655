"""The paper's pictures and masks, where they are at hand: the engines reach what the README says."""

import numpy as np
import pytest
from PIL import Image

from inrr_cli import make_settings, psnr, run_inpainting

CELLS = [
    ("baboon", "random", 24.7, 21.7),
    ("baboon", "textural", 28.4, 19.5),
    ("barbara", "random", 31.8, 28.8),
    ("barbara", "patch", 30.7, 15.8),
]


@pytest.mark.parametrize(("name", "kind", "full", "missing"), CELLS)
def test_cell(shared, name, kind, full, missing):
    image = np.asarray(Image.open(shared / f"{name}.png").convert("L"))
    mask = np.asarray(Image.open(shared / "masks" / f"{kind}_256.png").convert("L")) > 0
    result = run_inpainting(image, mask, make_settings(reg="inrr"))
    assert psnr(result.image / 255, image / 255, mask) >= missing
    assert psnr(result.image / 255, image / 255) >= full


# five classical fills at their best, in dB: OpenCV (baboon), scikit-image's biharmonic (the others)
CLASSICAL = [("baboon", "random", 21.77), ("man", "textural", 18.51), ("barbara", "mixture", 23.28),
             ("boats", "patch", 21.83), ("cameraman", "random", 29.91)]  # fmt: skip


@pytest.mark.parametrize(("name", "kind", "best"), CLASSICAL)
def test_patches_are_better_than_every_classical_fill(shared, name, kind, best):
    image = np.asarray(Image.open(shared / f"{name}.png").convert("L"))
    mask = np.asarray(Image.open(shared / "masks" / f"{kind}_256.png").convert("L")) > 0
    result = run_inpainting(image, mask, make_settings())
    assert (result.image[~mask] == image[~mask]).all()
    assert psnr(result.image / 255, image / 255, mask) > best + 0.4


def test_a_network_with_patches_is_better_than_with_inrr(shared):
    image = np.asarray(Image.open(shared / "barbara.png").convert("L"))
    mask = np.asarray(Image.open(shared / "masks" / "textural_256.png").convert("L")) > 0
    plans = (make_settings(net="siren", reg=reg) for reg in ("inrr", "patch"))
    inrr, patch = (run_inpainting(image, mask, settings).image / 255 for settings in plans)
    assert psnr(patch, image / 255, mask) > psnr(inrr, image / 255, mask) + 0.5


def test_inrr_is_better_than_no_regulariser_on_text(shared):
    image = np.asarray(Image.open(shared / "baboon.png").convert("L"))
    mask = np.asarray(Image.open(shared / "masks" / "textural_256.png").convert("L")) > 0
    none, inrr = (run_inpainting(image, mask, make_settings(reg=reg)) for reg in ("none", "inrr"))
    assert psnr(inrr.image / 255, image / 255, mask) > psnr(none.image / 255, image / 255, mask)
