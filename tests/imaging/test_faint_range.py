"""Whether an image has a faint part, and its range."""

import numpy as np
import pytest

from inrr_cli.imaging.faint_range import faint_range
from inrr_cli.imaging.value_range import robust_range


def faint_part(image):
    known = np.random.default_rng(1).random(image.shape) < 0.7
    return faint_range(image, known, robust_range(image, known))


def test_the_range_is_that_of_the_faint_half():
    image = np.random.default_rng(0).random((64, 96, 2))
    image[:, 48:] = 3 + 1e-3 * image[:, 48:]
    units = faint_part(image)
    assert 2.998 < units.low < 3 < 3.001 < units.high < 3.003


def rounded(image):
    return (np.pad(image, ((0, 0), (0, 64)), constant_values=0.1) + 1e-7 * np.indices((64, 128))[0]).astype(np.float32)


@pytest.mark.parametrize(
    "image",
    [
        np.random.default_rng(0).random((64, 64)),
        np.linspace(0, 1, 512 * 64).reshape(64, 512),
        np.pad(np.random.default_rng(0).random((64, 64)), ((0, 0), (0, 64))),
        rounded(np.random.default_rng(0).random((64, 64))),
        np.kron([[1.0, 0.02]], np.random.default_rng(0).random((64, 64))),
        np.full((64, 64), 3.0),
        np.random.default_rng(0).random((3, 3)),
        (np.random.default_rng(0).random((64, 64)) * 255).astype(np.uint8),
    ],
    ids=["texture", "ramp", "half constant", "half rounding", "shadow", "constant", "tiny", "8 bits"],
)
def test_images_without_a_faint_part(image):
    assert faint_part(image) is None
