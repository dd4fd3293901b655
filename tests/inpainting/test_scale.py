"""Scale is local and robust: no outlier, offset or factor decides how an image is filled."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.data import camera

from inrr_cli import make_settings, run_inpainting


def field(shape, smoothness, seed=0):
    values = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), smoothness, mode="wrap")
    return values / values.std()


def fill(image, gone, **options):
    return run_inpainting(np.where(gone, image.dtype.type(0), image), gone, make_settings(device="cpu", **options))


def rms(result, image, where):
    return np.sqrt(np.mean((result.image.astype(float) - image)[where] ** 2))


@pytest.fixture(scope="module")
def texture():
    return 0.5 + 0.2 * field((96, 96), 4) + 0.02 * field((96, 96), 1, seed=1)


@pytest.fixture(scope="module")
def holes():
    gone = np.zeros((96, 96), bool)
    for row, column in np.random.default_rng(2).integers(16, 88, (20, 2)):
        gone[row : row + 4, column : column + 4] = True
    return gone


@pytest.mark.parametrize("bright", [1e4, 1e5])
def test_one_bright_sample_changes_little_far_from_it(texture, holes, bright):
    spoilt = texture.copy()
    spoilt[5, 5] = bright
    alone, beside = fill(texture, holes), fill(spoilt, holes)
    assert rms(beside, texture, holes) < 1.1 * rms(alone, texture, holes)
    assert beside.sigma[holes].mean() < 1.2 * alone.sigma[holes].mean()


def test_few_samples_far_from_a_nearly_constant_image_are_no_outliers():
    image = np.full((8, 9, 5), -1.7e-110)
    image[2, 3, 0], image[2, 4, 1] = 0, 1
    gone = np.zeros(image.shape, bool)
    gone[5, 5] = True
    assert np.abs(fill(image, gone, similar=4).image[5, 5]).max() < 1e-3


def test_a_faint_half_is_filled_as_well_as_alone():
    bright, faint = 0.5 + 0.2 * field((96, 64), 0.8), 0.5 + 0.2 * field((96, 64), 0.8, seed=1)
    gone = np.random.default_rng(2).random((96, 64)) < 0.4
    alone = rms(fill(faint, gone), faint, gone)
    image = np.concatenate([bright, 1e-3 * faint], 1)
    result = fill(image, np.concatenate([gone, gone], 1))
    inner = np.pad(gone[:, 10:], ((0, 0), (74, 0)))
    assert rms(result, image, inner) < 1.06e-3 * alone
    assert 0.5 < (np.abs(result.image - image) <= result.sigma)[inner].mean() < 0.9
    left = np.pad(gone, ((0, 0), (0, 64)))
    assert rms(result, image, left) < 1.1 * rms(fill(bright, gone), bright, gone)


@pytest.mark.parametrize("tile", [None, pytest.param(64, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("offset", "factor"), [(2.0**20, 1), (1.7e6, 1), (0, 2.0**-57), (0, 1e-17), (0, 1e20)])
def test_offset_and_factor_do_not_matter_to_float64(texture, holes, offset, factor, tile):
    exact = np.round(texture * 2**12) / 2**12
    plain = fill(exact, holes, tile=tile).image
    restored = fill((exact + offset) * factor, holes, tile=tile).image / factor - offset
    assert np.abs(restored - plain).max() < 1e-5 * exact.std()


def test_large_integers_are_filled_as_small_ones(texture, holes):
    small = np.round(1000 * texture).astype(np.int64)
    for dtype, offset in ((np.uint32, 4_000_000_000), (np.int64, 2**40)):
        restored = fill((small + offset).astype(dtype), holes).image.astype(np.int64) - offset
        assert np.abs(restored - fill(small, holes).image).max() <= 1


@pytest.mark.parametrize("kind", ["sepia", "own masks", "with small detail"])
def test_error_bars_of_channels_of_unlike_scale_are_calibrated(kind):
    """What is left of a channel, or of a component, that tells hardly anything is no measure of the others."""
    grey = camera()[200:264, 200:264].astype(np.float32)
    detail = ndimage.gaussian_filter(np.random.default_rng(1).standard_normal((64, 64, 4)), (4, 4, 0))
    missing = np.random.default_rng(0).random((64, 64)) < 0.4
    image = {
        "sepia": np.round(np.stack([0.95 * grey + 10, 0.85 * grey + 5, 0.7 * grey], 2)).astype(np.uint8),
        "own masks": grey[..., None] * np.float32([1e4, 1, 1e-2]),
        "with small detail": grey[..., None] / 255 + 1e-3 * (detail / detail.std()).astype(np.float32),
    }[kind]
    if kind == "own masks":
        missing = np.random.default_rng(0).random(image.shape) < 0.4
    result = run_inpainting(image, missing, make_settings(device="cpu"))
    wrong = np.broadcast_to(missing if missing.ndim == 3 else missing[..., None], image.shape)
    within = np.abs(result.image.astype(float) - image) <= result.sigma
    for channel in range(image.shape[2]):
        assert 0.5 < within[..., channel][wrong[..., channel]].mean() < 0.85


def test_error_bars_are_wide_where_next_to_nothing_is_known():
    image = camera()[200:232, 200:232]
    missing = np.ones(image.shape, bool)
    missing[3, 4] = missing[20, 20] = False
    result = run_inpainting(image, missing, make_settings(device="cpu"))
    assert (np.abs(result.image.astype(float) - image) <= result.sigma)[missing].mean() > 0.5


def test_error_bars_are_wide_where_nothing_can_be_known():
    image = 0.5 + 0.15 * field((128, 128), 4)
    gone = np.random.default_rng(3).random(image.shape) >= 0.003
    result = fill(image, gone)
    assert 0.5 < (np.abs(result.image - image) <= result.sigma)[gone].mean() < 0.9
    assert result.sigma.max() <= 1.01 * image[~gone].std()
