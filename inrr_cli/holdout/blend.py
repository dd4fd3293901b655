"""Blend fills by their errors on hidden samples.

No fill is best everywhere: a smooth map wants a thin plate or a smoother surface, most else the patches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from inrr_cli.holdout.calibration import one_sigma_factors

RIDGE = 30.0  # hidden samples that weigh as much as the preference for the first fill beside known samples; empirical
SHARE_MINIMUM = 0.1  # smaller shares gain nothing, and each costs the fill of a whole image
TINY = 1e-14  # of squared errors: smaller ones are those of float32
TINY_DEVIATION = TINY**0.5


@dataclass(frozen=True)
class Blend:
    """A blend of fills, and how far the deviations of the first fill's model must be widened to be those of its errors.

    Attributes
    ----------
    shares : (D, F) Tensor
        Shares of the fills at each distance 1, ..., D to the nearest known sample: at least 0, their sum is 1.
    sigma_factor : (P, C) Tensor
        For each plane of samples and each of a sample's values.
    """

    shares: Tensor
    sigma_factor: Tensor

    def __call__(self, fills: Tensor, distance: Tensor) -> Tensor:
        """Blend fills (F, m, C) of samples at each distance (m,), at least 1 and of int64: (m, C)."""
        return (self.shares.to(fills)[distance - 1].T[..., None] * fills).sum(0)


def fit_blend(
    truth: Tensor,
    fills: Tensor,
    deviation: Tensor,
    distance: Tensor,
    plane: Tensor,
    *,
    planes: int,
    largest: int,
) -> Blend:
    """Find the blend of fills with the least error on hidden samples, and calibrate its error bars.

    The error bars are split conformal (Lei et al. 2018, doi:10.1080/01621459.2017.1307116): ``sigma_factor`` is the
    68 % quantile of errors over deviations on the hidden samples of a plane, of all planes where fewer than
    CALIBRATION_MINIMUM are of that one, and 1 without hidden samples. Planes and values may be of unlike scales: the
    least ones would tell nothing of the others.

    Parameters
    ----------
    truth : (m, C) Tensor
        Hidden samples, with their noise.
    fills : (F, m, C) Tensor
        That of the patches first, which `fit_shares` prefers.
    deviation : (m, C) Tensor
        Deviations that hidden samples have by the patch model, their noise included.
    distance, plane : (m,) Tensor of int64
        How far each hidden sample is from the nearest known one, and the plane that it is of, below ``planes``.
    planes, largest : int
        P, and the largest distance of a sample that is to be blended.
    """
    shares = fit_shares(fills - truth, max([largest, *distance.tolist()]))
    blend = Blend(shares, truth.new_ones(planes, truth.shape[1]))
    ratio = (blend(fills, distance) - truth).abs() / deviation.clamp(min=TINY_DEVIATION)
    return replace(blend, sigma_factor=one_sigma_factors([ratio[plane == number] for number in range(planes)]))


def fit_shares(errors: Tensor, largest: int = 1) -> Tensor:
    """Find the shares of fills with the least squared error on hidden samples.

    With the sum of squares E(b) of the errors of a blend with shares b, and v the least mean square of a single fill, b
    minimises over the simplex ``E(b) / v + RIDGE sqrt(d) |b - (1, 0, ...)|^2`` at a distance d to known samples: the
    deeper, the less hidden samples tell, most of which are not as deep, and a smooth fill may be far off there.

    Fills with shares below SHARE_MINIMUM at every distance are left out, and the others fitted again.

    Parameters
    ----------
    errors : (F, m, C) Tensor
        Of each fill at hidden samples.
    largest : int
        D, the largest distance.

    Returns
    -------
    (D, F) Tensor of float64, on the cpu
        The first fill alone without hidden samples.
    """
    flat = errors.cpu().double().flatten(1)  # MPS has no float64
    gram, count = flat @ flat.T, len(flat)
    gram = gram / (gram.diagonal().min() / max(1, errors.shape[1]) + TINY)
    identity = torch.eye(count, dtype=gram.dtype)

    def solve(kept: Tensor) -> Tensor:
        shares = gram.new_zeros(largest, count)
        for distance in range(1, largest + 1):
            ridge = RIDGE * math.sqrt(distance)
            matrix = (gram + ridge * identity)[kept][:, kept]
            shares[distance - 1, kept] = least_squares_on_simplex(matrix, ridge * identity[0, kept])
        return shares

    shares = solve(torch.ones(count, dtype=torch.bool))
    return solve((shares >= SHARE_MINIMUM).any(0))


def least_squares_on_simplex(matrix: Tensor, target: Tensor) -> Tensor:
    """Minimise x^T A x - 2 b^T x over x >= 0 whose sum is 1, exactly, for a positive definite A (F, F) and b (F,).

    The minimum over each set of non-zero elements is a linear system; the least of those without negative ones is the
    solution. Meant for few elements: there are 2^F - 1 sets.
    """
    size = len(target)
    best, least = target, torch.inf
    for number in range(1, 2**size):
        chosen = [element for element in range(size) if number >> element & 1]
        inverse = torch.linalg.inv(matrix[chosen][:, chosen])
        free, ones = inverse @ target[chosen], inverse.sum(1)
        x = torch.zeros_like(target)
        x[chosen] = free + ones * (1 - free.sum()) / ones.sum()
        cost = float(x @ matrix @ x - 2 * target @ x)
        if bool((x >= 0).all()) and cost < least:
            best, least = x, cost
    return best
