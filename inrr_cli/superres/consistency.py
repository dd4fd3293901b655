"""Make a picture consistent with the one it was made from, within what its type can hold."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from inrr_cli.superres.formation import Formation

PROJECTIONS = 3
CORRECTIONS, SHARE = 30, 0.5  # of rounded values, at most, and how much of the error each feeds back
ALLOWED = 0.4  # quanta that a rounded picture may be off


def settle(
    fine: Tensor, coarse: Tensor, formation: Formation, *, quantum: float, limits: tuple[float, float]
) -> Tensor:
    """Move a picture so little that it downscales to the coarse one and holds only values that its type has.

    Rounding alone would be off by up to a quantum here and there; what it is off is fed back until it is not.

    Parameters
    ----------
    fine, coarse : (P, Q, C) Tensor, (M, N, C) Tensor
    formation : Formation
        Between the two.
    quantum : float
        Distance between allowed values, from 0 on; 0 allows any.
    limits : (float, float)
        Least and greatest value.

    Returns
    -------
    (P, Q, C) Tensor
    """
    return torch.stack(
        [_settle(fine[..., [c]], coarse[..., [c]], formation, quantum, limits)[..., 0] for c in range(fine.shape[2])],
        2,
    )


def _settle(fine: Tensor, coarse: Tensor, formation: Formation, quantum: float, limits: tuple[float, float]) -> Tensor:
    for _ in range(PROJECTIONS):
        fine = formation.project(fine, coarse).clamp(*limits)
    if not quantum:
        return fine
    best, least = fine, math.inf
    for _ in range(CORRECTIONS):
        rounded = ((fine / quantum).round() * quantum).clamp(*limits)
        off = coarse - formation.down(rounded)
        if (worst := float(off.abs().max())) < least:
            best, least = rounded, worst
        if least <= ALLOWED * quantum:
            break
        # small errors are left alone: rounding has to make some
        fine = (fine + SHARE * formation.up(torch.where(off.abs() > ALLOWED * quantum, off, 0))).clamp(*limits)
    return best
