"""Overlapping tiles and the weights that blend them without a visible seam."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Span = tuple[int, int]
Window = tuple[Span, Span]


def ramp_weights(window: Window, region: Window, overlap: int) -> NDArray[np.float64]:
    """Return weights (h, w) in (0, 1] that rise linearly over 2 ``overlap`` pixels from the edges of a window.

    Weights are 1 at an edge of the region. The weights of two windows that overlap by 2 ``overlap`` pixels sum to 1.

    Parameters
    ----------
    window, region : ((int, int), (int, int))
        First row and last row + 1, first column and last column + 1; the window lies in the region.
    overlap : int
    """
    sides = []
    for (start, end), (first, last) in zip(window, region, strict=True):
        index = np.arange(start, end)
        before = np.full(end - start, np.inf) if start == first else index - start + 0.5
        after = np.full(end - start, np.inf) if end == last else end - index - 0.5
        sides.append(np.minimum(np.minimum(before, after) / (2 * overlap), 1.0))
    return np.asarray(sides[0][:, None] * sides[1])


def blended_tiles(region: Window, side: int, overlap: int) -> Iterator[tuple[Window, NDArray[np.float64]]]:
    """Yield windows of about ``side`` pixels that cover a region, and their weights (h, w), which sum to 1."""
    spans: list[list[Span]] = []
    for first, last in region:
        count = max(1, round((last - first) / max(side, 4 * overlap)))
        cuts = [first + (last - first) * number // count for number in range(count + 1)]
        spans.append(
            [(start - overlap * (start > first), end + overlap * (end < last)) for start, end in pairwise(cuts)]
        )
    for rows in spans[0]:
        for columns in spans[1]:
            yield (rows, columns), ramp_weights((rows, columns), region, overlap)
