"""Judge fills on known pixels that were hidden for the purpose: blend them, and scale the error bars.

No fill is best everywhere: a smooth map wants a thin plate, a large hole the smoothest guess, all else the patches.
What each does on hidden pixels, in the shape of the mask's own holes, says how much of each to take.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from inrr_cli.solvers.distance import DISTANCE_CLASSES, DISTANCE_LIMIT

GRID = 10  # blends are tried in steps of a tenth
FREED = 0.95  # squared error without a limit over that with one, below which there is none
NEGLIGIBLE = 1e-4  # root mean square error without a limit, below which there is none
PRIOR = 40  # hidden pixels of depth 1 that weigh as much as the belief in the patches
MIX = 0.7  # what a blend has to gain over a single fill
HANDICAP = 0.1  # part of the first fill's squared error on hidden pixels that is due to fewer rounds there
BIAS = (0.96, 1.02, 1.29, 1.44, 2.13)  # errors of missing pixels over those of hidden ones, by class; see `fit_blend`
LINES_BIAS = 0.85  # the same of scans of lines, found on other scans
LEAST_RATIO, TYPICAL_RATIO = 1e-5, 1.25  # of errors to deviations: at least, and in a noisy picture
NOISE_DOUBT = 0.4  # how unsure the variance of noise is, over how unsure the model's spread
SURE = 3  # times that doubt is what noise cannot hide
MOST = 1_000_000  # numbers a quantile can be taken of
ONE_SIGMA = 0.6827


@dataclass(frozen=True)
class BlendPrior:
    """What is believed of the fills of a scan of lines, before any is judged.

    Attributes
    ----------
    shares : tuple of float
        Of each fill in the blend, the patches first; their sum is 1.
    evidence : float
        How much of the evidence counts.
    spread : (float, float)
        Bounds of the spread, see `BlendWeights`: at least this part of what hidden pixels let expect, and at most what the
        known lines do.
    """

    shares: tuple[float, ...]
    evidence: float
    spread: tuple[float, float]


@dataclass(frozen=True)
class BlendWeights:
    """What the hidden pixels taught, by class of depth.

    Attributes
    ----------
    weights : (K, F) Tensor
        Share of each fill in the blend; rows sum to 1.
    limit : (K,) Tensor
        How many of the model's deviations from the first fill the others may lie, see `clip_to_interval`.
    spread : (K,) Tensor
        Factor of the model's deviation that makes it one sigma.
    """

    weights: Tensor
    limit: Tensor
    spread: Tensor

    def blend(self, fills: Tensor, deviation: Tensor, classes: Tensor) -> Tensor:
        """Blend fills (F, m, C) of pixels with the model's deviations (m, C) and classes of depth (m,): (m, C)."""
        believed = clip_to_interval(fills, self.limit[classes][:, None] * deviation)
        return (self.weights[classes].T[..., None] * believed).sum(0)


def fit_blend(
    truth: Tensor,
    fills: Tensor,
    variance: Tensor,
    excess: float,
    classes: Tensor,
    lines: BlendPrior | None = None,
) -> BlendWeights:
    """Find the blend of fills with the least error on hidden pixels, and how far its errors spread.

    Of each class k with n_k hidden pixels of depth d_k the evidence is e_k = n_k / (PRIOR d_k), for the errors of
    neighbours in a hole are alike. The first fill's errors are taken for a little smaller than they are, for it had
    fewer rounds to make them, and the others are limited to what `clip_to_interval` lets them be. The shares b minimise, with
    E_k the squared error of a blend in class k over that of the first fill, over a grid::

        overall:  sum_k e_k E_k(b) + |b - (1, 0, ...)|^2 / 2 + MIX (1 - max b)
        class k:         e_k E_k(b) + |b - overall|^2 / 2    + MIX (1 - max b)

    The spread of class k is the 68 % quantile of the hidden pixels' errors over the model's deviations, drawn to that
    of all classes where evidence is small, times BIAS; in a scan of lines it is bounded by what these show, and
    LINES_BIAS is the factor. Deep holes are seldom hidden where they are hard. BIAS is the geometric mean, over
    pictures of scikit-image with random, patch, textural, mixture and brush masks, of the true quantile over the judged
    (examples/calibration.py). The limit is the same of the first fill alone, without BIAS; there is none where hidden
    pixels are better without one or nothing swings that far, as on very smooth maps.

    Parameters
    ----------
    truth : (m, C) Tensor
        Hidden pixels.
    fills : (F, m, C) Tensor
        Candidates, the first of which is trusted unless others are clearly better.
    variance : (m, C) Tensor
        The model's variances of the truth without its noise.
    excess : float
        Variance of that noise.
    classes : (m,) Tensor of int64
    lines : BlendPrior, optional
        With a scan of lines the belief in each fill. What the patches find along lines need not hold across them, and
        hidden lines say little (see `LineScan`): they hardly count, and no fill is limited.
    """
    number = len(DISTANCE_CLASSES) + 1
    evidence = torch.bincount(classes, minlength=number).to(truth) / (
        PRIOR * truth.new_tensor((*DISTANCE_CLASSES, DISTANCE_LIMIT))
    )
    unlimited = torch.full_like(evidence, torch.inf)
    case = truth, fills, variance.sqrt(), classes, evidence, lines
    if lines is not None:
        weights, errors = _weigh(*case, unlimited)
        spread = _spread(errors, variance, excess, classes, evidence)
        part, most = lines.spread
        return BlendWeights(weights, unlimited, LINES_BIAS * spread.clamp(max=most).maximum(part * spread))
    limit = _spread(fills[0] - truth, variance, excess, classes, evidence)
    weights, errors = _weigh(*case, limit)
    free_weights, free_errors = _weigh(*case, unlimited)
    least = max(FREED * errors.square().sum().item(), NEGLIGIBLE**2 * errors.numel())
    if free_errors.square().sum().item() < least:
        limit, weights, errors = unlimited, free_weights, free_errors
    spread = _spread(errors, variance, excess, classes, evidence)
    return BlendWeights(weights, limit, truth.new_tensor(BIAS) * spread)


