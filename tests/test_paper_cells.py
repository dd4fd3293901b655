"""The engines on the paper's images and masks, where these are available: the results that the README states."""

import numpy as np
import pytest
from PIL import Image
from skimage.restoration import inpaint_biharmonic

from inrr_cli import inpaint, psnr

pytestmark = pytest.mark.slow


@pytest.fixture
def cell(shared):
    """A function from the name of an image and of a mask to both."""

    def read(image, mask):
        pixels = np.asarray(Image.open(shared / f"{image}.png").convert("L"))
        return pixels, np.asarray(Image.open(shared / "masks" / f"{mask}_256.png").convert("L")) > 0

    return read


@pytest.mark.parametrize(
    ("name", "kind", "full", "missing"),
    [
        ("baboon", "random", 24.7, 21.7),
        ("baboon", "textural", 28.4, 19.5),
        ("barbara", "random", 31.8, 28.8),
        ("barbara", "patch", 30.7, 15.8),
    ],
)
def test_inrr_is_as_good_as_in_the_paper(cell, name, kind, full, missing):
    """PSNR of the whole image is at least that of INRR in table 1; the paper does not tell that of missing pixels."""
    image, mask = cell(name, kind)
    restored = inpaint(image, mask, reg="inrr")
    assert psnr(restored / 255, image / 255, mask) >= missing
    assert psnr(restored / 255, image / 255) >= full


@pytest.mark.parametrize(
    ("name", "kind", "best"),
    [
        ("baboon", "random", 21.77),
        ("man", "textural", 18.51),
        ("barbara", "mixture", 23.28),
        ("boats", "patch", 21.83),
        ("cameraman", "random", 29.91),
    ],
)
def test_patches_are_better_than_every_classical_fill(cell, name, kind, best):
    """``best`` is the best of five in examples/results/compare-paper.md: OpenCV (baboon) or biharmonic."""
    image, mask = cell(name, kind)
    restored = inpaint(image, mask)
    assert (restored[~mask] == image[~mask]).all()
    biharmonic = psnr(inpaint_biharmonic(image / 255, mask), image / 255, mask)
    assert psnr(restored / 255, image / 255, mask) > max(best, biharmonic) + 0.4


def test_a_network_with_patches_is_better_than_with_inrr(cell):
    image, mask = cell("barbara", "textural")
    inrr, patch = (inpaint(image, mask, net="siren", reg=reg) for reg in ("inrr", "patch"))
    assert psnr(patch / 255, image / 255, mask) > psnr(inrr / 255, image / 255, mask) + 0.5


def test_inrr_is_better_than_no_regulariser_on_text(cell):
    image, mask = cell("baboon", "textural")
    none, inrr = (inpaint(image, mask, net="siren", reg=reg) for reg in ("none", "inrr"))
    assert psnr(inrr / 255, image / 255, mask) > psnr(none / 255, image / 255, mask)
