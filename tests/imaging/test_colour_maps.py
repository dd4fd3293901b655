"""Colour maps: even to the eye, and readable back."""

import numpy as np
import pytest
from skimage.color import rgb2lab

from inrr_cli.imaging import colour_maps

MAPS = (colour_maps.grey, colour_maps.sequential, colour_maps.diverging)


def lightness(table):
    return rgb2lab(table[None].astype(np.float64) / 255)[0, :, 0]


@pytest.mark.parametrize("make", [*MAPS, colour_maps.cyclic])
def test_a_map_has_256_colours(make):
    assert make().shape == (256, 3)
    assert make().dtype == np.uint8


@pytest.mark.parametrize("make", MAPS)
def test_no_two_values_have_the_same_colour(make):
    assert len(np.unique(make(), axis=0)) == 256


def test_the_lightness_of_the_sequential_map_only_rises():
    rising = lightness(colour_maps.sequential())
    assert (np.diff(rising) > -0.3).all()  # 8-bit rounding
    assert rising[0] < 20
    assert rising[-1] > 90


def test_the_diverging_map_is_lightest_in_its_middle_and_alike_on_both_sides():
    found = lightness(colour_maps.diverging())
    assert found[127:129].min() > 95
    assert (np.diff(found[:128]) > -0.3).all()
    assert (np.diff(found[128:]) < 0.3).all()
    assert np.abs(found - found[::-1]).max() < 6
    first, last = colour_maps.diverging()[[0, -1]].astype(int)
    assert first[2] > first[0] + 50  # blue
    assert last[0] > last[2] + 50  # orange: apart for the colour-blind too


def test_the_cyclic_map_ends_where_it_begins():
    table = colour_maps.cyclic().astype(int)
    assert np.abs(table[0] - table[-1]).max() <= 4
    assert np.abs(np.diff(table, axis=0)).max() < 12


@pytest.mark.parametrize("make", [colour_maps.sequential, colour_maps.diverging])
def test_neighbouring_colours_are_equally_far_apart(make):
    steps = np.linalg.norm(np.diff(rgb2lab(make()[None].astype(np.float64) / 255)[0], axis=0), axis=1)
    wide = np.convolve(steps, np.ones(16) / 16, "valid")  # beyond the rounding to 8 bits
    assert wide.max() < 3 * wide.min()


def test_labels_have_colours_of_their_own():
    colours = colour_maps.categories(np.arange(24))
    assert len(np.unique(colours, axis=0)) == 24
    assert (colour_maps.categories(np.array([[7]])) == colours[7]).all()
