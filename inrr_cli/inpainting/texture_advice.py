"""Tell whether texture would look more natural in a hole than the expected value, to advise who fills photographs.

The fill of a deep hole is smooth. That is right for a smooth surface, noisy or not. In blocks beside the hole a
quadratic surface takes away what is smooth. What is left is noise, which differs from one pixel to the next, and
texture, in which neighbours are alike: their covariance is that of the texture alone.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inrr_cli.imaging.value_range import Pixels
from inrr_cli.masking.samples import all_channels
from inrr_cli.masking.selection import Page

DEPTH_ADVISED = 16  # pixels; in holes that are no deeper the expected value still has some detail
STEP = 8  # pixels between those that are looked at to find a hole: two or more lie deep in one of 2 * DEPTH_ADVISED
CELL = 4  # pixels; depths are measured in squares of so many
BLOCK = 16  # pixels; what is smooth is nearly a quadratic surface over so many
RING = 2  # blocks around a hole that are looked at
MARGIN = 64  # pixels around the place of a hole that hold all of it and its ring
BLOCKS_MINIMUM, BLOCKS_MAXIMUM = 4, 256  # a median of fewer says little, of more nothing else
SAMPLES = 50_000  # pixels that tell the range of an image
QUANTILES = (0.02, 0.98)  # the range without outliers
# deviation of the texture over the range of the image, in the median block: 0.07 to 0.15 of scikit-image's grass,
# gravel, brick, coins and stained tissue; at most 0.03 of skies, photographs out of focus and smooth maps
TEXTURED = 0.05

Mask = NDArray[np.bool_]


def advise_texture(page: Page) -> str:
    """Return the advice to fill by texture if the deepest hole of a page lies in a textured place, else nothing."""
    grid = all_channels(page.missing[::STEP, ::STEP])
    place, depth = _deepest(grid)
    if depth < 2:  # most masks end here
        return ""
    rows, columns = (slice(max(0, STEP * part.start - MARGIN), STEP * part.stop + MARGIN) for part in place)
    part = replace(page, pixels=page.pixels[rows, columns], missing=page.missing[rows, columns])
    part = replace(part, ignored=page.ignored[rows, columns])
    cells = all_channels(_all_in_squares(part.missing, CELL))
    place, depth = _deepest(cells)
    if CELL * depth <= DEPTH_ADVISED:
        return ""
    hole = np.zeros_like(cells)
    hole[place] = cells[place]
    blocks = _known_around(hole, part.known)
    if len(blocks) < BLOCKS_MINIMUM or _texture(part.pixels, blocks) <= TEXTURED * _span(page):
        return ""
    return (
        f"a hole is {CELL * depth} pixels deep in a textured place; --fill texture would look more natural (made up of "
        "copies, not measured)"
    )


def _deepest(hole: Mask) -> tuple[tuple[slice, slice], int]:
    """Return the place of the deepest part of the holes in a mask (M, N), and its chessboard depth; 0 without a hole.

    One that has no border is as if there were none.
    """
    if not hole.any() or hole.all():
        return (slice(0), slice(0)), 0
    from scipy import ndimage

    depth = ndimage.distance_transform_cdt(hole, "chessboard")
    deepest = np.unravel_index(int(depth.argmax()), depth.shape)
    labels, _ = ndimage.label(hole)
    rows, columns = ndimage.find_objects(labels)[labels[deepest] - 1]
    return (rows, columns), int(depth[deepest])


def _span(page: Page) -> float:
    """Return the span of the values of a page without outliers; infinity if no whole pixel is known."""
    step = int(np.ceil((page.missing.shape[0] * page.missing.shape[1] / SAMPLES) ** 0.5))
    sampled = np.s_[::step, ::step]
    part = replace(page, missing=page.missing[sampled], ignored=page.ignored[sampled])
    values = _grey(page.pixels[sampled])[all_channels(part.known)]
    return float(np.subtract(*np.quantile(values, QUANTILES[::-1]))) if values.size else math.inf


def _texture(image: Pixels, blocks: NDArray[np.int64]) -> float:
    """Return the deviation of the texture in the median one of the ``blocks``, given as (K, 2) rows and columns."""
    chosen = blocks[:: -(-len(blocks) // BLOCKS_MAXIMUM)] * BLOCK
    values = np.stack([_grey(image[top : top + BLOCK, left : left + BLOCK]) for top, left in chosen])
    flat = (values - values[:, :1, :1]).reshape(len(values), -1)  # a constant becomes 0 without rounding
    y, x = np.indices((BLOCK, BLOCK)).reshape(2, -1) / BLOCK
    smooth, _ = np.linalg.qr(np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], 1))
    rest = (flat - flat @ smooth @ smooth.T).reshape(values.shape)
    vertical = (rest[:, 1:] * rest[:, :-1]).mean((1, 2))
    horizontal = (rest[:, :, 1:] * rest[:, :, :-1]).mean((1, 2))
    return float(np.median(np.sqrt(((vertical + horizontal) / 2).clip(0))))


def _known_around(hole: Mask, known: Mask) -> NDArray[np.int64]:
    """Return the rows and columns (K, 2) of known blocks around a hole, which is given in cells."""
    from scipy import ndimage

    near = ndimage.maximum_filter(~_all_in_squares(~hole, BLOCK // CELL), 2 * RING + 1, mode="constant")
    whole = all_channels(_all_in_squares(known, BLOCK))
    rows, columns = (size // BLOCK for size in known.shape[:2])  # without what is left at the border
    return np.argwhere((near & whole)[:rows, :columns])


def _all_in_squares(mask: Mask, side: int) -> Mask:
    """Return which squares of a mask (M, N[, C]) are marked throughout: (M / side, N / side[, C]), rounded up."""
    rows, columns = mask.shape[:2]
    bands = np.logical_and.reduceat(mask, range(0, rows, side), 0)
    return np.asarray(np.logical_and.reduceat(bands, range(0, columns, side), 1))


def _grey(pixels: Pixels) -> NDArray[np.float64]:
    """Return the mean (M, N) of the channels of an image."""
    return np.asarray(np.atleast_3d(pixels).mean(2, dtype=np.float64))
