"""Windows around damage: they hold it with a margin, and each is filled as an image of its own."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.data import astronaut, camera

from inrr_cli import inpaint
from inrr_cli.engine import Control
from inrr_cli.inpainting.image import run_inpainting
from inrr_cli.inpainting.windows import BLOCK, MARGIN, MOST, find_windows
from inrr_cli.settings import make_settings

SHAPE = 700, 900
scratch = np.s_[100:106, 150:190]
speck = np.s_[620:624, 820:824]


def mask_of(*places, shape=SHAPE):
    mask = np.zeros(shape, bool)
    for place in places:
        mask[place] = True
    return mask


def photograph(shape=SHAPE):
    picture = camera()
    return np.tile(picture, (2, 2))[: shape[0], : shape[1]].copy()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1399), st.integers(0, 1799)), min_size=1, max_size=6))
def test_windows_hold_the_damage_with_a_margin_and_are_disjoint(places):
    missing = mask_of(*(np.s_[row : row + 5, column : column + 5] for row, column in places), shape=(1400, 1800))
    windows = find_windows(missing, ~missing)
    if not windows:
        return
    covered = np.zeros(missing.shape, int)
    for window in windows:
        covered[window] += 1
    assert covered.max() == 1
    assert covered.mean() <= MOST
    for row, column in np.argwhere(missing):
        rows = slice(max(0, row - MARGIN), row + MARGIN + 1)
        columns = slice(max(0, column - MARGIN), column + MARGIN + 1)
        assert covered[rows, columns].all()


def test_damage_far_apart_has_windows_of_its_own_and_near_damage_one():
    missing = mask_of(scratch, speck)
    assert len(find_windows(missing, ~missing)) == 2
    near = mask_of(scratch, np.s_[300:304, 200:204])
    assert len(find_windows(near, ~near)) == 1


@pytest.mark.parametrize(
    "missing",
    [mask_of(scratch, shape=(256, 256)), mask_of(np.s_[::200, ::200]), mask_of(np.s_[10:690, 10:890])],
    ids=["a small image", "damage everywhere", "a large hole"],
)
def test_the_image_is_one_piece_where_little_would_be_saved(missing):
    assert find_windows(missing, ~missing) == []


def test_a_window_that_knows_too_little_is_not_made():
    missing = mask_of(scratch)
    known = ~missing
    known[:400, :500] = False
    known[100:110, :500] = True
    assert find_windows(missing, known) == []


def test_a_channel_of_which_nothing_is_known_does_not_count():
    missing = mask_of(scratch)
    known = np.stack([~missing, np.zeros(SHAPE, bool)], 2)
    assert find_windows(np.stack([missing, np.zeros(SHAPE, bool)], 2), known)


@pytest.mark.parametrize(
    "dtype", [np.uint16, *(pytest.param(kind, marks=pytest.mark.slow) for kind in (np.uint8, np.float32))]
)
def test_each_window_is_filled_as_an_image_of_its_own(dtype):
    image, missing = photograph().astype(dtype), mask_of(scratch, speck)
    filled = inpaint(image, missing)
    assert filled.dtype == dtype
    np.testing.assert_array_equal(filled[~missing], image[~missing])
    for window in find_windows(missing, ~missing):
        np.testing.assert_array_equal(filled[window], inpaint(image[window], missing[window]))


def test_sigma_is_that_of_the_windows_and_0_elsewhere():
    image, missing = photograph(), mask_of(scratch, speck)
    result = run_inpainting(image, missing, make_settings(), Control())
    assert (result.sigma[missing] > 0).all()
    assert not result.sigma[~missing].any()
    assert "2 windows" in result.summary


def test_colours_with_masks_of_their_own():
    image = np.tile(astronaut(), (2, 2, 1))[: SHAPE[0], : SHAPE[1]].copy()
    missing = np.stack([mask_of(scratch), mask_of(speck), mask_of(scratch, speck)], 2)
    filled = inpaint(image, missing)
    np.testing.assert_array_equal(filled[~missing], image[~missing])
    assert np.abs(filled.astype(float) - image)[missing].mean() < 20


def test_windows_that_were_filled_before_are_not_filled_again(monkeypatch):
    from inrr_cli.inpainting import windows

    image, cache, filled = photograph(), {}, []
    fill = windows.inpaint_whole

    def count(pixels, *rest):
        filled.append(pixels.shape)
        return fill(pixels, *rest)

    monkeypatch.setattr(windows, "inpaint_whole", count)
    run = partial(run_inpainting, image, settings=make_settings())
    first = run(mask_of(scratch), control=Control(cache=cache))
    both = run(mask_of(scratch, speck), control=Control(cache=cache))
    assert len(filled) == 2
    assert len(cache) == 2
    alone = run(mask_of(scratch, speck), control=Control())
    np.testing.assert_array_equal(both.image, alone.image)
    np.testing.assert_array_equal(both.sigma, alone.sigma)
    again = run(mask_of(scratch), control=Control(cache=cache))
    np.testing.assert_array_equal(again.image, first.image)
    assert len(cache) == 1  # what is not needed any more is given back


def test_an_interrupted_fill_keeps_the_windows_that_are_done(monkeypatch):
    from inrr_cli.inpainting import windows

    image, missing, fill, calls = photograph(), mask_of(scratch, speck), windows.inpaint_whole, []

    def interrupted(pixels, holes, settings, control, known):
        calls.append(1)
        if len(calls) == 1:
            return fill(pixels, holes, settings, control, known)

        def progress(*_):
            raise KeyboardInterrupt

        return fill(pixels, holes, settings, Control(progress, keep_partial=True), known)

    monkeypatch.setattr(windows, "inpaint_whole", interrupted)
    image[missing] = 0
    result = run_inpainting(image, missing, make_settings(), Control(keep_partial=True))
    assert not result.completed
    assert result.image[scratch].min() > 0
    np.testing.assert_array_equal(result.image[~missing], image[~missing])


def test_blocks_divide_the_margin():
    assert MARGIN % BLOCK == 0
