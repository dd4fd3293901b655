"""Sample known pixels to hide, in the shape of the holes of the mask."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from inrr_cli.solvers.distance import DISTANCE_LIMIT, dilate, distance_class

HOLDOUT_MAXIMUM = 8_000  # samples; empirical
SOLID_DISTANCE = 2  # pixels; holes with a missing pixel farther than this from known ones are solid


def sample_holdout(distance: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """Choose known samples to hide: pieces of the mask, moved to known places.

    All classes of distance have the same number of pieces.

    Parameters
    ----------
    distance : (H, W) or (H, W, C) ndarray of int64
        Chessboard distance of missing samples to the nearest known one of their channel, 0 at known samples.
    seed : int

    Returns
    -------
    ndarray of bool, of the same shape
        True where a known sample is hidden: about 4 % as many as are missing, but at least 1,500 and at most
        HOLDOUT_MAXIMUM, if these are no more than 15 % of the known samples and 20 for each missing one. Never more
        than half of the known samples, even if a single piece has as many.
    """
    rng = np.random.default_rng(seed)
    planes = distance.reshape(*distance.shape[:2], -1)
    known = planes == 0
    known_samples = np.flatnonzero(known)
    classes = distance_class(torch.from_numpy(planes)).numpy()
    missing_samples = [np.flatnonzero(~known & (classes == k)) for k in np.unique(classes[~known])]
    missing_count = known.size - len(known_samples)
    wanted = int(
        min(0.15 * len(known_samples), 20 * missing_count, np.clip(0.04 * missing_count, 1_500, HOLDOUT_MAXIMUM))
    )
    reach = min(2 * int(planes.max()) + 2, DISTANCE_LIMIT + 2)
    border = ((reach, reach), (reach, reach), (0, 0))
    padded = np.pad(~known, border)
    solid = np.pad(dilate(torch.from_numpy(planes > SOLID_DISTANCE), SOLID_DISTANCE).numpy(), border)
    hidden = np.zeros(known.shape, bool)
    count = 0
    for number in range(wanted + 1):
        if count >= wanted:
            break
        row, column, _ = np.unravel_index(rng.choice(missing_samples[number % len(missing_samples)]), known.shape)
        around = np.s_[row : row + 2 * reach + 1, column : column + 2 * reach + 1]
        piece = _thin_out(padded[around], solid[around], rng)
        row, column, _ = np.unravel_index(rng.choice(known_samples), known.shape)
        top, left = max(row - reach, 0), max(column - reach, 0)
        target = np.s_[top : row + reach + 1, left : column + reach + 1]
        height, width = known[target].shape[:2]
        new = piece[top - row + reach :, left - column + reach :][:height, :width] & known[target] & ~hidden[target]
        if count + new.sum() > 0.5 * len(known_samples):
            continue
        hidden[target] |= new
        count += int(new.sum())
    return hidden.reshape(distance.shape)


def _thin_out(piece: NDArray[np.bool_], solid: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Thin out the scattered missing samples of a piece (h, w, C), those outside ``solid`` holes, if more than half are.

    As many of the samples that a piece falls on are missing already. To hide a share q > 1/2 of the others too would
    pose a much harder problem than the mask itself; so the share (1 - q) / q of the piece is kept, which hides 1 - q of
    the known samples.
    """
    share = float(piece[~solid].mean()) if not solid.all() else 0.0
    if share <= 0.5:
        return piece
    return piece & (solid | (rng.random(piece.shape) < (1 - share) / share))
