"""The range of the faint part of an image, whose detail is lost in the range of the whole image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inrr_cli.imaging.value_range import FaintRange, Pixels, ValueRange

BLOCK = 16  # pixels
BLOCKS_MAXIMUM = 10_000  # of larger images, rows and columns of blocks are left out
BLOCK_SAMPLES = 16  # known samples without which a block tells nothing
# span of faint blocks over that of the image: the noise floor is as large, and but for a few the shadows of photographs
# in linear light span more; there a second fill would lose more at the edges of the shadows than it wins
FAINT = 1 / 300
FAINT_SHARE = 0.1  # of all blocks, without which there is no faint part to speak of
ROUNDING = 16  # steps of the type of floats: smaller spans are rounding


def faint_range(image: Pixels, known: NDArray[np.bool_], whole: ValueRange) -> ValueRange | None:
    """Return the range of the faint part of an image, beyond which values are compressed, or None without such a part.

    Blocks are faint if their known samples span less than FAINT of the ``whole`` range, but are not constant, and lie
    about the median level of such blocks. So a smooth ramp has no faint part.

    Parameters
    ----------
    image : (M, N[, C]) ndarray
    known : (M, N[, C]) ndarray of bool
    whole : ValueRange
        From `robust_range`.
    """
    if image.dtype == np.uint8:
        return None  # such a part would span a few grey levels
    low, middle, high, count = _block_quantiles(image, known)
    rounding = 0.0
    if np.issubdtype(image.dtype, np.floating):
        rounding = ROUNDING * float(np.finfo(image.dtype).eps) * max(abs(whole.low), abs(whole.high))
    faint = (high - low < FAINT * whole.span) & (high - low > rounding)
    if faint.any():
        faint &= np.abs(middle - np.median(middle[faint])) < FAINT * whole.span
    if count == 0 or faint.sum() < FAINT_SHARE * count:
        return None
    span = float(high[faint].max() - low[faint].min())
    return FaintRange(float(low[faint].min()) - span / 2, float(high[faint].max()) + span / 2)


def _block_quantiles(
    image: Pixels, known: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], int]:
    """Return the lowest, middle and highest value of nine tenths of the known samples of blocks, and their number."""
    rows, columns = image.shape[:2]
    step = max(1, int((rows * columns / BLOCK**2 / BLOCKS_MAXIMUM) ** 0.5))
    parts = [
        (image[top : top + BLOCK, left : left + BLOCK], known[top : top + BLOCK, left : left + BLOCK])
        for top in range(0, rows, step * BLOCK)
        for left in range(0, columns, step * BLOCK)
    ]
    found = [np.sort(part[mask].astype(np.float64)) for part, mask in _planes(parts)]
    found = [values for values in found if len(values) >= BLOCK_SAMPLES]
    low, middle, high = (
        np.array([values[int(share * (len(values) - 1))] for values in found]) for share in (0.05, 0.5, 0.95)
    )
    return low, middle, high, len(found)


def _planes(parts: list[tuple[Pixels, NDArray[np.bool_]]]) -> list[tuple[Pixels, NDArray[np.bool_]]]:
    """Return the channels of blocks one by one."""
    return [
        (np.atleast_3d(part)[..., channel], np.atleast_3d(mask)[..., channel])
        for part, mask in parts
        for channel in range(np.atleast_3d(part).shape[2])
    ]
