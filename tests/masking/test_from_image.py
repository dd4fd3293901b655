import numpy as np
import pytest

from inrr_cli import InputError
from inrr_cli.imaging.metadata import Metadata
from inrr_cli.imaging.picture import Picture
from inrr_cli.masking.from_image import SOURCES, is_from_image, mask_from_image, unusable_samples

FIELD = np.array([[1.0, np.nan, -9999.0], [np.inf, 2.0, 3.0]], np.float32)
ALPHA = np.array([[1.0, 1.0, 1.0], [1.0, np.nan, 0.0]], np.float32)


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("nan", [[0, 1, 0], [1, 0, 0]]),
        ("alpha", [[0, 0, 0], [0, 1, 1]]),
        ("nodata", [[0, 0, 1], [0, 0, 0]]),
        ("value=2", [[0, 0, 0], [0, 1, 0]]),
        ("value=nan", [[0, 1, 0], [0, 0, 0]]),
    ],
)
def test_each_source_finds_its_pixels(source, missing):
    picture = Picture([FIELD], [ALPHA], Metadata("TIFF", nodata=-9999))
    mask, note = mask_from_image(source, picture, 0)
    assert mask.tolist() == np.array(missing, bool).tolist()
    assert note == ""


@pytest.mark.parametrize("dtype", [np.int64, np.uint64, np.int8])
@pytest.mark.parametrize("value", [2**53 + 1, 2**63 - 1, 2**64 - 1, -1, 100.5, np.inf])
def test_integers_are_compared_exactly(dtype, value):
    """A float has no 2^53 + 1, and 2^64 - 1 is no int64."""
    limits = np.iinfo(dtype)
    numbers = [n for n in (2**53, 2**53 + 1, 2**53 + 2, 2**63 - 1, 2**64 - 1, -1, 100) if limits.min <= n <= limits.max]
    picture = Picture([np.array([numbers], dtype)], [None], Metadata("NPY"))
    mask, _ = mask_from_image(f"value={value}", picture, 0)
    assert mask.tolist() == [[n == value for n in numbers]]


def test_each_sample_is_missing_by_itself():
    colours = np.zeros((2, 3, 3), np.float32)
    colours[0, 0], colours[1, 1, 0] = 7, 7
    picture = Picture([colours], [ALPHA], Metadata("TIFF", nodata=7))
    for source in ("value=7", "nodata"):
        assert (mask_from_image(source, picture, 0)[0] == (colours == 7)).all()
    kinds = {source: int(mask.sum()) for mask, _, source in unusable_samples(picture, 0)}
    assert kinds == {"nan": 0, "nodata": 4, "alpha": 6}
    colours[1, 2, 1] = np.nan
    assert np.argwhere(mask_from_image("nan", picture, 0)[0]).tolist() == [[1, 2, 1]]
    assert np.argwhere(mask_from_image("alpha", picture, 0)[0].all(2)).tolist() == [[1, 1], [1, 2]]


def test_defects_of_one_channel_are_missing_in_this_channel():
    bands = np.random.default_rng(0).normal(500, 1, (40, 50, 3)).astype(np.float32)
    bands[20, 30, 1], bands[9, :, 2] = 900, 600
    bands[5, 5, 0] = np.nan
    dead, note = mask_from_image("dead", Picture.of(bands), 0)
    assert np.argwhere(dead).tolist() == [[20, 30, 1]]
    assert note == "1 dead or hot samples"
    lines, note = mask_from_image("lines", Picture.of(bands), 0)
    assert np.argwhere(lines.all(1)).tolist() == [[9, 2]]
    assert lines.sum() == 50
    assert note == "lost rows 9"


def test_the_nodata_value_is_rounded_to_the_type_of_the_image():
    lowest = np.finfo(np.float32).min
    picture = Picture([np.array([[lowest, 0]], np.float32)], [None], Metadata("TIFF", nodata=-3.4028235e38))
    assert mask_from_image("nodata", picture, 0)[0].tolist() == [[True, False]]


def test_pixels_without_data_are_not_called_dead():
    field = np.random.default_rng(0).normal(500, 1, (40, 40)).astype(np.float32)
    field[5:8, 5:8], field[20, 20] = -9999, 900
    mask, note = mask_from_image("dead", Picture([field], [None], Metadata("TIFF", nodata=-9999)), 0)
    assert np.argwhere(mask).tolist() == [[20, 20]]
    assert note == "1 dead or hot pixels"
    lines, note = mask_from_image("lines", Picture([field], [None], Metadata("TIFF", nodata=-9999)), 0)
    assert not lines.any()
    assert note == "no lost rows or columns"


@pytest.mark.parametrize("is_lost", [False, True])
def test_scars_are_lines_too(is_lost):
    field = np.random.default_rng(0).normal(500, 1, (60, 70)).astype(np.float32)
    field[20, 10:40] += 50
    field[40, 5:30] -= 50
    field[44:46, 30:60] = -9999
    expected = np.abs(field - 500) > 20
    expected[44:46, 30:60] = False
    if is_lost:
        field[21] = 900
        expected[21] = True
    mask, note = mask_from_image("lines", Picture([field], [None], Metadata("TIFF", nodata=-9999)), 0)
    assert (mask == expected).all()
    assert note == ("lost rows 21; 2 scars" if is_lost else "2 scars")


def test_unusable_samples_are_found_by_kind():
    picture = Picture([FIELD], [ALPHA], Metadata("TIFF", nodata=-9999))
    kinds = {source: int(mask.sum()) for mask, _, source in unusable_samples(picture, 0)}
    assert kinds == {"nan": 2, "nodata": 1, "alpha": 2}
    assert unusable_samples(Picture.of(np.zeros((2, 2), np.uint8)), 0) == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nan", "is for floats; the image holds uint8"),
        ("alpha", "needs an image with an alpha channel"),
        ("nodata", "needs a TIFF with GDAL's nodata tag"),
        ("value=x", "needs a number, as in value=0; got 'x'"),
    ],
)
def test_sources_that_the_image_does_not_have_are_refused(source, message):
    with pytest.raises(InputError, match=message):
        mask_from_image(source, Picture.of(np.zeros((4, 5), np.uint8)), 0)


def test_names_of_sources_are_told_from_names_of_files():
    assert all(is_from_image(source) for source in (*SOURCES, "value=3.5"))
    assert not any(is_from_image(name) for name in ("mask.png", "nan.png", "Value=3"))
