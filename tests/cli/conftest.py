"""Pictures that people have."""

import numpy as np
import pytest
import tifffile
from checks import HOLE, SHAPE, TIFF
from PIL import Image
from skimage.data import gravel

from inrr_cli.inpainting import tiles
from inrr_cli.inpainting.windowed import tile
from inrr_cli.result import Result


@pytest.fixture
def heights(grey):
    """A map, (48, 64) float32, in units of its own, with a hole of NaN."""
    values = grey.astype(np.float32) * 0.37 - 20
    values[10:14, 20:30] = np.nan
    return values


@pytest.fixture
def stack(grey):
    """Four pages, (4, 48, 64) uint16."""
    return np.stack([np.roll(grey, 5 * page, 1).astype(np.uint16) * 200 + page for page in range(4)])


def fill_by_place(image, missing, settings, control, known):
    """Fill a window in no time, and so that each window fills otherwise: what is blended differs."""
    rows, columns = np.indices(image.shape[:2])
    slope = (np.hypot(rows, columns) / 7).reshape(image.shape[:2] + (1,) * (image.ndim - 2))
    filled = image.copy()
    filled[missing] = (float(image[known].mean()) + np.broadcast_to(slope, image.shape))[missing].astype(image.dtype)
    sigma = np.where(missing, np.sqrt(1 + slope), 0).astype(np.float32)
    noise = float(image[known].std())
    return Result(filled, None, None, None, sigma, noise, "cpu", None, 0.1, True, "by place")


@pytest.fixture
def by_place(request, monkeypatch):
    """Let `fill_by_place` stand for the engine, unless a test asks for the real one."""
    if request.node.get_closest_marker("slow") is None:
        for module in (tiles, tile):
            monkeypatch.setattr(module, "inpaint_whole", fill_by_place)


@pytest.fixture
def scene(tmp_path, monkeypatch, grey):
    """A tiled TIFF, (150, 200) uint8, and a mask of two scratches: image.tif and mask.tif in the current folder."""
    monkeypatch.chdir(tmp_path)
    image = np.tile(grey, (4, 4))[:150, :200]
    mask = np.zeros(image.shape, np.uint8)
    mask[20:140, 60:63] = mask[90:93, 30:190] = 255
    tifffile.imwrite("image.tif", image, **TIFF)
    tifffile.imwrite("mask.tif", mask, tile=(64, 64), compression="zlib")
    return image, mask


@pytest.fixture
def textured(run, copies):
    """In the current folder: a texture photo.png, a mask of a hole and a scratch, and right.png, its right half."""
    mask, right = (np.zeros(SHAPE, np.uint8) for _ in range(2))
    mask[HOLE] = mask[34:36, 4:40] = right[:, 24:] = 255
    image = gravel()[: SHAPE[0], : SHAPE[1]] // 2
    for name, pixels in {"photo": np.where(right, image + 120, image), "mask": mask, "right": right}.items():
        Image.fromarray(pixels.astype(np.uint8)).save(f"{name}.png")
