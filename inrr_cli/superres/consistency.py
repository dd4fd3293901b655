"""Make a picture consistent with the one it was made from, within what its type can hold."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from inrr_cli.superres.downscaling import DownscalingOperator

ASCENTS, NEAR = 50, 2e-4  # towards what is allowed, at most, and the error of values about in [0, 1] that ends them
CORRECTIONS = 80  # of rounded values, at most
PATIENCE, LESS = 8, 0.9  # either ends when the largest error has not become LESS times as large in so many steps
SLACK = 0.45  # quanta that a picture may be off before it is rounded: the coarse one was rounded too
ALLOWED = 0.48  # quanta that a rounded picture may be off


def enforce_consistency(
    fine: Tensor,
    coarse: Tensor,
    operator: DownscalingOperator,
    *,
    quantisation_step: float,
    limits: tuple[float, float],
) -> Tensor:
    """Move a picture so little that it downscales to the coarse one and holds only values that its type has.

    Where no picture within the limits does, one that comes near is returned. Rounding alone would be off by up to a
    quantisation_step here and there; what it is off is fed back until it is not. Where the coarse picture is at a limit of its
    type, what lies beyond is as good.

    Parameters
    ----------
    fine, coarse : (P, Q, C) Tensor, (M, N, C) Tensor
    operator : DownscalingOperator
        Between the two.
    quantisation_step : float
        Distance between allowed values, from 0 on; 0 allows any.
    limits : (float, float)
        Least and greatest value.

    Returns
    -------
    (P, Q, C) Tensor
    """
    channels = zip(torch.split(fine, 1, 2), torch.split(coarse, 1, 2), strict=True)
    return torch.cat([_settle(one, other, operator, quantisation_step, limits) for one, other in channels], 2)


def difference(
    fine: Tensor, coarse: Tensor, operator: DownscalingOperator, limits: tuple[float, float], slack: float = 0.0
) -> Tensor:
    """Return what a picture (P, Q, C) lacks of ``coarse`` (M, N, C) when it is downscaled and clipped to the limits.

    Up to ``slack`` nothing is lacking.
    """
    off = coarse - operator.forward(fine).clamp(*limits)
    return off - off.clamp(-slack, slack)


def _settle(
    fine: Tensor, coarse: Tensor, operator: DownscalingOperator, quantisation_step: float, limits: tuple[float, float]
) -> Tensor:
    fine = _nearest(fine, coarse, operator, limits, SLACK * quantisation_step)
    if not quantisation_step:
        return fine
    best, least = fine, math.inf
    still = _Still()
    generator = torch.Generator().manual_seed(0)
    for _ in range(CORRECTIONS):
        rounded = ((fine / quantisation_step).round() * quantisation_step).clamp(*limits)
        off = difference(rounded, coarse, operator, limits)
        if (worst := float(off.abs().max())) < least:
            best, least = rounded, worst
        if least <= ALLOWED * quantisation_step or still.judge(worst):
            break
        # small errors are left alone, for rounding has to make some; the shares differ, or pixels would flip together
        shares = torch.rand(fine.shape, generator=generator).to(fine)
        correction = operator.pseudo_inverse(torch.where(off.abs() > ALLOWED * quantisation_step, off, 0))
        fine = (fine + shares * correction).clamp(*limits)
    return best


def _nearest(
    fine: Tensor, coarse: Tensor, operator: DownscalingOperator, limits: tuple[float, float], slack: float
) -> Tensor:
    """Find the nearest picture within the limits that downscales to the coarse one.

    That is x = clip(x0 + A^T l) for some l, which accelerated ascent finds (Nesterov 1983; Beck and Teboulle 2009,
    doi:10.1137/080716542): alternate projections would take hundreds of rounds where much is at a limit.
    """
    ahead, last, momentum = fine, fine, 1.0
    still = _Still()
    for _ in range(ASCENTS):
        fine = ahead.clamp(*limits)
        off = difference(fine, coarse, operator, limits, slack)
        worst = float(off.abs().max())
        if worst < NEAR or still.judge(worst):
            break
        moved = ahead + operator.pseudo_inverse(off)
        following = (1 + math.sqrt(1 + 4 * momentum**2)) / 2
        ahead = moved + (momentum - 1) / following * (moved - last)
        last, momentum = moved, following
    return fine


class _Still:
    """Notice that an error no longer falls."""

    def __init__(self) -> None:
        self.least, self.since = math.inf, 0

    def judge(self, error: float) -> bool:
        """Take the next error; return whether it is time to give up."""
        self.since += 1
        if error < LESS * self.least:
            self.least, self.since = error, 0
        return self.since >= PATIENCE
