"""Blend fills by their errors on hidden pixels.

No fill is best everywhere: a smooth map wants a thin plate, a large hole the smoothest estimate, most else the patches.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from inrr_cli.holdout.calibration import LINE_SCAN_BIAS, SIGMA_BIAS, fit_sigma_factor
from inrr_cli.solvers.distance import DISTANCE_CLASSES, DISTANCE_LIMIT

SHARE_STEPS = 10  # shares are multiples of a tenth, so that all blends can be compared
PRIOR_PIXELS = 40  # hidden pixels beside known ones that weigh as much as the prior; empirical
PRIOR_PLACES = 3  # places whose errors weigh as much as the model's deviations; empirical
MIXTURE_PENALTY = 0.7  # gain that a mixture needs over a single fill; empirical
PATCH_HANDICAP = 0.1  # part of the patches' squared error that is due to fewer iterations on hidden pixels; empirical


@dataclass(frozen=True)
class BlendPrior:
    """Prior of the blend in a scan of lines.

    Attributes
    ----------
    shares : tuple of float
        Share of each fill in the blend, that of the patches first; their sum is 1.
    evidence_weight : float
        Factor of the evidence of hidden pixels.
    sigma_bounds : (float, float)
        Bounds of the sigma factor, see `BlendWeights`: the least part of the factor on hidden pixels, and the largest
        factor, which the known lines show.
    """

    shares: tuple[float, ...]
    evidence_weight: float
    sigma_bounds: tuple[float, float]


@dataclass(frozen=True)
class BlendWeights:
    """Result of `fit_blend`, by class of distance.

    Attributes
    ----------
    weights : (K, F) Tensor
        Share of each fill in the blend; rows sum to 1.
    limit : (K,) Tensor
        How far the other fills may lie from the first, in the model's deviations; see `clip_to_interval`.
    sigma_factor : (K,) Tensor
        Factor of the model's deviation that makes one standard deviation of the true errors.
    """

    weights: Tensor
    limit: Tensor
    sigma_factor: Tensor

    def blend(self, fills: Tensor, deviation: Tensor, classes: Tensor) -> Tensor:
        """Blend fills (F, m, C) with the model's deviations (m, C) and classes of distance (m,): (m, C)."""
        clipped = clip_to_interval(fills, self.limit[classes][:, None] * deviation)
        return (self.weights[classes].T[..., None] * clipped).sum(0)


def fit_blend(
    truth: Tensor,
    fills: Tensor,
    variance: Tensor,
    classes: Tensor,
    prior: BlendPrior | None = None,
    places: Tensor | None = None,
) -> BlendWeights:
    """Find the blend of fills with the least error on hidden pixels, and calibrate its sigma.

    With the evidence e_k of `evidence_by_class`, and E_k(b) the squared error of a blend with shares b in class k over
    that of the first fill, shares on a grid minimise::

        overall:  sum_k e_k E_k(b) + |b - (1, 0, ...)|^2 / 2       + MIXTURE_PENALTY (1 - max b)
        class k:        e_k E_k(b) + |b - overall|^2 / 2           + MIXTURE_PENALTY (1 - max b)

    The first fill's squared errors count PATCH_HANDICAP less. The others are limited by `clip_to_interval`, to the
    sigma factor of the first fill's errors, unless the errors are at least 5 % smaller without a limit, or negligible,
    as on very smooth maps.

    Parameters
    ----------
    truth : (m, C) Tensor
        Hidden pixels, with their noise.
    fills : (F, m, C) Tensor
        That of the patches first, which is the prior.
    variance : (m, C) Tensor
        Variances that hidden pixels have by the patch model, their noise included.
    classes : (m,) Tensor of int64
        Classes of distance.
    prior : BlendPrior, optional
        Of a scan of lines: hidden lines tell little of the fills between lines (see `LineScan`), so the prior replaces
        that of the patches, and no fill is limited, handicapped or penalised.
    places : (K,) Tensor, optional
        Places of hidden pixels that are apart, by `count_places`: evidence of the sigma factor where known pixels are
        so few that those hidden are alone.
    """
    count = torch.bincount(classes, minlength=len(DISTANCE_CLASSES) + 1).to(truth)
    evidence = evidence_by_class(count, PRIOR_PIXELS)
    unlimited = torch.full_like(evidence, torch.inf)
    case = truth, fills, variance.sqrt(), classes, evidence, prior
    weights, errors = _fit_weights(*case, unlimited)
    if prior is not None:
        factor = fit_sigma_factor(errors, variance, classes, evidence)
        part, most = prior.sigma_bounds
        return BlendWeights(weights, unlimited, LINE_SCAN_BIAS * factor.clamp(max=most).maximum(part * factor))
    limit = fit_sigma_factor(fills[0] - truth, variance, classes, evidence)
    limited_weights, limited_errors = _fit_weights(*case, limit)
    bound = max(0.95 * limited_errors.square().sum().item(), 1e-4**2 * limited_errors.numel())
    if errors.square().sum().item() < bound:
        limit = unlimited
    else:
        weights, errors = limited_weights, limited_errors
    if places is not None:
        evidence = evidence.maximum(places / PRIOR_PLACES)
    factor = fit_sigma_factor(errors, variance, classes, evidence)
    return BlendWeights(weights, limit, truth.new_tensor(SIGMA_BIAS) * factor)


