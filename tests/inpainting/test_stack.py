import numpy as np
import pytest

from inrr_cli import InputError
from inrr_cli.imaging.metadata import Metadata
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.preview import MASK_COLOUR, overlay
from inrr_cli.imaging.value_range import ValueRange
from inrr_cli.inpainting.stack import Stack
from inrr_cli.masking.selection import Page
from inrr_cli.result import Result

SHAPE = (6, 8, 3)
PIXELS = np.random.default_rng(0).integers(0, 200, SHAPE).astype(np.uint8)
NONE = np.zeros(SHAPE, bool)


@pytest.fixture
def missing():
    """One whole pixel, and the blue sample of another."""
    mask = NONE.copy()
    mask[1, 2], mask[3, 4, 2] = True, True
    return mask


def stack(*masks, alpha=None):
    pages = [Page(number, PIXELS, mask, NONE) for number, mask in enumerate(masks)]
    picture = Picture([PIXELS] * len(masks), [alpha] * len(masks), Metadata("TIFF"))
    return Stack(picture, pages, list(range(len(masks))))


def test_pixels_and_samples_to_fill_are_counted(missing):
    assert (stack(missing, missing).missing_pixels, stack(missing, missing).missing_samples) == (4, 8)


def test_the_mask_has_channels_only_if_they_differ(missing):
    whole = missing.any(2, keepdims=True) & ~NONE
    (page,) = stack(whole).mask([0]).pages
    assert (page == np.where(whole[..., 0], 255, 0)).all()
    both = stack(whole, missing).mask([0, 1]).pages
    assert (both[0] == np.where(whole, 255, 0)).all()
    assert (both[1] == np.where(missing, 255, 0)).all()
    first, second = stack(whole, missing).mask([1]).pages
    assert not first.any()
    assert second.any()


def test_only_pixels_that_are_filled_whole_become_opaque(missing):
    alpha = np.full(SHAPE[:2], 90, np.uint8)
    (opaque,) = stack(missing, alpha=alpha).opaque().alpha
    assert np.argwhere(opaque != 90).tolist() == [[1, 2]]
    assert opaque[1, 2] == 255


def test_a_channel_without_a_known_sample_is_refused(missing):
    missing[..., 1] = True
    with pytest.raises(InputError, match=r"^the mask covers channel 2: no sample is known to fill it from"):
        stack(missing).value_range(None)
    with pytest.raises(InputError, match=r"^page 2: the mask covers everything"):
        stack(NONE, ~NONE).value_range(None)


def test_the_preview_marks_pixels_that_miss_a_sample(missing):
    picture, count = stack(missing).preview()
    assert count == 2
    assert (picture.pixels == overlay(PIXELS, missing.any(2))).all()
    assert (picture.pixels[0] == PIXELS[0]).all()
    assert np.abs(picture.pixels[3, 4] - MASK_COLOUR).max() < 0.35 * 256


def test_the_preview_of_bands_shows_the_first_stretched_by_its_known_samples(missing):
    bands = np.concatenate([PIXELS, PIXELS], 2).astype(np.float32)
    bands[0, 0, 0], bands[0, 0, 5] = 1e6, 1e9
    gone = np.zeros(bands.shape, bool)
    gone[0, 0, 0] = True
    page = Page(0, bands, gone, np.zeros_like(gone))
    picture, count = Stack(Picture.of(bands), [page], [0]).preview()
    assert count == 1
    assert np.ptp(picture.pixels[1:].astype(int)) > 240


@pytest.mark.parametrize("known_sigma", [0, 1])
@pytest.mark.parametrize("wanted", [False, True])
def test_sigma_of_filled_samples_is_enough_unless_known_ones_have_one(missing, known_sigma, wanted):
    sigma = np.where(missing, np.float32(5), np.float32(known_sigma))
    pair = stack(NONE, missing)
    result = Result(PIXELS, None, None, None, sigma, None, "cpu", None, 0.0, True, "")
    kept = pair.keep(pair.pages[1], result, sigma=wanted)
    assert (kept.sigma is None) == (not (wanted and known_sigma))
    first, second = pair.uncertainty({1: kept}, ValueRange(0, 255), as_levels=False).pages
    assert not first.any()
    assert (second == (sigma if wanted else np.where(missing, 5, 0))).all()
    assert second.dtype == np.float32
