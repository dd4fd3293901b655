"""Sample known pixels to hide, in the shape of the holes of the mask."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from inrr_cli.solvers.distance import DISTANCE_LIMIT, dilate, distance_class

HOLDOUT_MAXIMUM = 8_000  # pixels; empirical
SOLID_DISTANCE = 2  # pixels; holes with a missing pixel farther than this from known ones are solid


def sample_holdout(distance: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """Choose known pixels to hide: pieces of the mask, moved to known places.

    All classes of distance have the same number of pieces.

    Parameters
    ----------
    distance : (H, W) ndarray of int64
        Chessboard distance of missing pixels to the nearest known one, 0 at known pixels.
    seed : int

    Returns
    -------
    (H, W) ndarray of bool
        True where a known pixel is hidden: about 4 % as many as are missing, but at least 1,500 and at most
        HOLDOUT_MAXIMUM, if these are no more than 15 % of the known pixels and 20 for each missing one. Never more than
        half of the known pixels, even if a single piece has as many.
    """
    rng = np.random.default_rng(seed)
    known = distance == 0
    known_pixels = np.flatnonzero(known)
    classes = distance_class(torch.from_numpy(distance)).numpy()
    missing_pixels = [np.flatnonzero(~known & (classes == k)) for k in np.unique(classes[~known])]
    missing_count = known.size - len(known_pixels)
    wanted = int(
        min(0.15 * len(known_pixels), 20 * missing_count, np.clip(0.04 * missing_count, 1_500, HOLDOUT_MAXIMUM))
    )
    reach = min(2 * int(distance.max()) + 2, DISTANCE_LIMIT + 2)
    padded = np.pad(~known, reach)
    solid = np.pad(dilate(torch.from_numpy(distance > SOLID_DISTANCE), SOLID_DISTANCE).numpy(), reach)
    hidden = np.zeros(known.shape, bool)
    count = 0
    for number in range(wanted + 1):
        if count >= wanted:
            break
        row, column = divmod(int(rng.choice(missing_pixels[number % len(missing_pixels)])), known.shape[1])
        around = np.s_[row : row + 2 * reach + 1, column : column + 2 * reach + 1]
        piece = _thin_out(padded[around], solid[around], rng)
        row, column = divmod(int(rng.choice(known_pixels)), known.shape[1])
        top, left = max(row - reach, 0), max(column - reach, 0)
        target = np.s_[top : row + reach + 1, left : column + reach + 1]
        height, width = known[target].shape
        new = piece[top - row + reach :, left - column + reach :][:height, :width] & known[target] & ~hidden[target]
        if count + new.sum() > 0.5 * len(known_pixels):
            continue
        hidden[target] |= new
        count += int(new.sum())
    return hidden


def _thin_out(piece: NDArray[np.bool_], solid: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Thin out the scattered missing pixels of a piece (h, w), those outside ``solid`` holes, if more than half are.

    As many of the pixels that a piece falls on are missing already. To hide a share q > 1/2 of the others too would
    pose a much harder problem than the mask itself; so the share (1 - q) / q of the piece is kept, which hides 1 - q of
    the known pixels.
    """
    share = float(piece[~solid].mean()) if not solid.all() else 0.0
    if share <= 0.5:
        return piece
    return piece & (solid | (rng.random(piece.shape) < (1 - share) / share))
