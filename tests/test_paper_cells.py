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
    ("name", "kind", "paper"),
    [("baboon", "random", 24.7), ("baboon", "textural", 28.3), ("barbara", "random", 30.7), ("barbara", "patch", 29.5)],
)
def test_inrr_is_as_good_as_in_the_paper(cell, name, kind, paper):
    """PSNR of the whole image, against INRR in table 1."""
    image, mask = cell(name, kind)
    assert psnr(inpaint(image, mask, reg="inrr") / 255, image / 255) >= paper


@pytest.mark.parametrize(
    ("name", "kind"),
    [("baboon", "random"), ("man", "textural"), ("barbara", "mixture"), ("boats", "patch"), ("cameraman", "random")],
)
def test_patches_are_better_than_a_biharmonic_fill(cell, name, kind):
    image, mask = cell(name, kind)
    restored = inpaint(image, mask)
    assert (restored[~mask] == image[~mask]).all()
    classical = inpaint_biharmonic(image / 255, mask)
    assert psnr(restored / 255, image / 255, mask) > psnr(classical, image / 255, mask) + 0.4


def test_a_network_with_patches_is_better_than_with_inrr(cell):
    image, mask = cell("barbara", "textural")
    inrr, patch = (inpaint(image, mask, net="siren", reg=reg) for reg in ("inrr", "patch"))
    assert psnr(patch / 255, image / 255, mask) > psnr(inrr / 255, image / 255, mask) + 0.5


def test_inrr_is_better_than_no_regulariser_on_text(cell):
    image, mask = cell("baboon", "textural")
    none, inrr = (inpaint(image, mask, net="siren", reg=reg) for reg in ("none", "inrr"))
    assert psnr(inrr / 255, image / 255, mask) > psnr(none / 255, image / 255, mask)
