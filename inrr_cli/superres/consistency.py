"""Consistency: move an enlarged image so that it downscales to the input and holds only values of the input's type."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from inrr_cli.superres.downscaling import DownscalingOperator

# in quantisation steps: half a step is what the input's own rounding explains, less a margin for float arithmetic
SLACK = 0.45  # of an image that is not yet rounded
ROUNDED_SLACK = 0.48


def enforce_consistency(
    fine: Tensor,
    coarse: Tensor,
    operator: DownscalingOperator,
    *,
    quantisation_step: float,
    limits: tuple[float, float],
) -> Tensor:
    """Move an image as little as possible so that it downscales to the coarse one, and round it to allowed values.

    Where no image within the limits does, the best one found is returned. Rounding alone would leave errors of up to
    a quantisation step; they are fed back until they are gone. Where a coarse sample is at a limit, the fine image may
    downscale to values beyond the limit.

    Parameters
    ----------
    fine : (P, Q, C) Tensor
    coarse : (M, N, C) Tensor
    operator : DownscalingOperator
        From (P, Q) to (M, N).
    quantisation_step : float
        Distance between allowed values, from 0 on; 0 allows any value.
    limits : (float, float)
        Least and greatest value.

    Returns
    -------
    (P, Q, C) Tensor
    """
    channels = zip(torch.split(fine, 1, 2), torch.split(coarse, 1, 2), strict=True)
    results = []
    for fine_channel, coarse_channel in channels:
        nearest = _project_within(fine_channel, coarse_channel, operator, limits, SLACK * quantisation_step)
        if quantisation_step:
            nearest = _round(nearest, coarse_channel, operator, limits, quantisation_step)
        results.append(nearest)
    return torch.cat(results, 2)


def _project_within(
    fine: Tensor, coarse: Tensor, operator: DownscalingOperator, limits: tuple[float, float], slack: float
) -> Tensor:
    """Return the nearest image within the limits that downscales to the coarse one.

    That image is x = clip(x0 + A^T l) for some l, which accelerated ascent finds (Nesterov 1983; Beck and Teboulle
    2009, doi:10.1137/080716542). Alternating projections would take hundreds of iterations where many samples are at a
    limit.
    """
    ahead, last, momentum = fine, fine, 1.0
    progress = _Progress()
    for _ in range(50):  # bounds the time where no such image exists
        fine = ahead.clamp(*limits)
        residual = operator.residual(fine, coarse, slack, limits)
        worst = float(residual.abs().max())
        if worst < 2e-4 or progress.has_ended(worst):  # a twentieth of an 8-bit step
            break
        moved = ahead + operator.pseudo_inverse(residual)
        next_momentum = (1 + math.sqrt(1 + 4 * momentum**2)) / 2
        ahead = moved + (momentum - 1) / next_momentum * (moved - last)
        last, momentum = moved, next_momentum
    return fine


def _round(
    fine: Tensor, coarse: Tensor, operator: DownscalingOperator, limits: tuple[float, float], step: float
) -> Tensor:
    """Round an image to multiples of ``step``, and feed the errors that show on the coarse grid back."""
    best, least = fine, math.inf
    progress = _Progress()
    generator = torch.Generator().manual_seed(0)
    for _ in range(80):  # bounds the time where no such image exists
        rounded = ((fine / step).round() * step).clamp(*limits)
        residual = operator.residual(rounded, coarse, limits=limits)
        if (worst := float(residual.abs().max())) < least:
            best, least = rounded, worst
        if least <= ROUNDED_SLACK * step or progress.has_ended(worst):
            break
        # small errors stay, for rounding has to make some; random shares keep pixels from flipping together
        shares = torch.rand(fine.shape, generator=generator).to(fine)
        correction = operator.pseudo_inverse(torch.where(residual.abs() > ROUNDED_SLACK * step, residual, 0))
        fine = (fine + shares * correction).clamp(*limits)
    return best


class _Progress:
    """Notice that an error no longer falls: 8 iterations in a row have not made it a tenth smaller."""

    def __init__(self) -> None:
        self.least, self.since = math.inf, 0

    def has_ended(self, error: float) -> bool:
        """Take the error of the next iteration."""
        self.since += 1
        if error < 0.9 * self.least:
            self.least, self.since = error, 0
        return self.since >= 8
