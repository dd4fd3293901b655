"""The smooth fill that a fit is drawn to, and for how long."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from inrr_cli.holdout.sampling import HOLDOUT_MAXIMUM, sample_holdout
from inrr_cli.solvers.distance import DISTANCE_CLASSES, DISTANCE_LIMIT, chessboard_distance, distance_class
from inrr_cli.solvers.polyharmonic import solve_polyharmonic

TURNS = 4  # of hiding, at most
SOLE = 8  # pixels as deep as this have no better guess to the end


@torch.no_grad()
def warm_start_image(image: Tensor, known: Tensor, seed: int) -> Tensor:
    """Fill missing pixels by a blend of a thin plate and a membrane, the one that is best for known pixels hidden.

    A plate goes on as its surroundings do and overshoots where they are rough; a membrane never does, and stays flat.
    So known pixels are hidden, in the shape of the mask's holes. With n_k hidden pixels of depth d_k, and E_k(w) the
    squared error there of a blend with the share w of the plate, w minimises sum_k (n_k / d_k) E_k(w) / E_k(1/2).

    Parameters
    ----------
    image : (H, W, K) Tensor of float32
        Values in [0, 1]; what stands at missing pixels is not used.
    known : (H, W) Tensor of bool
        At least one True.
    seed : int
        Chooses the pixels that are hidden.

    Returns
    -------
    (H, W, K) Tensor of float32
        Known pixels as they are, missing ones in [0, 1].
    """
    if bool(known.all()):
        return image
    deep = chessboard_distance(~known).cpu().numpy()
    depths = image.new_tensor((*DISTANCE_CLASSES, DISTANCE_LIMIT))
    number, bend, towards, between = image.new_zeros(4, len(depths))
    for turn in range(TURNS):
        shown = known & ~torch.from_numpy(sample_holdout(deep, seed + turn)).to(known.device)
        hidden = known & ~shown
        plate, membrane = _surfaces(image, shown)
        classes = distance_class(chessboard_distance(~shown)[hidden])
        swing, error = (plate - membrane)[hidden], (image - membrane)[hidden]
        for total, values in (
            (number, torch.ones_like(swing)),
            (bend, swing.square()),
            (towards, swing * error),
            (between, (error - swing / 2).square()),
        ):
            total.index_add_(0, classes, values.sum(1))
        if number.sum() >= HOLDOUT_MAXIMUM * image.shape[2]:
            break
    evidence = number / depths / between.clamp(min=1e-12)
    share = (evidence @ towards / (evidence @ bend).clamp(min=1e-12)).clamp(0, 1)
    plate, membrane = _surfaces(image, known)
    return torch.lerp(membrane, plate, share)


def warm_start_duration(deep: Tensor, warm_start: float) -> Tensor:
    """Part of a fit in which pixels of some depths (H, W) are drawn to their `warm_start_image`: (H, W) float32.

    ``warm_start`` beside known pixels, from which a fit then learns more; the deeper, the longer, for what it would make of
    the inside of a large hole is worse than the guide.
    """
    return warm_start + (1 - warm_start) * (deep.clamp(min=1).float().log2() / math.log2(SOLE)).clamp(max=1)


def _surfaces(image: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Return a thin plate and a membrane, both in [0, 1]."""
    plate, membrane = (solve_polyharmonic(image, known, order).clamp(0, 1) for order in (2, 1))
    return plate, membrane
