"""How far pixels stand out from both sides of a thin line, or from a ring around them: filters for scratches and dust.

A line's strength is the difference between its middle and the nearer of its two sides in value, averaged along the
line, in the best of many directions. So an edge, whose middle lies between its sides, has none.
"""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inrr_cli.masking import Mask

Floats = NDArray[np.float32]

DIRECTIONS = 16  # of lines; over ALONG pixels a line is at most half a pixel off the nearest of them
ANGLES = np.arange(DIRECTIONS) * np.pi / DIRECTIONS  # a line runs along (sin, cos), in rows and columns
ALONG = 9  # pixels averaged along a line; a hair of radius 10 bends by one pixel within them
SIDES = (3, 5, 7)  # pixels from the middle of a line to its sides: for lines 1 to about 8 pixels wide
RINGS = (3, 5, 8)  # radii of the rings around specks, whose own radius is up to about 6
REACH = 12  # pixels that a filter looks to each side, at most
POLARITIES = (1, -1)  # bright, dark


class Lines(NamedTuple):
    """The strength (M, N) of lines of one polarity, and the direction (an index) and side of the best line there."""

    strength: Floats
    direction: NDArray[np.int8]
    side: NDArray[np.int8]


def line_strength(image: Floats) -> tuple[Lines, Lines]:
    """Return how strong the bright and the dark lines of an image (M, N) are at each pixel, in the image's units."""
    from scipy.ndimage import gaussian_filter

    middle, padded = gaussian_filter(image, 0.8), pad(gaussian_filter(image, 1.0))
    best = tuple(_nothing(image.shape) for _ in POLARITIES)
    for index in range(DIRECTIONS):
        here = tuple(_nothing(image.shape) for _ in POLARITIES)
        for distance in SIDES:
            offset = np.rint(distance * across(index)).astype(int)
            left, right = shift(padded, offset), shift(padded, -offset)
            values = middle - np.maximum(left, right), np.minimum(left, right) - middle
            for lines, value in zip(here, values, strict=True):
                lines.side[value > lines.strength] = distance
                np.maximum(lines.strength, value, out=lines.strength)
        for lines, candidate in zip(best, here, strict=True):
            mean = _mean_along(candidate.strength, index)
            better = mean > lines.strength
            lines.direction[better] = index
            lines.side[better] = candidate.side[better]
            np.maximum(lines.strength, mean, out=lines.strength)
    return best[0], best[1]


def _nothing(shape: tuple[int, ...]) -> Lines:
    return Lines(np.full(shape, -np.inf, np.float32), np.zeros(shape, np.int8), np.zeros(shape, np.int8))


def _mean_along(values: Floats, direction: int) -> Floats:
    angle, steps = ANGLES[direction], np.arange(ALONG) - ALONG // 2
    offsets = np.rint(np.outer(steps, [np.sin(angle), np.cos(angle)])).astype(int)
    padded = pad(values)
    return reduce(np.add, (shift(padded, offset) for offset in offsets)) / np.float32(ALONG)


def speck_strength(image: Floats, polarity: int) -> tuple[Floats, NDArray[np.int8]]:
    """Return how far each pixel (M, N) is above all of a ring around it (below, for -1), and the radius of the ring."""
    from scipy.ndimage import gaussian_filter

    padded = pad(polarity * gaussian_filter(image, 1.0))
    strength, radius = np.full(image.shape, -np.inf, np.float32), np.zeros(image.shape, np.int8)
    turns = np.arange(16) * np.pi / 8
    for ring in RINGS:
        offsets = np.unique(np.rint(ring * np.stack([np.sin(turns), np.cos(turns)], 1)).astype(int), axis=0)
        highest = reduce(np.maximum, (shift(padded, offset) for offset in offsets))
        value = polarity * gaussian_filter(image, 0.3 * ring) - highest
        radius[value > strength] = ring
        np.maximum(strength, value, out=strength)
    return strength, radius


def highest_across(lines: Lines, floor: Floats) -> Mask:
    """Return the pixels (M, N) above the floor that are highest across their line: the middles of lines."""
    rows, columns = np.nonzero(lines.strength > floor)
    offset = np.rint(across(lines.direction[rows, columns])).astype(int)
    here, padded = lines.strength[rows, columns], pad(lines.strength)
    highest = np.ones(len(rows), bool)
    for side in (1, -1):
        highest &= here >= padded[rows + REACH + side * offset[:, 0], columns + REACH + side * offset[:, 1]]
    middles = np.zeros(lines.strength.shape, bool)
    middles[rows[highest], columns[highest]] = True
    return middles


def across(direction: int | NDArray[np.integer]) -> NDArray[np.float64]:
    """Return the unit vector(s) in rows and columns at right angles to a direction."""
    return np.asarray(np.stack([np.cos(ANGLES), -np.sin(ANGLES)], 1)[direction])


def pad(image: Floats) -> Floats:
    """Mirror an image (M, N) by REACH pixels at each border."""
    return np.pad(image, REACH, mode="symmetric")


def shift(padded: Floats, offset: NDArray[np.intp]) -> Floats:
    """Return the image that was padded, as seen from pixels moved by an offset in rows and columns."""
    rows, columns = padded.shape[0] - 2 * REACH, padded.shape[1] - 2 * REACH
    top, left = REACH + int(offset[0]), REACH + int(offset[1])
    return padded[top : top + rows, left : left + columns]
