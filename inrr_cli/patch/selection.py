"""Judge fills on known pixels that were hidden for the purpose: blend them, and scale the error bars.

No fill is best everywhere: a smooth map wants a thin plate, a large hole the smoothest guess, all else the patches. What
each does on hidden pixels, in the shape of the mask's own holes, says how much of each to take.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

HIDDEN_SHARE = 0.06  # of the missing pixels
HIDDEN_LEAST = 1500
KNOWN_SHARE = 0.08  # never hide more than this part of the known pixels
DEPTHS = (1, 2, 4, 8)  # upper ends of the classes of depth; the last class is deeper
DEEPEST = 16
MOST = 1_000_000
GRID = 10  # blends are tried in steps of a tenth
MIX = 0.5
PRIOR = 40  # pixels' worth of belief in the patches and in SPREAD, times the depth: deep errors are alike
SPREAD = (1.0, 1.0, 1.0, 1.0, 1.0)  # true error over the model's deviation, by class: see examples/calibrate.py
ONE_SIGMA = 0.6827


@dataclass(frozen=True)
class Judgement:
    """What the hidden pixels taught, by class of depth.

    Attributes
    ----------
    weights : (K, F) Tensor
        Share of each fill in the blend; rows sum to 1.
    spread : (K,) Tensor
        Factor of the model's deviation that makes it one sigma.
    error : float or None
        Mean squared error of the blend on hidden pixels.
    """

    weights: Tensor
    spread: Tensor
    error: float | None


def depth(missing: Tensor) -> Tensor:
    """Distance of each missing pixel (H, W) to the nearest known one in king's moves, at most DEEPEST + 1: int64."""
    total = missing.long()
    left = missing
    for _ in range(DEEPEST):
        left = shrink(left)
        if not left.any():
            break
        total += left
    return total


def depth_class(missing: Tensor) -> Tensor:
    """Class of depth of each pixel: (H, W) int64."""
    return torch.bucketize(depth(missing), torch.tensor(DEPTHS, device=missing.device))


def shrink(missing: Tensor, by: int = 1) -> Tensor:
    """Erode a mask (H, W) by king's moves; nothing is eroded from a border."""
    known = (~missing)[None, None].float()
    return F.max_pool2d(known, 2 * by + 1, 1, by)[0, 0] == 0


def choose_hidden(known: NDArray[np.bool_], seed: int) -> NDArray[np.bool_]:
    """Choose known pixels to hide: pieces of the mask, moved to places that are known.

    Parameters
    ----------
    known : (H, W) ndarray of bool
    seed : int

    Returns
    -------
    (H, W) ndarray of bool
        True where a known pixel is hidden: about 6 % as many as are missing, at most 8 % of those known.
    """
    rng = np.random.default_rng(seed)
    missing = np.argwhere(~known)
    sound = np.argwhere(known)
    hidden = np.zeros(known.shape, bool)
    wanted = int(min(KNOWN_SHARE * len(sound), max(HIDDEN_SHARE * len(missing), HIDDEN_LEAST)))
    deepest = int(depth(torch.from_numpy(~known)).max())
    reach = min(2 * deepest + 2, DEEPEST + 2)
    padded = np.pad(~known, reach)
    count = 0
    for _ in range(wanted + 1):
        if count >= wanted:
            break
        row, column = missing[rng.integers(len(missing))]
        piece = padded[row : row + 2 * reach + 1, column : column + 2 * reach + 1]
        row, column = sound[rng.integers(len(sound))]
        top, left = max(row - reach, 0), max(column - reach, 0)
        place = np.s_[top : row + reach + 1, left : column + reach + 1]
        cut = piece[top - row + reach :, left - column + reach :][: known[place].shape[0], : known[place].shape[1]]
        new = cut & known[place] & ~hidden[place]
        hidden[place] |= new
        count += int(new.sum())
    return hidden


def judge(truth: Tensor, fills: Tensor, deviation: Tensor, classes: Tensor) -> Judgement:
    """Find the blend of fills with the least error on hidden pixels, and how far its errors spread.

    A class that no hidden pixel fell into takes the judgement of the next shallower one.

    Parameters
    ----------
    truth : (m, C) Tensor
        Hidden pixels.
    fills : (F, m, C) Tensor
        Candidates, the first of which is trusted unless others are clearly better.
    deviation : (m, C) Tensor
        The model's standard deviations.
    classes : (m,) Tensor of int64
    """
    steps = torch.cartesian_prod(*[torch.arange(GRID + 1)] * (len(fills) - 1)).reshape(-1, len(fills) - 1)
    steps = steps[steps.sum(1) <= GRID]
    blends = torch.cat([GRID - steps.sum(1, keepdim=True), steps], 1).to(truth) / GRID
    start = torch.zeros_like(blends[0])
    start[0] = 1
    number = len(DEPTHS) + 1
    evidence = torch.bincount(classes, minlength=number).to(truth) / (PRIOR * truth.new_tensor((*DEPTHS, DEEPEST)))
    errors = fills - truth
    costs = truth.new_zeros(number, len(blends))
    for k in classes.unique():
        gram = torch.einsum("fmc,gmc->fg", errors[:, classes == k], errors[:, classes == k])
        costs[k] = ((blends @ gram) * blends).sum(1) / gram[0, 0].clamp(min=1e-12)
    overall = _least(blends, start, evidence @ costs)
    weights = torch.stack([_least(blends, overall, e * cost) for e, cost in zip(evidence, costs, strict=True)])

    error = (weights[classes].T[..., None] * errors).sum(0).abs()
    usual = truth.new_tensor(SPREAD)
    ratio = error / (usual[classes, None] * deviation).clamp(min=1e-6)
    ratios = truth.new_ones(number)
    for k in classes.unique():
        ratios[k] = torch.quantile(ratio[classes == k].flatten()[:MOST], ONE_SIGMA)
    overall = (1 + evidence @ ratios) / (1 + evidence.sum())
    spread = usual * (overall + evidence * ratios) / (1 + evidence)
    return Judgement(weights, spread, float(error.square().mean()) if len(truth) else None)


def _least(blends: Tensor, expected: Tensor, cost: Tensor) -> Tensor:
    return blends[torch.argmin(cost + (blends - expected).square().sum(1) / 2 + MIX * (1 - blends.amax(1)))]
