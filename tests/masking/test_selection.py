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


def bands(*, nodata=None):
    """A page of three channels: a hole of NaN in the first, a NaN beside the hole in the second."""
    values = np.random.default_rng(0).random((*HOLE.shape, 3)).astype(np.float32)
    values[HOLE, 0] = values[5, 11, 1] = np.nan
    return Picture([values], [None], Metadata("TIFF", nodata=nodata))


def test_each_channel_has_its_own_mask(hole_file):
    picture = bands()
    (page,) = find_missing(["nan"], picture, [0], MaskOptions()).pages
    assert (page.missing == np.isnan(picture.pixels)).all()
    assert not page.ignored.any()
    assert (page.known == ~page.missing).all()
    (page,) = find_missing(["nan"], picture, [0], MaskOptions(grow=1)).pages
    assert page.missing.sum((0, 1)).tolist() == [6 * 7, 9, 0]
    (page,) = find_missing(["nan"], picture, [0], MaskOptions(max_distance=1)).pages
    assert page.missing.sum((0, 1)).tolist() == [HOLE.sum() - 2 * 3, 1, 0]
    assert page.ignored.sum() == 6
    found = find_missing([hole_file], picture, [0], MaskOptions())
    assert (found.pages[0].missing == HOLE[..., None]).all()
    assert np.argwhere(found.pages[0].ignored).tolist() == [[5, 11, 1]]
    assert found.warnings == ["1 samples outside the mask are not finite and stay so; --mask nan fills them"]


def test_gaps_are_chosen_in_each_channel_and_nothing_is_learned_from_the_others():
    picture = bands(nodata=7)
    picture.pixels[0:3, 0:2, 2] = 7
    holes, border = np.isnan(picture.pixels), picture.pixels == 7
    for gaps, filled in (("inner", holes), ("narrow=2", (holes | border) & (np.arange(3) > 0))):
        found = find_missing(["nan", "nodata"], picture, [0], MaskOptions(gaps=gaps))
        (page,) = found.pages
        assert (page.missing == filled).all()
        assert (page.ignored == ((holes | border) & ~filled)).all()
        assert found.marked
    found = find_missing(["nodata"], picture, [0], MaskOptions(gaps="inner"))
    assert found.pages == []
    assert found.marked
    assert not find_missing(["value=-1"], picture, [0], MaskOptions()).marked


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
