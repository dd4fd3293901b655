"""Tell images of labels from images of numbers, to warn who fills labels as numbers.

A wrong warning does more harm than a missing one, so each sign must be there: large flat regions, few values between
them as a blurred edge has, and borders between values that are not neighbours on the scale.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.masking.samples import all_channels
from inrr_cli.masking.selection import Page

ENOUGH = 250_000  # pixels that are looked at
LEAST_PAIRS = 200  # known neighbours, fewer say too little
LEAST_BORDERS = 30  # known neighbours of different values
FLAT = 0.6  # fraction of neighbours that are equal, apart from those in the most common value
BETWEEN = 0.15  # fraction of borders that are steps of a slope
NEXT = 0.85  # fraction of borders between values that follow each other: contours of a smooth surface
GREY_LEVELS = 255
PALETTE_COLOURS = 32  # a palette of more colours in use may be a photograph's

Mask = NDArray[np.bool_]


def warn_of_labels(picture: Picture, pages: list[Page]) -> str:
    """Return a warning if the first of the pages to fill looks like labels; else the empty string."""
    if not pages:
        return ""
    palette = picture.metadata.details.get("colours")
    image, known = _strips(pages[0].pixels, pages[0].known)
    if palette is not None:
        image = _colour_numbers(image)
        is_coloured = bool((palette != palette[:, :1]).any())
        looks = is_coloured and 2 < len(np.unique(image)) <= PALETTE_COLOURS and looks_like_labels(image, known)
        what = "the image has a palette of few colours"
    else:
        looks, what = looks_like_labels(image, known), "the image looks like labels"
    return f"{what}, which are averaged where they are filled; --values labels fills in known ones only" * looks


def _strips(image: Pixels, known: Mask) -> tuple[Pixels, Mask]:
    """Return strips of 64 rows of a large image, which are enough; their few seams do no harm."""
    size = known.shape[0] * known.shape[1]
    kept = np.arange(len(image)) // 64 % -(-size // ENOUGH) == 0
    return image[kept], all_channels(known[kept])


def looks_like_labels(image: Pixels, known: Mask) -> bool:
    """Return whether an image (M, N) of integers looks like ids of regions, by its ``known`` samples.

    Images of one or two values do not: a line drawing or a mask is either. Nor do images of channels (M, N, C).
    """
    if image.ndim != 2 or not np.issubdtype(image.dtype, np.integer):
        return False
    values, ranks = np.unique(image[known], return_inverse=True)
    if len(values) < 3 or not _are_ids(values):
        return False
    number = np.full(image.shape, -1, np.int32)
    number[known] = ranks.reshape(-1)
    common = np.bincount(ranks.reshape(-1)).argmax()
    first = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    second = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    counted = (first >= 0) & (second >= 0) & ((first != common) | (second != common))
    step = np.abs(first - second)[counted]
    borders = int((step > 0).sum())
    if len(step) < LEAST_PAIRS or borders < LEAST_BORDERS:
        return False
    is_flat = borders < (1 - FLAT) * len(step)
    is_sharp = _slopes(number) < BETWEEN * borders
    has_jumps = (step == 1).sum() < NEXT * borders
    return bool(is_flat and is_sharp and has_jumps)


def _are_ids(values: Pixels) -> bool:
    """Return whether sorted values (n,) are many of the numbers of their range, or use more than grey levels do.

    A few numbers from 0 to 255, or the same times 257, are grey levels of a drawing.
    """
    offsets = [int(value) - int(values[0]) for value in values]
    span = offsets[-1] // math.gcd(*offsets)
    return span > GREY_LEVELS or 2 * len(values) > span


def _slopes(number: NDArray[np.int32]) -> int:
    """Count the known samples between a lower and a higher neighbour in a row or column."""
    count = 0
    for lines in (number, number.T):
        before, here, after = lines[:, :-2], lines[:, 1:-1], lines[:, 2:]
        is_known = (before >= 0) & (here >= 0) & (after >= 0)
        count += int((is_known & ((before < here) & (here < after) | (before > here) & (here > after))).sum())
    return count


def _colour_numbers(pixels: Pixels) -> Pixels:
    """Return one number for each colour of pixels (M, N[, 3]) of 8 bits."""
    return np.asarray(np.atleast_3d(pixels).astype(np.int64) @ 256 ** np.arange(np.atleast_3d(pixels).shape[2]))