def _weigh(
    truth: Tensor,
    fills: Tensor,
    deviation: Tensor,
    classes: Tensor,
    evidence: Tensor,
    lines: BlendPrior | None,
    limit: Tensor,
) -> tuple[Tensor, Tensor]:
    """Find the weights (K, F) of `fit_blend` with a limit (K,), and what errors (m, C) the blend then has."""
    steps = torch.cartesian_prod(*[torch.arange(GRID + 1)] * (len(fills) - 1)).reshape(-1, len(fills) - 1)
    steps = steps[steps.sum(1) <= GRID].to(truth)
    blends = torch.cat([GRID - steps.sum(1, keepdim=True), steps], 1) / GRID
    patches = torch.zeros_like(blends[0])
    patches[0] = 1
    belief, handicap, mix, weight = patches, HANDICAP, MIX, 1.0
    if lines is not None:
        belief, handicap, mix, weight = truth.new_tensor(lines.shares), 0.0, 0.0, lines.evidence
    errors = clip_to_interval(fills, limit[classes][:, None] * deviation) - truth
    least = errors * (1 - handicap * patches).sqrt()[:, None, None]
    costs = truth.new_zeros(len(evidence), len(blends))
    for k in evidence.nonzero()[:, 0]:
        gram = torch.einsum("fmc,gmc->fg", least[:, classes == k], least[:, classes == k])
        costs[k] = ((blends @ gram) * blends).sum(1) / gram[0, 0].clamp(min=1e-12)
    costs *= weight
    overall = _least(blends, belief, evidence @ costs, mix)
    weights = torch.stack([_least(blends, overall, e * cost, mix) for e, cost in zip(evidence, costs, strict=True)])
    return weights, (weights[classes].T[..., None] * errors).sum(0)


def quantile(sizes: Tensor) -> float:
    """68 % quantile of some numbers."""
    return torch.quantile(sizes.flatten()[:MOST], ONE_SIGMA).item()


def clip_to_interval(fills: Tensor, reach: Tensor) -> Tensor:
    """Limit fills (F, m, C) to a ``reach`` (m, 1) or (m, C) around the first.

    A thin plate swings wide where a bright spot touches a hole; what the patches hold for very unlikely is not taken.
    """
    return torch.cat([fills[:1], fills[:1] + (fills[1:] - fills[:1]).clamp(-reach, reach)])


def _spread(errors: Tensor, variance: Tensor, excess: float, classes: Tensor, evidence: Tensor) -> Tensor:
    """68 % quantile of errors (m, C) over deviations, by class; near that of all where evidence (K,) is small: (K,).

    The noise of the hidden pixels, whose variance ``excess`` is known to about a fifth, is no error: it is taken away,
    and where it hides what is left, a typical spread is believed, unless even the doubt about it is small.
    """
    ratio = (errors.square() - excess) / variance.clamp(min=1e-12)
    ratios = torch.zeros_like(evidence)  # their logarithms
    for k in evidence.nonzero()[:, 0]:
        seen = max(quantile(ratio[classes == k]), LEAST_RATIO**2)
        doubt = NOISE_DOUBT * excess / variance[classes == k].mean().clamp(min=1e-12)
        share = 1 / (1 + (doubt / seen) ** 2)  # 0 where the square is too large for a number
        believed = share * seen + (1 - share) * TYPICAL_RATIO**2
        ratios[k] = believed.clamp(max=seen + SURE * doubt).sqrt().log()
    common = evidence @ ratios / (1 + evidence.sum())
    return ((common + evidence * ratios) / (1 + evidence)).exp()


def _least(blends: Tensor, expected: Tensor, cost: Tensor, mix: float) -> Tensor:
    """Return the blend of least cost near the expected one, by ``mix`` rather of one fill than of several."""
    belief = (blends - expected).square().sum(1) / 2 + mix * (1 - blends.amax(1))
    return blends[torch.argmin(cost + belief)]