def fit_share(truth: Tensor, first: Tensor, second: Tensor, classes: Tensor) -> Tensor:
    """Find the share of the first of two fills (m, C) with the least error on hidden pixels, in closed form.

    With the evidence e_k of `evidence_by_class`, and E_k(w) the squared error in class k of a blend with the share w,
    the result minimises ``sum_k e_k E_k(w) / E_k(1/2)`` over [0, 1].
    """
    difference, error = first - second, truth - second
    count, curvature, slope, even = truth.new_zeros(4, len(DISTANCE_CLASSES) + 1)
    for total, values in (
        (count, torch.ones_like(error)),
        (curvature, difference.square()),
        (slope, difference * error),
        (even, (error - difference / 2).square()),
    ):
        total.index_add_(0, classes, values.sum(1))
    weight = evidence_by_class(count) / even.clamp(min=1e-12)
    share: Tensor = weight @ slope / (weight @ curvature).clamp(min=1e-12)
    return share.clamp(0, 1)


def evidence_by_class(count: Tensor, unit: float = 1.0) -> Tensor:
    """Return the evidence n_k / (unit d_k) of n_k hidden pixels in each class of distance, by their ``count`` (K,).

    d_k is the largest distance of the class: the errors of neighbours in a hole are alike.
    """
    return count / (unit * count.new_tensor((*DISTANCE_CLASSES, DISTANCE_LIMIT)))


def clip_to_interval(fills: Tensor, radius: Tensor) -> Tensor:
    """Clip fills (F, m, C) to the interval of a ``radius`` (m, 1) or (m, C) around the first fill.

    A thin plate swings wide where a bright spot touches a hole; the patch model holds such values for very unlikely.
    """
    return torch.cat([fills[:1], fills[:1] + (fills[1:] - fills[:1]).clamp(-radius, radius)])


def _fit_weights(
    truth: Tensor,
    fills: Tensor,
    deviation: Tensor,
    classes: Tensor,
    evidence: Tensor,
    prior: BlendPrior | None,
    limit: Tensor,
) -> tuple[Tensor, Tensor]:
    """Find the weights (K, F) of `fit_blend` with a limit (K,), and the errors (m, C) of the blend."""
    others = torch.cartesian_prod(*[torch.arange(SHARE_STEPS + 1)] * (len(fills) - 1)).reshape(-1, len(fills) - 1)
    others = others[others.sum(1) <= SHARE_STEPS].to(truth)
    blends = torch.cat([SHARE_STEPS - others.sum(1, keepdim=True), others], 1) / SHARE_STEPS
    patches = torch.zeros_like(blends[0])
    patches[0] = 1
    expected, handicap, penalty, weight = patches, PATCH_HANDICAP, MIXTURE_PENALTY, 1.0
    if prior is not None:
        expected, handicap, penalty, weight = truth.new_tensor(prior.shares), 0.0, 0.0, prior.evidence_weight
    errors = clip_to_interval(fills, limit[classes][:, None] * deviation) - truth
    scaled = errors * (1 - handicap * patches).sqrt()[:, None, None]
    costs = truth.new_zeros(len(evidence), len(blends))
    for k in evidence.nonzero()[:, 0]:
        gram = torch.einsum("fmc,gmc->fg", scaled[:, classes == k], scaled[:, classes == k])
        costs[k] = ((blends @ gram) * blends).sum(1) / gram[0, 0].clamp(min=1e-12)
    costs *= weight
    overall = _best_blend(blends, expected, evidence @ costs, penalty)
    pairs = zip(evidence, costs, strict=True)
    weights = torch.stack([_best_blend(blends, overall, e * cost, penalty) for e, cost in pairs])
    return weights, (weights[classes].T[..., None] * errors).sum(0)


def _best_blend(blends: Tensor, expected: Tensor, cost: Tensor, penalty: float) -> Tensor:
    """Return the blend with the least sum of its ``cost``, its distance from the expected one and the ``penalty``."""
    distance = (blends - expected).square().sum(1) / 2
    return blends[torch.argmin(cost + (distance + penalty * (1 - blends.amax(1))))]
