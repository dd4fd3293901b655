"""Choose which gaps to fill: all, those that known samples enclose, or narrow ones."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.masking import Mask

MAX_NARROW = 10**6  # samples; no image is wider


class Gaps(NamedTuple):
    """Which gaps to fill: only enclosed ones, only those at most ``narrow`` samples across, or all."""

    inner: bool = False
    narrow: int | None = None


def parse_gaps(text: str) -> Gaps:
    """Return what ``all``, ``inner`` or ``narrow=N`` means; raise InputError for another text."""
    if text in ("all", "inner"):
        return Gaps(inner=text == "inner")
    match = re.fullmatch(r"narrow=(\d{1,9})", text)
    if match is None or not 1 <= int(match[1]) <= MAX_NARROW:
        raise InputError(f"--gaps must be all, inner or narrow=N with N from 1, as in narrow=4; got {text!r}")
    return Gaps(narrow=int(match[1]))


def choose_gaps(missing: Mask, ignored: Mask, gaps: Gaps) -> Mask:
    """Return the missing samples of one channel in the gaps to fill.

    Parameters
    ----------
    missing, ignored : (M, N) ndarray of bool
        Samples to fill, and further ones that are not known.
    gaps : Gaps

    Returns
    -------
    (M, N) ndarray of bool
    """
    chosen = missing
    if gaps.inner:
        chosen = missing & enclosed(missing | ignored)
    if gaps.narrow is not None:
        chosen = chosen & narrow(missing, gaps.narrow)
    return chosen


def enclosed(unknown: Mask) -> Mask:
    """Return the holes (M, N) of what is known: 4-connected parts that do not touch the border of the image."""
    from scipy.ndimage import label

    parts, number = label(unknown)
    inside = np.ones(number + 1, bool)
    inside[0] = False
    for side in (parts[0], parts[-1], parts[:, 0], parts[:, -1]):
        inside[side] = False
    return np.asarray(inside[parts])


def narrow(missing: Mask, width: int) -> Mask:
    """Return the 8-connected gaps (M, N) in which no square of more than ``width`` x ``width`` samples fits.

    In an image with fewer rows or columns than such a square, a rectangle of all of them counts as one.
    """
    from scipy.ndimage import label, minimum_filter

    parts, number = label(missing, np.ones((3, 3)))
    size = [min(side, width + 1) for side in missing.shape]
    holds_square = minimum_filter(missing.astype(np.uint8), size, mode="constant") > 0
    chosen = np.ones(number + 1, bool)
    chosen[0] = False
    chosen[parts[holds_square]] = False
    return np.asarray(chosen[parts])
