"""The paper's pictures and masks, where they are at hand: INRR reaches what the README says."""

import numpy as np
import pytest
from PIL import Image

from inrr_cli import fit_inpainting, make_plan, psnr

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
    result = fit_inpainting(image, mask, make_plan())
    assert psnr(result.image / 255, image / 255, mask) >= missing
    assert psnr(result.image / 255, image / 255) >= full


def test_inrr_is_better_than_no_regulariser_on_text(shared):
    image = np.asarray(Image.open(shared / "baboon.png").convert("L"))
    mask = np.asarray(Image.open(shared / "masks" / "textural_256.png").convert("L")) > 0
    none, inrr = (fit_inpainting(image, mask, make_plan(reg=reg)) for reg in ("none", "inrr"))
    assert psnr(inrr.image / 255, image / 255, mask) > psnr(none.image / 255, image / 255, mask)
