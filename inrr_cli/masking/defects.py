"""Find what a detector lost: whole lines of a scan, and single dead or hot pixels."""

from __future__ import annotations

from functools import reduce

import numpy as np
from numpy.typing import NDArray

from inrr_cli.imaging.value_range import VALUE_MOST

Mask = NDArray[np.bool_]

LINE_FAR, PIXEL_FAR = 8.0, 8.0  # robust standard deviations
BLOCK = 256  # rows whose neighbourhoods are in memory at once
BAND_MOST = 4  # adjacent lines lost together
BORDER = 8.0  # times farther must a line be that has neighbours on one side only, where every slope looks like a step
FILLED = 0.9  # of a line at an extreme of the picture: saturated
LEAST_SHARE, FLOOR = 0.01, 0.02
TO_SIGMA = 1.4826  # median absolute deviation of normal noise


def lost_lines(samples: NDArray[np.generic]) -> tuple[Mask, str]:
    """Rows and columns that are constant, saturated, or out of line with their neighbours.

    A line is out of line if the median of its differences from the nearest other lines is more than LINE_FAR robust
    standard deviations above what is usual in the picture. A constant or saturated line counts only if the lines
    around it are not, so that a black border or a blown-out sky is none.

    Parameters
    ----------
    samples : (M, N, C) ndarray

    Returns
    -------
    (M, N) ndarray of bool, str
        And which they are, counted from 0.
    """
    missing = np.zeros(samples.shape[:2], bool)
    channels = [_finite(channel) for channel in np.moveaxis(samples, 2, 0)]  # a drop may be in one of them only
    rows = np.unique(np.concatenate([_lost(channel) for channel in channels]))
    columns = np.unique(np.concatenate([_lost(channel.T) for channel in channels]))
    missing[rows], missing[:, columns] = True, True
    parts = [
        f"{name} {', '.join(map(str, found))}" for name, found in (("rows", rows), ("columns", columns)) if len(found)
    ]
    return missing, f"lost {' and '.join(parts)}" if parts else "no lost rows or columns"


def _lost(lines: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the numbers of the lost lines of (n, m)."""
    count = len(lines)
    if count < 2 * BAND_MOST:
        return np.zeros(0, np.intp)
    low, high = lines.min(), lines.max()
    flat = np.ptp(lines, axis=1) == 0
    full = ((lines == low) | (lines == high)).mean(1) >= FILLED
    lost = _short_runs((flat | full) & (high > low))
    # again, without what was found: beside a lost line its neighbours seem out of line too
    for _ in range(BAND_MOST):
        kept = np.flatnonzero(~lost)
        if len(kept) < 4:
            break
        score = np.full(count, -np.inf)
        score[kept] = _strangeness(lines[kept])
        usual = np.median(score[kept])
        spread = TO_SIGMA * np.median(np.abs(score[kept] - usual))
        far = score > usual + LINE_FAR * max(float(spread), 1e-3 * float(high - low))
        if not far.any():
            break
        # of neighbours that blame each other, the one that is farther off
        worst = far & (score >= np.maximum(np.roll(score, 1), np.roll(score, -1)))
        lost |= worst
    return np.flatnonzero(lost)


def _strangeness(lines: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median over each line of its distance from the nearest value between its two neighbours on either side."""
    padded = np.concatenate([lines[1:3][::-1], lines, lines[-3:-1][::-1]])
    around = [padded[k : k + len(lines)] for k in (0, 1, 3, 4)]
    high, low = reduce(np.maximum, around), reduce(np.minimum, around)
    strangeness = np.median(np.maximum(np.maximum(lines - high, low - lines), 0), axis=1)
    strangeness[[0, 1, -2, -1]] /= BORDER
    return np.asarray(strangeness)


def _short_runs(found: Mask) -> Mask:
    """Only runs of at most BAND_MOST."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], found, [False]]).astype(np.int8)))
    kept = np.zeros_like(found)
    for start, end in edges.reshape(-1, 2):
        kept[start:end] = end - start <= BAND_MOST
    return kept


def dead_pixels(samples: NDArray[np.generic]) -> Mask:
    """Pixels far above or below all but one of their eight neighbours.

    Far is PIXEL_FAR robust standard deviations of the differences from the neighbours' median, at least PIXEL_FAR times
    FLOOR of the range of the picture, and more than the neighbours differ among themselves; so edges and textures are
    none.

    Parameters
    ----------
    samples : (M, N, C) ndarray

    Returns
    -------
    (M, N) ndarray of bool
        True where any channel is so.
    """
    found = np.zeros(samples.shape[:2], bool)
    for channel in np.moveaxis(samples, 2, 0):
        values = _finite(channel)
        padded = np.pad(values, 1, mode="reflect" if min(values.shape) > 1 else "edge")
        blocks = [_stand_out(padded[top : top + BLOCK + 2]) for top in range(0, len(values), BLOCK)]
        difference, spread = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
        noise = TO_SIGMA * np.median(difference)
        low, high = np.quantile(values, (LEAST_SHARE, 1 - LEAST_SHARE))  # dead pixels are fewer
        floor = FLOOR * float(high - low)
        found |= difference > np.maximum(PIXEL_FAR * max(float(noise), floor), 2 * spread)
    return found


def _stand_out(padded: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How far pixels are from the median of their neighbours, and how far all but one of these are from each other.

    From rows and columns with one more on every side, (m + 2, n + 2), to two of (m, n); the second is infinite for a
    pixel that is between its neighbours.
    """
    rows, columns = padded.shape[0] - 2, padded.shape[1] - 2
    places = [(y, x) for y in range(3) for x in range(3) if (y, x) != (1, 1)]
    around = np.stack([padded[y : y + rows, x : x + columns] for y, x in places])
    around.sort(axis=0)
    values = padded[1:-1, 1:-1]
    spread = np.where((values > around[6]) | (values < around[1]), around[6] - around[1], np.inf)
    difference = np.abs(values - (around[3] + around[4]) / 2)
    return difference.astype(np.float32), spread.astype(np.float32)


def _finite(samples: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return samples as floats, those that are not finite, or too far for sums, the median of the others."""
    with np.errstate(invalid="ignore"):  # of a signalling NaN
        values = samples.astype(np.float64)
    usable = np.abs(np.nan_to_num(values, nan=np.inf)) < VALUE_MOST
    return np.where(usable, values, np.median(values[usable]) if usable.any() else 0.0)
