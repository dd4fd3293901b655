"""Large images in fewer pixels, and the places that are worth a look at full size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.masking.samples import any_channel
from inrr_cli.report.model import ReportPage

LARGEST = 4_000_000  # pixels of an image that is shown at full size
LARGEST_TOGETHER = 6_000_000  # pixels of all pages of a stack: a file of some 15 MB, which mail takes
CROP = 320  # pixels; a side of what is shown at full size of a larger image
CROPS = 3


@dataclass(frozen=True)
class Crop:
    """A part of a page: its first row and column, and the page itself in so many pixels."""

    top: int
    left: int
    page: ReportPage


def choose_step(shape: tuple[int, ...], pages: int) -> int:
    """Return how many pixels of an image (M, N[, C]) become one on each axis: a report of so many pages stays small."""
    rows, columns = shape[:2]
    budget = min(LARGEST, LARGEST_TOGETHER / pages)
    return max(1, math.ceil(math.sqrt(rows * columns / budget))) if rows * columns > budget else 1


def mean_blocks(view: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """Return the mean colours (P, Q, 3) of blocks of a view (M, N, 3)."""
    if step == 1:
        return view
    blocks = _blocks(view, step)
    return np.asarray(np.round(blocks.mean((1, 3), dtype=np.float32)), np.uint8)


def first_of_blocks(view: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """Return a colour of each block: of labels there is no mean."""
    return np.ascontiguousarray(view[::step, ::step])


def any_in_blocks(mask: NDArray[np.bool_], step: int) -> NDArray[np.bool_]:
    """Return the blocks of a mask (M, N) with a marked pixel."""
    return mask if step == 1 else np.asarray(_blocks(mask, step).any((1, 3)))


def largest_in_blocks(values: NDArray[np.floating], step: int) -> NDArray[np.floating]:
    """Return the value of each block of (M, N) that is farthest from 0; NaN where all are."""
    if step == 1:
        return values
    blocks = _blocks(values, step).swapaxes(1, 2)
    flat = blocks.reshape(*blocks.shape[:2], -1)
    places = np.nan_to_num(np.abs(flat), nan=-1.0).argmax(2)
    return np.take_along_axis(flat, places[..., None], 2)[..., 0]


def doubtful_crops(page: ReportPage) -> list[Crop]:
    """Return the parts of a page at full size where most is doubtful: by the error bar, or by what is missing."""
    bars = [one.values for one in page.maps if one.kind == "error bar"]
    if not bars and page.missing is None:
        return []
    score = np.nan_to_num(bars[0]) if bars else any_channel(page.missing).astype(np.float32)  # type: ignore[arg-type]
    rows, columns = score.shape
    sums = _blocks(score, CROP).sum((1, 3))
    crops = []
    for place in np.argsort(sums, axis=None)[::-1][:CROPS].tolist():
        row, column = divmod(place, sums.shape[1])
        if sums[row, column] > 0:
            top, left = max(0, min(row * CROP, rows - CROP)), max(0, min(column * CROP, columns - CROP))
            crops.append(Crop(top, left, _cut(page, top, left)))
    return crops


def _cut(page: ReportPage, top: int, left: int) -> ReportPage:
    """Return a part of a page."""
    part = np.s_[top : top + CROP, left : left + CROP]

    def cut(array: Any) -> Any:
        return None if array is None else array[part]

    panes = [replace(pane, pixels=cut(pane.pixels), opacity=cut(pane.opacity)) for pane in page.panes]
    maps = [replace(one, values=cut(one.values)) for one in page.maps]
    missing, known, made, truth = map(cut, (page.missing, page.known, page.made, page.truth))
    return replace(page, panes=panes, maps=maps, missing=missing, known=known, made=made, truth=truth)


def most_doubtful_pixel(page: ReportPage) -> tuple[int, int]:
    """Return the row and column of the largest error bar, or amidst what was filled, or of the centre."""
    bars: Sequence[NDArray[np.floating]] = [one.values for one in page.maps if one.kind == "error bar"]
    if bars and np.isfinite(bars[0]).any():
        place = int(np.nan_to_num(bars[0], nan=-1.0, posinf=-1.0).argmax())
    elif page.missing is not None and page.missing.any():
        marked = np.flatnonzero(any_channel(page.missing))
        place = int(marked[len(marked) // 2])
    else:
        return page.restored.pixels.shape[0] // 2, page.restored.pixels.shape[1] // 2
    columns: int = page.restored.pixels.shape[1]
    return divmod(place, columns)


def _blocks(values: NDArray[Any], step: int) -> NDArray[Any]:
    """Return (M, N[, C]) as blocks (P, step, Q, step[, C]); those at the lower and right edge repeat values."""
    rows, columns = values.shape[:2]
    padding = [(0, -rows % step), (0, -columns % step), *[(0, 0)] * (values.ndim - 2)]
    padded = np.pad(values, padding, mode="edge")
    return padded.reshape(padded.shape[0] // step, step, padded.shape[1] // step, step, *values.shape[2:])
