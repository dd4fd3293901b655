"""Which pixels are deep enough in a hole to be made up."""

import numpy as np

from inrr_cli.inpainting.textured import DEEP, SMALLEST, deep_pixels


def test_a_round_hole_is_made_up_as_a_whole():
    rows, columns = np.mgrid[:80, :80]
    for radius in (8, 13, 30):
        hole = np.hypot(rows - 40, columns - 40) < radius
        assert (deep_pixels(hole) == hole).all()


def test_what_is_deep():
    holes = np.zeros((40, 60), bool)
    holes[5 : 5 + SMALLEST, 5 : 5 + SMALLEST] = True
    square = holes.copy()
    square[5 + DEEP, 14 : 14 + DEEP] = True
    holes[5 + DEEP, 14:50] = True  # a scratch that runs out of it
    holes[30 : 30 + SMALLEST - 1, 5:50] = True  # a band that is too thin
    assert (deep_pixels(holes) == square).all()
    assert (deep_pixels(np.stack([holes, holes], 2)) == square).all()
    assert not deep_pixels(np.stack([holes, ~holes], 2)).any()
    border = np.zeros((40, 60), bool)
    border[:, -DEEP - 1 :] = True  # as deep as half a square: no more is known beyond the border
    assert (deep_pixels(border) == border).all()
    assert not deep_pixels(np.zeros((4, 4), bool)).any()
