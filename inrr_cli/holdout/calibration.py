"""Sigma calibration: the factor between the model's deviations and one standard deviation of the true errors."""

from __future__ import annotations

import torch
from torch import Tensor

from inrr_cli.metrics import ONE_SIGMA

# errors of missing pixels over those of hidden ones, by class of distance, as holes that are hard to fill are seldom
# hidden: geometric means over 16 scikit-image pictures and 5 kinds of mask, by examples/calibration.py
SIGMA_BIAS = (0.96, 1.02, 1.29, 1.44, 2.13)
LINE_SCAN_BIAS = 0.85  # the same of scans of lines, measured on other scans
NOISE_VARIANCE_DOUBT = 0.4  # relative error of the noise's variance: its deviation is known to about a fifth
TYPICAL_RATIO = 1.25  # of errors to the model's deviations; empirical


def one_sigma_quantile(sizes: Tensor) -> float:
    """Return the 68 % quantile of sizes of any shape, of the first million."""
    return torch.quantile(sizes.flatten()[:1_000_000], ONE_SIGMA).item()


def fit_sigma_factor(
    errors: Tensor, variance: Tensor, noise_variance: float, classes: Tensor, evidence: Tensor
) -> Tensor:
    """Find the 68 % quantile of errors over the model's deviations, by class of distance.

    The squared errors hold the noise of the hidden pixels, which is subtracted. If the noise hides the rest, the
    quantile is drawn to TYPICAL_RATIO, unless even three times the doubt about the noise is less. Where evidence is
    small, the quantile of a class is drawn to that of all classes.

    The parameters are those of `fit_blend`, the errors (m, C) of a fill, and the evidence (K,) of each class. Returns
    the factors (K,).
    """
    squares = (errors.square() - noise_variance) / variance.clamp(min=1e-12)
    log_factors = torch.zeros_like(evidence)
    for k in evidence.nonzero()[:, 0]:
        measured = max(one_sigma_quantile(squares[classes == k]), 1e-5**2)
        doubt = NOISE_VARIANCE_DOUBT * noise_variance / variance[classes == k].mean().clamp(min=1e-12)
        share = 1 / (1 + (doubt / measured) ** 2)  # 0 where the square overflows
        expected = share * measured + (1 - share) * TYPICAL_RATIO**2
        log_factors[k] = expected.clamp(max=measured + 3 * doubt).sqrt().log()
    common = evidence @ log_factors / (1 + evidence.sum())
    return ((common + evidence * log_factors) / (1 + evidence)).exp()
