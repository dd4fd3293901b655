"""Known pixels that are hidden, in the shape of a mask's own holes: what fills do there tells how good they are."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from inrr_cli.solvers.distance import DISTANCE_LIMIT, dilate, distance_class

HIDDEN_SHARE = 0.04  # of the missing pixels
HIDDEN_LEAST, HOLDOUT_MAXIMUM = 1_500, 8_000
FEW = 20  # hidden pixels for each missing one, at most
KNOWN_SHARE = 0.15  # hide no more than about this part of the known pixels
MOST_HIDDEN = 0.5  # and never more than this, where a single piece of the mask is as large
SOLID = 2  # holes with a pixel deeper than this are solid


def sample_holdout(deep: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """Choose known pixels to hide: pieces of the mask, from all depths alike, moved to places that are known.

    Parameters
    ----------
    deep : (H, W) ndarray of int64
        Depth of missing pixels, 0 at known ones.
    seed : int

    Returns
    -------
    (H, W) ndarray of bool
        True where a known pixel is hidden: about 4 % as many as are missing, but some 1,500 where that is
        less, and at most 15 % of those known or 20 for each missing one. Scans of lines hide others: see `LineScan`.
    """
    rng = np.random.default_rng(seed)
    known = deep == 0
    sound = np.flatnonzero(known)
    classes = distance_class(torch.from_numpy(deep)).numpy()
    missing = [np.flatnonzero(~known & (classes == k)) for k in np.unique(classes[~known])]
    hidden = np.zeros(known.shape, bool)
    total = known.size - len(sound)
    wanted = np.clip(HIDDEN_SHARE * total, HIDDEN_LEAST, HOLDOUT_MAXIMUM)
    wanted = int(min(KNOWN_SHARE * len(sound), FEW * total, wanted))
    reach = min(2 * int(deep.max()) + 2, DISTANCE_LIMIT + 2)
    padded = np.pad(~known, reach)
    solid = np.pad(dilate(torch.from_numpy(deep > SOLID), SOLID).numpy(), reach)
    count = 0
    for number in range(wanted + 1):
        if count >= wanted:
            break
        row, column = divmod(int(rng.choice(missing[number % len(missing)])), known.shape[1])
        around = np.s_[row : row + 2 * reach + 1, column : column + 2 * reach + 1]
        piece = _thin(padded[around], solid[around], rng)
        row, column = divmod(int(rng.choice(sound)), known.shape[1])
        top, left = max(row - reach, 0), max(column - reach, 0)
        place = np.s_[top : row + reach + 1, left : column + reach + 1]
        cut = piece[top - row + reach :, left - column + reach :][: known[place].shape[0], : known[place].shape[1]]
        new = cut & known[place] & ~hidden[place]
        if count + new.sum() > MOST_HIDDEN * len(sound):
            continue
        hidden[place] |= new
        count += int(new.sum())
    return hidden


def _thin(piece: NDArray[np.bool_], solid: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Thin the scattered missing pixels of a piece (h, w), those outside ``solid`` holes, if they are its larger part.

    A piece falls on pixels of which as many are missing already. With a share q > 1/2 hidden of those still known, what
    is judged would be a much harder problem than the one at hand; so (1 - q) / q of the pixels is taken, which hides
    1 - q of the known ones.
    """
    share = float(piece[~solid].mean()) if not solid.all() else 0.0
    if share <= 0.5:
        return piece
    return piece & (solid | (rng.random(piece.shape) < (1 - share) / share))
