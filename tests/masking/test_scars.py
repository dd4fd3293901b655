"""Scars are found along rows and columns, and none in noise, smooth fields and photographs."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage import data

from inrr_cli.masking.defects import MAX_BAND
from inrr_cli.masking.scars import BLOCK, MIN_LENGTH, describe_scars, find_scars


def surface(shape=(180, 200), seed=0):
    """Return hills with fine structure, (M, N)."""
    rng = np.random.default_rng(seed)
    hills, grain = (gaussian_filter(rng.normal(size=shape), scale) for scale in (12, 1.5))
    return 40 * hills / hills.std() + grain / grain.std()


def scar(values, jump, *places):
    """Return values (M, N) with parts of lines that jump, and where these are."""
    where = np.zeros(values.shape, bool)
    for place in places:
        where[place] = True
    return np.where(where, values + jump, values), where


def found_in(values, lost=None):
    return find_scars(values[..., None], np.zeros((*values.shape, 1), bool) if lost is None else lost[..., None])[
        ..., 0
    ]


PLACES = (np.s_[20, 5:45], np.s_[60, 100:125], np.s_[100, 150:200], np.s_[101, 20:60], np.s_[177, 0:30])


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("jump", [20, -20, 8])
def test_scars_of_one_line_are_found_and_nothing_else(jump, turned):
    values, where = scar(surface(), jump, *PLACES)
    found = found_in(values.T).T if turned else found_in(values)
    assert (found == where).all()


@pytest.mark.parametrize("height", range(1, MAX_BAND + 2))
def test_scars_are_at_most_a_band_high(height):
    values, where = scar(surface(), 30, np.s_[50 : 50 + height, 30:90])
    assert (found_in(values) == (where if height <= MAX_BAND else False)).all()


@pytest.mark.parametrize("length", [MIN_LENGTH - 1, MIN_LENGTH])
def test_scars_have_a_length(length):
    values, where = scar(surface(), 30, np.s_[50, 30 : 30 + length])
    assert (found_in(values) == (where if length == MIN_LENGTH else False)).all()


def test_a_scar_goes_on_over_two_sound_samples_and_not_over_what_is_not_usable():
    values, where = scar(surface(), 30, np.s_[50, 30:90])
    broken = values.copy()
    broken[50, 50:52] -= 30
    assert (found_in(broken) == where).all()
    broken[50, 70] = np.nan
    where[50, 70] = False
    assert (found_in(broken) == where).all()


def test_gaps_without_data_are_no_scars():
    values = surface()
    values[50, 30:90], values[80:82, 10:70], values[120:, 100:] = np.nan, np.inf, np.nan
    assert not found_in(values).any()


def test_scars_at_the_edges_of_blocks_are_found():
    rows = [BLOCK - 1, BLOCK + 4, BLOCK + 9, 2 * BLOCK - 1]
    values, where = scar(surface((2 * BLOCK + 40, 120)), 30, *(np.s_[row, 20:70] for row in rows))
    assert (found_in(values) == where).all()


def test_lost_lines_do_not_hide_a_scar():
    values, where = scar(surface(), 30, np.s_[50, 30:90])
    lost = np.zeros(values.shape, bool)
    lost[51] = lost[:, 60] = True
    values[lost] = 500
    assert (found_in(values, lost) == (where & ~lost)).all()


def test_each_channel_has_its_own_scars():
    first, where = scar(surface(), 30, np.s_[50, 30:90])
    second, other = scar(surface(seed=1), 30, np.s_[52, 30:90], np.s_[90, 3:60])
    bands, nothing = np.stack([first, second], 2), np.zeros((*first.shape, 2), bool)
    scars = find_scars(bands, nothing)
    assert (scars == np.stack([where, other], 2)).all()
    assert describe_scars(scars) == "3 scars"
    assert describe_scars(scars[..., :1]) == "1 scar"
    assert describe_scars(nothing) == ""


@pytest.mark.parametrize("size", [20, 64, 128, 256])
def test_noise_has_no_scars(size):
    for seed in range(5):
        assert not found_in(np.random.default_rng(seed).normal(size=(size, size))).any()


@pytest.mark.parametrize("scale", [0.5, 1, 3, 10])
def test_smooth_fields_have_no_scars(scale):
    for seed in range(5):
        assert not found_in(gaussian_filter(np.random.default_rng(seed).normal(size=(100, 130)), scale)).any()


@pytest.mark.parametrize("name", ["astronaut", "camera", "coins", "page", "text", "grass", "gravel", "moon", "brick"])
def test_photographs_have_no_scars(name):
    picture = np.atleast_3d(getattr(data, name)())
    assert not find_scars(picture, np.zeros(picture.shape, bool)).any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (7, 40), (40, 7), (8, 16)])
def test_small_and_flat_images_have_no_scars(shape):
    assert not found_in(np.zeros(shape)).any()
    assert not found_in(np.full(shape, np.nan)).any()
    assert not found_in(np.random.default_rng(0).normal(size=shape)).any()
