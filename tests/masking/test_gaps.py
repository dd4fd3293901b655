import numpy as np
import pytest
from scipy.ndimage import binary_dilation, binary_fill_holes

from inrr_cli import InputError
from inrr_cli.masking.gaps import Gaps, choose_gaps, enclosed, narrow, parse_gaps
from inrr_cli.masking.selection import MaskOptions

NONE = np.zeros((40, 60), bool)


def blank(**parts):
    """Return NONE with parts marked, each a pair of slices."""
    mask = NONE.copy()
    for part in parts.values():
        mask[part] = True
    return mask


@pytest.mark.parametrize(
    ("text", "gaps"),
    [("all", Gaps()), ("inner", Gaps(inner=True)), ("narrow=1", Gaps(narrow=1)), ("narrow=40", Gaps(narrow=40))],
)
def test_gaps_are_named(text, gaps):
    assert parse_gaps(text) == gaps


@pytest.mark.parametrize(
    "text", ["", "outer", "narrow", "narrow=0", "narrow=-1", "narrow=2.5", "inner=3", "narrow=9999999"]
)
def test_other_names_of_gaps_are_refused(text):
    with pytest.raises(InputError, match="--gaps must be all, inner or narrow=N with N from 1, as in narrow=4; got"):
        MaskOptions(gaps=text)


def test_enclosed_holes_are_those_that_do_not_touch_the_border():
    hole, border = np.s_[10:14, 20:24], np.s_[0:30, 40:44]
    assert (enclosed(blank(hole=hole, border=border)) == blank(hole=hole)).all()
    assert (
        enclosed(blank(hole=hole, corner=np.s_[14:16, 24:])) == blank(hole=hole)
    ).all()  # they touch at a corner only
    assert not enclosed(~NONE).any()


def test_enclosed_holes_are_what_filling_holes_adds():
    known = np.random.default_rng(0).random((80, 90)) < 0.45
    assert (enclosed(~known) == (binary_fill_holes(known) & ~known)).all()


def test_a_hole_of_missing_and_ignored_samples_is_one_hole():
    missing, ignored = blank(a=np.s_[10:14, 20:24]), blank(b=np.s_[10:14, 24:])
    assert not choose_gaps(missing, ignored, Gaps(inner=True)).any()
    assert (choose_gaps(missing, NONE, Gaps(inner=True)) == missing).all()
    assert (choose_gaps(missing, ignored, Gaps()) == missing).all()


def test_narrow_gaps_are_filled_whole_and_wide_ones_stay_whole():
    mask = blank(two=np.s_[:, 5:7], wide=np.s_[:, 20:44])
    assert (narrow(mask, 4) == blank(two=np.s_[:, 5:7])).all()
    assert (narrow(mask, 23) == blank(two=np.s_[:, 5:7])).all()
    assert (narrow(mask, 24) == mask).all()
    tail = blank(blob=np.s_[5:25, 5:25], tail=np.s_[15:17, 25:50])
    assert not narrow(tail, 4).any()


def test_a_winding_scratch_is_narrow():
    scratch = NONE.copy()
    columns = np.arange(4, 56)
    scratch[np.round(20 + 5 * np.sin(columns / 6)).astype(int), columns] = True
    scratch = binary_dilation(scratch, np.ones((3, 1)))
    assert (narrow(scratch, 3) == scratch).all()
    assert not narrow(scratch, 1).any()


def test_a_gap_as_high_as_a_low_image_is_as_wide_as_it_is_long():
    strip = np.zeros((3, 50), bool)
    strip[:, 5:7] = strip[:, 20:40] = True
    assert np.flatnonzero(narrow(strip, 4).any(0)).tolist() == [5, 6]
