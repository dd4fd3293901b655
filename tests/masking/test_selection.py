import numpy as np
import pytest

from inrr_cli import InputError
from inrr_cli.imaging.metadata import Metadata
from inrr_cli.imaging.picture import Picture
from inrr_cli.masking.selection import MaskOptions, find_missing, keep_near, widen

HOLE = np.zeros((12, 14), bool)
HOLE[4:8, 5:10] = True


@pytest.fixture
def hole_file(tmp_path):
    np.save(tmp_path / "hole.npy", HOLE)
    return str(tmp_path / "hole.npy")


def field(*, nodata=None):
    """A page of floats with one NaN inside the hole and one outside."""
    values = np.arange(HOLE.size, dtype=np.float32).reshape(HOLE.shape)
    values[5, 6] = values[0, 0] = np.nan
    return Picture([values], [None], Metadata("TIFF", nodata=nodata))


def test_masks_are_joined(hole_file):
    found = find_missing([hole_file, "nan", "value=20"], field(), [0], MaskOptions())
    expected = HOLE.copy()
    expected[0, 0] = expected.flat[20] = True
    (page,) = found.pages
    assert (page.missing == expected).all()
    assert not page.ignored.any()
    assert (page.number, found.notes, found.warnings) == (0, [], [])


def test_black_is_missing_if_white_is_known(hole_file):
    (page,) = find_missing([hole_file], field(), [0], MaskOptions(white_is_missing=False)).pages
    assert (page.missing == ~HOLE).all()


def test_unusable_pixels_outside_the_mask_are_ignored_with_a_warning(hole_file):
    found = find_missing([hole_file], field(nodata=30), [0], MaskOptions())
    (page,) = found.pages
    assert (page.missing == HOLE).all()
    assert np.flatnonzero(page.ignored).tolist() == [0, 30]
    assert found.warnings == [
        "1 pixels outside the mask are not finite and stay so; --mask nan fills them",
        "1 pixels outside the mask hold the nodata value 30 and stay so; --mask nodata fills them",
    ]


def test_pixels_far_from_known_ones_are_ignored(hole_file):
    (page,) = find_missing([hole_file], field(), [0], MaskOptions(max_distance=1)).pages
    inside = np.zeros_like(HOLE)
    inside[5:7, 6:9] = True
    assert (page.missing == (HOLE & ~inside)).all()
    assert np.argwhere(page.ignored & ~inside).tolist() == [[0, 0]]
    assert page.ignored[inside].all()


def test_pages_without_missing_pixels_are_left_out(hole_file):
    values = field().pixels
    picture = Picture([values, np.nan_to_num(values), values], [None] * 3, Metadata("TIFF"))
    found = find_missing(["nan"], picture, [1, 2], MaskOptions(grow=1))
    (page,) = found.pages
    assert page.number == 2
    assert page.missing.sum() == 4 + 9
    assert page.pixels is values
    assert [page.number for page in find_missing([hole_file], picture, [0, 1, 2], MaskOptions()).pages] == [0, 1, 2]


def test_notes_name_the_page_where_something_was_found():
    slope = np.add.outer(np.arange(40.0), np.arange(40.0))
    spoiled = slope.copy()
    spoiled[7] += 50
    picture = Picture([slope, spoiled], [None] * 2, Metadata("TIFF"))
    assert find_missing(["lines"], picture, [0, 1], MaskOptions()).notes == ["page 2: lost rows 7"]
    assert find_missing(["lines"], picture, [0], MaskOptions()).notes == ["no lost rows or columns"]


def test_a_misspelt_source_is_refused():
    with pytest.raises(InputError, match="--mask nodat: no such file; did you mean 'nodata'"):
        find_missing(["nodat"], field(), [0], MaskOptions())


@pytest.mark.parametrize("distance", [0, -1, float("nan"), float("inf")])
def test_distances_that_are_not_positive_are_refused(distance):
    with pytest.raises(InputError, match="--max-distance must be above 0"):
        MaskOptions(max_distance=distance)


def test_widening_adds_the_eight_neighbours():
    dot = np.zeros((7, 9), bool)
    dot[3, 4] = True
    expected = np.zeros_like(dot)
    expected[1:6, 2:7] = True
    assert (widen(dot, 2) == expected).all()
    assert (widen(dot, 0) == dot).all()
    assert not widen(np.zeros_like(dot), 3).any()


def test_distances_to_known_pixels_are_euclidean():
    near = keep_near(np.ones((5, 5), bool), np.eye(5, k=-4, dtype=bool), 2)
    assert np.argwhere(near).tolist() == [[2, 0], [3, 0], [3, 1], [4, 0], [4, 1], [4, 2]]
    assert not keep_near(np.ones((5, 5), bool), np.zeros((5, 5), bool), 2).any()
