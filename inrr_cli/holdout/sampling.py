"""Hide known samples in the shape of a mask's holes: what a fill loses there is about what it loses in the holes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from inrr_cli.masking import Mask
from inrr_cli.masking.samples import by_channel
from inrr_cli.solvers.distance import chessboard_distance

SOLID_DISTANCE = 2  # pixels; holes with a missing pixel farther than this from known ones are solid
HIDDEN = 400  # samples for each pixel that missing ones are far from known ones, as errors in one hole are alike
HIDDEN_TO_MEASURE = 2_000  # the same where the error itself is wanted: two fills that are compared err alike
HIDDEN_SHARE = 0.1  # of the known samples that are hidden at most, and of those among scattered holes
SCATTERED = 0.6  # disagreement of neighbours over that of independent pixels: letters and scratches have 0.2 to 0.5
COPIES = 8  # of a hole that are hidden at most: of little damage in a large image more would cost more than its fill
REACH = 12  # pixels; larger holes are cut, as pieces of several holes tell more than one hole
PLACES = 8  # that are tried for a hole
SQUARE = np.ones((3, 3), bool)


def sample_holdout(missing: Mask, known: Mask, seed: int, most: int = HIDDEN) -> Mask:
    """Choose known samples to hide: holes of the mask, turned and moved to where most around is known.

    A large hole is cut to a square of 2 REACH + 1 pixels. Scattered samples are hidden as squares, as wide as a missing
    sample is far from the nearest known one, and few at a time: to hide as many as are missing would pose a harder task
    than the mask itself.

    Parameters
    ----------
    missing, known : (M, N) or (M, N, C) ndarray of bool
        Samples to fill, and samples that are known; some may be neither.
    seed : int
        The same seed hides the same samples.
    most : int
        Samples to hide in a channel, times the mean distance of a missing one to the nearest known one.

    Returns
    -------
    ndarray of bool, of the same shape
        About ``most`` samples times that distance, or HIDDEN_SHARE of the known ones; never more than half of them,
        even if a single hole is as large.
    """
    rng = np.random.default_rng(seed)
    return by_channel(lambda holes, shown: _hide(holes, shown, most, rng), missing, known)


def _hide(missing: Mask, known: Mask, most: int, rng: np.random.Generator) -> Mask:
    """Choose the samples to hide of one channel (M, N)."""
    shown, places = known.copy(), np.flatnonzero(known)
    if not len(places) or not missing.any():
        return ~known & known
    distance = chessboard_distance(torch.from_numpy(~known)).numpy()
    wanted, count = min(most * float(distance[missing].mean()), HIDDEN_SHARE * len(places)), 0
    for hole in islice(_holes(missing, distance, rng), most):
        if count >= wanted:
            break
        window, piece = _place(hole, shown, places, rng)
        size = int(np.count_nonzero(piece))
        if count + size <= len(places) // 2:
            shown[window] &= ~piece
            count += size
    return known & ~shown


def _holes(missing: Mask, distance: NDArray[np.int64], rng: np.random.Generator) -> Iterator[Mask]:
    """Yield the holes (K, K) of the mask in random order, COPIES times."""
    samples = np.flatnonzero(missing)
    reach = min(2 * int(distance.ravel()[samples].max()) + 2, REACH)
    padded = np.pad(distance, reach, mode="symmetric")
    for _ in range(COPIES):
        left = np.ones(padded.shape, bool)
        for sample in rng.permutation(samples).tolist():
            row, column = divmod(sample, missing.shape[1])
            if left[row + reach, column + reach]:
                window = np.s_[row : row + 2 * reach + 1, column : column + 2 * reach + 1]
                hole = _cut_hole(padded[window], rng)
                left[window] &= ~hole
                yield np.rot90(hole, int(rng.integers(4)))


def _cut_hole(distance: NDArray[np.int64], rng: np.random.Generator) -> Mask:
    """Return the hole in the middle of a window (K, K) of distances, or some squares if holes are scattered there."""
    missing, middle = distance > 0, len(distance) // 2
    share = float(missing.mean())
    steps = (missing[1:] != missing[:-1]).mean() + (missing[:, 1:] != missing[:, :-1]).mean()
    if steps / 2 < SCATTERED * 2 * share * (1 - share):
        labels, _ = ndimage.label(missing, SQUARE)
        return np.asarray(labels == labels[middle, middle])
    side = np.maximum(2 * distance - 1, 1)
    centres = missing & (rng.random(missing.shape) < HIDDEN_SHARE / side**2)
    centres[middle, middle] = True
    squares = [ndimage.maximum_filter(centres & (side == k), k, mode="constant") for k in np.unique(side[centres])]
    return np.asarray(np.any(squares, 0))


def _place(
    hole: Mask, shown: Mask, places: NDArray[np.int64], rng: np.random.Generator
) -> tuple[tuple[slice, slice], Mask]:
    """Find a place for the middle of a hole: of PLACES known samples the one with the most ``shown`` in and around it.

    Returns the window of the image, and the samples to hide in it.
    """
    reach, around = len(hole) // 2, ndimage.binary_dilation(hole, SQUARE)
    found: list[tuple[int, tuple[slice, slice], Mask]] = []
    for place in rng.choice(places, PLACES):
        row, column = divmod(int(place), shown.shape[1])
        top, left = max(row - reach, 0), max(column - reach, 0)
        window = np.s_[top : row + reach + 1, left : column + reach + 1]
        height, width = shown[window].shape
        first, second = top - row + reach, left - column + reach
        part = np.s_[first : first + height, second : second + width]
        found.append((int(np.count_nonzero(around[part] & shown[window])), window, hole[part] & shown[window]))
    _, window, piece = max(found, key=lambda each: each[0])
    return window, piece
