"""Tiles are the picture, reduced by the mean; a contrast changes what is seen and nothing else."""

import io

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut, camera
from skimage.measure import block_reduce

from inrr_cli.imaging.colour_maps import sequential
from inrr_cli.imaging.metadata import Metadata
from inrr_cli.imaging.picture import Picture
from inrr_cli.page.bits import Window
from inrr_cli.page.contrast import Contrast, measure_extent, to_colours
from inrr_cli.page.versions import GoneError, Version
from inrr_cli.page.views import TILE, Views
from inrr_cli.result import Result
from inrr_cli.settings import make_settings

FULL = Contrast(0, 255)


def views_of(pixels, alpha=None, **metadata):
    picture = Picture([pixels], [alpha], Metadata("TIFF", **metadata))
    return Views(picture, 0, measure_extent(picture, 0))


def decoded(tile):
    return np.asarray(Image.open(io.BytesIO(tile)))


def joined(views, level, shape, contrast=FULL, make=None):
    """Return all tiles of a level as one picture."""
    rows, columns = (-(-size // (TILE * 2**level)) for size in shape[:2])
    make = make or (lambda place: views.image_tile(place, contrast))
    parts = [[decoded(make((level, row, column))) for column in range(columns)] for row in range(rows)]
    return np.concatenate([np.concatenate(row, 1) for row in parts])


def version_of(mask, values, sigma=None, further=(), made=None):
    """Return a version that has ``values`` at the pixels of a mask."""
    image = np.zeros(mask.shape + values.shape[1:], values.dtype)
    image[mask] = values
    result = Result(
        image, None, None, None, None, None, "cpu", None, 0.0, True, "", sigma_filled=sigma, made=made, variants=further
    )
    return Version.of(1, mask, result, make_settings(), [])


@pytest.fixture(scope="module")
def large():
    """A photograph of several tiles, (701, 1102, 3) uint8, whose sides no power of two divides."""
    return np.tile(astronaut(), (2, 3, 1))[:701, :1102]


def test_the_last_level_is_one_tile():
    for side, levels in ((1, 1), (512, 1), (513, 2), (1024, 2), (1025, 3), (6000, 5)):
        assert views_of(np.zeros((3, side), np.uint8)).levels == levels


def test_full_size_is_the_picture(large):
    assert np.array_equal(joined(views_of(large), 0, large.shape), large)


@pytest.mark.parametrize("level", [1, 2])
def test_reduced_levels_are_means_of_squares(large, level):
    views, by = views_of(large), 2**level
    height, width = (size // by * by for size in large.shape[:2])
    means = block_reduce(large[:height, :width].astype(float), (by, by, 1), np.mean)
    reduced = joined(views, level, large.shape)
    assert reduced.shape == (-(-701 // by), -(-1102 // by), 3)
    assert np.abs(reduced[: height // by, : width // by] - means).max() <= 0.51
    corner = large[(reduced.shape[0] - 1) * by :, (reduced.shape[1] - 1) * by :].mean((0, 1))
    assert np.abs(reduced[-1, -1] - corner).max() <= 0.51


def test_there_are_no_tiles_beyond_the_picture(large):
    views = views_of(large)
    for place in ((0, 2, 0), (0, 0, 3), (9, 0, 0), (-1, 0, 0), (0, -1, 0)):
        with pytest.raises(GoneError, match="no tile"):
            views.image_tile(place, FULL)


@pytest.mark.parametrize("dtype", ["uint16", "int32", "float32", "float64"])
def test_a_contrast_maps_low_to_black_and_high_to_white(dtype):
    offset = 1e6 if dtype in ("int32", "float64") else 100
    pixels = (camera()[:64, :48].astype(np.float64) * 10 + offset).astype(dtype)
    shown = decoded(views_of(pixels).image_tile((0, 0, 0), Contrast(offset + 100, offset + 1100)))
    expected = np.round(((pixels.astype(np.float64) - offset - 100) / 1000).clip(0, 1) * 255)
    assert np.abs(shown - expected).max() <= 1
    assert (shown != expected).mean() < 0.01  # halves, in single precision


def test_a_contrast_of_no_width_is_a_step():
    pixels = np.arange(16, dtype=np.uint16).reshape(4, 4)
    shown = decoded(views_of(pixels).image_tile((0, 0, 0), Contrast(7, 7)))
    assert np.array_equal(shown == 255, pixels > 7)
    assert np.array_equal(shown == 0, pixels <= 7)


def test_the_proposed_contrast_leaves_out_a_few_extremes_and_no_data():
    rng = np.random.default_rng(0)
    pixels = rng.normal(50, 5, (200, 200)).astype(np.float32)
    pixels[0, 0], pixels[0, 1], pixels[0, 2], pixels[1] = 1e6, np.nan, np.inf, -9999
    extent = measure_extent(Picture([pixels], [None], Metadata("TIFF", nodata=-9999.0)), 0)
    assert 25 < extent.proposed.low < 45
    assert 55 < extent.proposed.high < 75
    assert (extent.least, extent.most) == (pixels[pixels > -9999].min(), 1e6)


@pytest.mark.parametrize("value", [np.nan, 5.0])
def test_a_constant_picture_and_one_without_data_have_a_contrast(value):
    pixels = np.full((8, 8), value, np.float32)
    views = views_of(pixels)
    low, high = measure_extent(Picture([pixels], [None], Metadata("TIFF")), 0).proposed
    assert low < high
    assert decoded(views.image_tile((0, 0, 0), Contrast(low, high))).shape[:2] == (8, 8)


def test_what_is_no_number_is_transparent_and_does_not_darken_its_neighbours():
    pixels = np.full((1030, 40), 100, np.float32)
    pixels[::2, ::2], pixels[:, -2:] = np.nan, np.inf
    views = views_of(pixels)
    full = decoded(views.image_tile((0, 0, 0), Contrast(0, 200)))
    assert np.array_equal(full[..., 1] == 0, ~np.isfinite(pixels[:512]))
    reduced = decoded(views.image_tile((1, 0, 0), Contrast(0, 200)))
    assert (reduced[:, :-1, 0] == 128).all()
    assert (reduced[:, :-1, 1] == 255).all()
    assert (reduced[:, -1, 1] == 0).all()


def test_values_beyond_single_precision_are_shown():
    pixels = np.array([[1e300, -1e300, 0, 1]])
    assert decoded(views_of(pixels).image_tile((0, 0, 0), Contrast(0, 1))).tolist() == [[255, 0, 0, 255]]


def test_alpha_and_min_is_white_are_shown(large):
    alpha = np.tile(np.arange(1102, dtype=np.uint16) * 59, (701, 1))
    shown = joined(views_of(large, alpha), 0, large.shape)
    assert np.array_equal(shown[..., 3], np.round(alpha / 257))
    assert joined(views_of(large, alpha), 1, large.shape).shape[2] == 4
    assert np.array_equal(joined(views_of(large[..., 0], white_is_zero=True), 0, large.shape), 255 - large[..., 0])


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_filled_tile_is_that_of_the_filled_picture(large, level):
    mask = np.zeros(large.shape[:2], bool)
    mask[501:530, 400:1099] = mask[33, 700:703] = True
    values = np.random.default_rng(1).integers(0, 256, (mask.sum(), 3), np.uint8)
    filled = large.copy()
    filled[mask] = values
    version = version_of(mask, values)
    make = lambda place: views_of(large).filled_tile(version, 0, place, FULL)  # noqa: E731
    shown = joined(None, level, large.shape, make=make)
    assert np.array_equal(shown, joined(views_of(filled), level, large.shape))


def test_each_variant_has_its_own_tiles(large):
    mask, made = np.zeros(large.shape[:2], bool), np.zeros(large.shape[:2], bool)
    mask[10:20, 10:20] = made[12:18, 12:18] = True
    further = (np.full((36, 3), 200, np.uint8),)
    version, views = version_of(mask, np.full((100, 3), 7, np.uint8), further=further, made=made), views_of(large)
    first, second, again = (decoded(views.filled_tile(version, n, (0, 0, 0), FULL)) for n in (0, 1, 0))
    assert (first[mask[:512, :512]] == 7).all()
    assert (second[made[:512, :512]] == 200).all()
    assert (second[(mask & ~made)[:512, :512]] == 7).all()
    assert np.array_equal(first, again)
    with pytest.raises(GoneError, match="no variant 2"):
        views.filled_tile(version, 2, (0, 1, 0), FULL)


def test_the_error_bar_is_transparent_where_nothing_was_filled(large):
    mask = np.zeros(large.shape[:2], bool)
    mask[100:110, 200:240] = True
    sigma = np.linspace(0, 8, mask.sum() * 3, dtype=np.float32)
    version, views = version_of(mask, np.zeros((mask.sum(), 3), np.uint8), sigma), views_of(large)
    shown = decoded(views.sigma_tile(version, (0, 0, 0)))
    assert np.array_equal(shown[..., 3] == 255, mask[:512, :512])
    np.testing.assert_array_equal(shown[109, 239, :3], sequential()[-1])
    assert np.array_equal(
        decoded(views.sigma_tile(version, (1, 0, 0)))[..., 3] == 255, mask[: 512 * 2 : 2, : 512 * 2 : 2]
    )
    assert version.sigma_high == pytest.approx(8, rel=0.01)
    with pytest.raises(GoneError, match="no error bar"):
        views.sigma_tile(version_of(mask, np.zeros((mask.sum(), 3), np.uint8)), (0, 0, 0))


def test_colours_get_lighter_and_end_at_the_anchors():
    colours = to_colours(np.linspace(0, 1, 50, dtype=np.float32)[None])[0]
    np.testing.assert_array_equal(colours[[0, -1], :3], sequential()[[0, -1]])
    assert (np.diff(colours[:, :3] @ [0.299, 0.587, 0.114]) > 0).all()


@pytest.mark.parametrize("shape", [(30, 40), (30, 40, 3), (30, 40, 7)])
def test_any_part_of_a_version_is_that_of_the_filled_page(shape):
    rng = np.random.default_rng(2)
    page, mask = rng.random(shape), rng.random(shape[:2]) < 0.2
    mask[:4] = mask[:, :9] = False
    values = rng.random((mask.sum(), *shape[2:]))
    version, filled = version_of(mask, values), page.copy()
    filled[mask] = values
    assert version.window == Window.of(mask)
    for _ in range(50):
        top, left = rng.integers(0, 30), rng.integers(0, 40)
        part = slice(top, rng.integers(top + 1, 31)), slice(left, rng.integers(left + 1, 41))
        assert np.array_equal(version.part_of(page, *part, 0), filled[part])
    assert np.array_equal(version.restore(page, 0).image, filled)
    assert np.array_equal(version.mask(shape), mask)
