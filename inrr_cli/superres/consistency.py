"""Consistency: move an enlarged image so that it downscales to the input and holds only values of the input's type."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from inrr_cli.superres.downscaling import DownscalingOperator

# in quantisation steps: half a step is what the input's own rounding explains, less a margin for float arithmetic
SLACK = 0.45  # of an image that is not yet rounded
ROUNDED_SLACK = 0.48


@dataclass(frozen=True)
class Bounds:
    """What the values of an enlarged image may be.

    Attributes
    ----------
    low, high : (P, Q, 1) Tensor, or float
        Least and greatest value of each pixel.
    limits : (float, float)
        Least and greatest value that an image can hold. Where a coarse sample is at a limit, the fine image may
        downscale to values beyond the limit.
    step : float
        Distance between the values of the fine image, and of the bounds; 0 allows any value.
    """

    low: Tensor | float
    high: Tensor | float
    limits: tuple[float, float]
    step: float

    def clamp(self, fine: Tensor) -> Tensor:
        """Move values to the nearest within the bounds."""
        return torch.minimum(torch.maximum(fine, torch.as_tensor(self.low)), torch.as_tensor(self.high))


def enforce_consistency(fine: Tensor, coarse: Tensor, operator: DownscalingOperator, bounds: Bounds) -> Tensor:
    """Move an image as little as possible so that it downscales to the coarse one, and round it to allowed values.

    Where no image within the bounds does, the best one found is returned. Rounding alone would leave errors of up to
    a quantisation step; they are fed back until they are gone.

    Parameters
    ----------
    fine : (P, Q, 1) Tensor
    coarse : (M, N, 1) Tensor
    operator : DownscalingOperator
        From (P, Q) to (M, N).
    bounds : Bounds

    Returns
    -------
    (P, Q, 1) Tensor
    """
    nearest = _project_within(fine, coarse, operator, bounds)
    return _round(nearest, coarse, operator, bounds) if bounds.step else nearest


def _project_within(fine: Tensor, coarse: Tensor, operator: DownscalingOperator, bounds: Bounds) -> Tensor:
    """Return the nearest image within the bounds that downscales to the coarse one.

    That image is x = clip(x0 + A^T l) for some l, which accelerated ascent finds (Nesterov 1983; Beck and Teboulle
    2009, doi:10.1137/080716542). Alternating projections would take hundreds of iterations where many samples are at a
    bound.
    """
    ahead, last, momentum = fine, fine, 1.0
    progress = _Progress()
    for _ in range(50):  # bounds the time where no such image exists
        fine = bounds.clamp(ahead)
        residual = operator.residual(fine, coarse, SLACK * bounds.step, bounds.limits)
        worst = float(residual.abs().max())
        if worst < 2e-4 or progress.has_ended(worst):  # a twentieth of an 8-bit step
            break
        moved = ahead + operator.pseudo_inverse(residual)
        next_momentum = (1 + math.sqrt(1 + 4 * momentum**2)) / 2
        ahead = moved + (momentum - 1) / next_momentum * (moved - last)
        last, momentum = moved, next_momentum
    return fine


def _round(fine: Tensor, coarse: Tensor, operator: DownscalingOperator, bounds: Bounds) -> Tensor:
    """Round an image to multiples of the step, and feed the errors that show on the coarse grid back."""
    best, least, step = fine, math.inf, bounds.step
    progress = _Progress()
    generator = torch.Generator().manual_seed(0)
    for _ in range(80):  # bounds the time where no such image exists
        rounded = bounds.clamp((fine / step).round() * step)
        residual = operator.residual(rounded, coarse, limits=bounds.limits)
        if (worst := float(residual.abs().max())) < least:
            best, least = rounded, worst
        if least <= ROUNDED_SLACK * step or progress.has_ended(worst):
            break
        # small errors stay, for rounding has to make some; random shares keep pixels from flipping together
        shares = torch.rand(fine.shape, generator=generator).to(fine)
        correction = operator.pseudo_inverse(torch.where(residual.abs() > ROUNDED_SLACK * step, residual, 0))
        fine = bounds.clamp(fine + shares * correction)
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
