"""Find lost lines of a scan, and dead and hot pixels of a detector.

The thresholds were chosen on scikit-image's sample images and a synthetic height map (`examples/defects.py`).
"""

from __future__ import annotations

from functools import reduce

import numpy as np
from numpy.typing import NDArray

from inrr_cli.imaging.value_range import LARGEST_VALUE
from inrr_cli.masking import Mask

OUTLIER_SIGMAS = 8.0  # robust standard deviations of what is usual in the image; natural edges stay below
LEAST_LENGTH = 8  # samples of a line that can be lost: fewer are out of line by chance; empirical
MAX_BAND = 4  # adjacent lines that are lost together; a wider band is a part of the scene
MAD_TO_SIGMA = 1.4826  # standard deviation of normal noise over its median absolute deviation


def lost_lines(samples: NDArray[np.generic]) -> tuple[Mask, str]:
    """Find rows and columns that are constant, saturated, or out of line with their neighbours.

    A line is out of line if the median of its differences from the nearest other lines is more than OUTLIER_SIGMAS
    robust standard deviations above what is usual in the image. A constant or saturated line counts only in a band of
    at most MAX_BAND lines, so that a black border or an overexposed sky is not found.

    Parameters
    ----------
    samples : (M, N, C) ndarray

    Returns
    -------
    (M, N, C) ndarray of bool, str
        True in the lost lines of each channel, and a text with the numbers of all of them, from 0.
    """
    missing = np.zeros(samples.shape, bool)
    lost: dict[str, set[int]] = {"rows": set(), "columns": set()}
    for channel in range(samples.shape[2]):
        values = _finite(samples[..., channel])
        rows, columns = _lost_rows(values), _lost_rows(values.T)
        missing[rows, :, channel], missing[:, columns, channel] = True, True
        lost["rows"].update(rows.tolist())
        lost["columns"].update(columns.tolist())
    parts = [f"{name} {', '.join(map(str, sorted(numbers)))}" for name, numbers in lost.items() if numbers]
    return missing, f"lost {' and '.join(parts)}" if parts else "no lost rows or columns"


def _lost_rows(lines: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the indices of the lost rows of (M, N)."""
    if len(lines) < 2 * MAX_BAND or lines.shape[1] < LEAST_LENGTH:
        return np.zeros(0, np.intp)
    low, high = lines.min(), lines.max()
    constant = np.ptp(lines, axis=1) == 0
    saturated = ((lines == low) | (lines == high)).mean(1) >= 0.9  # a few samples may have survived
    lost = _narrow_bands((constant | saturated) & (high > low))
    # repeat without the lines found so far, because a lost line makes its neighbours look out of line too
    for _ in range(MAX_BAND):
        kept = np.flatnonzero(~lost)
        if len(kept) < 5:
            break
        score = np.full(len(lines), -np.inf)
        score[kept] = _excess(lines[kept])
        usual = np.median(score[kept])
        sigma = MAD_TO_SIGMA * float(np.median(np.abs(score[kept] - usual)))
        outlying = score > usual + OUTLIER_SIGMAS * max(
            sigma, 1e-3 * float(high - low)
        )  # of a smooth image, sigma is 0
        if not outlying.any():
            break
        # of two neighbours that are out of line with each other, only the worse one
        lost |= outlying & (score >= np.maximum(np.roll(score, 1), np.roll(score, -1)))
    return np.flatnonzero(lost)


def _excess(lines: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each line (M, N) is outside the range of its four nearest lines, in at least half of its samples.

    In white noise two samples of five are outside. So that no short line is above half by chance, it must be outside in
    a share that is four standard deviations larger than that.
    """
    count, length = lines.shape
    first = np.clip(np.arange(count) - 2, 0, count - 5)
    nearest = first[:, None] + np.arange(4)
    nearest += nearest >= np.arange(count)[:, None]  # leaves out the line itself
    around = [lines[nearest[:, k]] for k in range(4)]
    high, low = reduce(np.maximum, around), reduce(np.minimum, around)
    outside = np.maximum(np.maximum(lines - high, low - lines), 0)
    excess = np.quantile(outside, np.clip(0.6 - 2 / np.sqrt(length), 0, 0.5), axis=1)
    excess[[0, -1]] /= 8  # with neighbours on one side only, every slope is an excess (the factor is empirical)
    return np.asarray(excess)


def _narrow_bands(lost: Mask) -> Mask:
    """Keep only runs of at most MAX_BAND lines."""
    from scipy.ndimage import binary_opening

    return np.asarray(lost & ~binary_opening(lost, np.ones(MAX_BAND + 1)))


def dead_pixels(samples: NDArray[np.generic]) -> Mask:
    """Find pixels far above or below all but one of their eight neighbours.

    The distance from the median of the neighbours must exceed OUTLIER_SIGMAS times the robust standard deviation of
    such distances, OUTLIER_SIGMAS times 2 % of the image's range, and twice the range of the neighbours, so that edges
    and textures are not found.

    Parameters
    ----------
    samples : (M, N, C) ndarray

    Returns
    -------
    (M, N, C) ndarray of bool
        True where a sample is dead.
    """
    found = np.zeros(samples.shape, bool)
    for channel in range(samples.shape[2]):
        values = _finite(samples[..., channel])
        padded = np.pad(values, 1, mode="reflect" if min(values.shape) > 1 else "edge")
        blocks = [
            _compare_with_neighbours(padded[top : top + 258]) for top in range(0, len(values), 256)
        ]  # saves memory
        distance, spread = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
        sigma = float(MAD_TO_SIGMA * np.median(distance))
        low, high = np.quantile(values, (0.01, 0.99))  # dead pixels are fewer than 1 %
        found[..., channel] = distance > np.maximum(OUTLIER_SIGMAS * max(sigma, 0.02 * float(high - low)), 2 * spread)
    return found


def _compare_with_neighbours(padded: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the distance of pixels from the median of their neighbours, and the range of all but one neighbour.

    From (M + 2, N + 2), padded by one pixel on each side, to (M, N). The range is infinite for a pixel that is within
    it. Sorting copies of the image is five times as fast as scipy's rank_filter.
    """
    rows, columns = padded.shape[0] - 2, padded.shape[1] - 2
    offsets = [(y, x) for y in range(3) for x in range(3) if (y, x) != (1, 1)]
    around = np.stack([padded[y : y + rows, x : x + columns] for y, x in offsets])
    around.sort(axis=0)
    values = padded[1:-1, 1:-1]
    spread = np.where((values > around[6]) | (values < around[1]), around[6] - around[1], np.inf)
    distance = np.abs(values - (around[3] + around[4]) / 2)
    return distance.astype(np.float32), spread.astype(np.float32)


def _finite(samples: NDArray[np.generic]) -> NDArray[np.float64]:
    """Convert samples to floats, with the median in place of those that are not finite or too large to add."""
    with np.errstate(invalid="ignore"):  # a signalling NaN
        values = samples.astype(np.float64)
    usable = np.abs(np.nan_to_num(values, nan=np.inf)) < LARGEST_VALUE
    return np.where(usable, values, np.median(values[usable]) if usable.any() else 0.0)
