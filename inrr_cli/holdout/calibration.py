"""Sigma calibration: the factor between the model's deviations and one standard deviation of the true errors."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from inrr_cli.metrics import ONE_SIGMA

# errors of missing pixels over those of hidden ones, by class of distance, as holes that are hard to fill are seldom
# hidden: geometric means over 16 scikit-image pictures and 5 kinds of mask, by examples/calibration.py
SIGMA_BIAS = (0.93, 1.00, 1.24, 1.31, 1.70)
LINE_SCAN_BIAS = 0.85  # the same of scans of lines, measured on other scans
RATIO_MINIMUM = 1e-5  # of errors to deviations: no error bar vanishes


def one_sigma_quantile(sizes: Tensor) -> float:
    """Return the 68 % quantile of sizes of any shape, of the first million."""
    return torch.quantile(sizes.flatten()[:1_000_000], ONE_SIGMA).item()


def fit_sigma_factor(errors: Tensor, variance: Tensor, classes: Tensor, evidence: Tensor) -> Tensor:
    """Find the 68 % quantile of errors over the expected deviations, by class of distance.

    Where evidence is small, the quantile of a class is drawn to that of all classes.

    Parameters
    ----------
    errors : (m, C) Tensor
        Differences of a fill from hidden pixels, noise included.
    variance : (m, C) Tensor
        Expected squares of the errors: the model's variance and that of the noise.
    classes : (m,) Tensor of int64
        Classes of distance.
    evidence : (K,) Tensor
        Of each class, see `evidence_by_class`.

    Returns
    -------
    (K,) Tensor
    """
    ratios = errors.abs() / variance.clamp(min=1e-12).sqrt()
    log_factors = torch.zeros_like(evidence)
    for k in evidence.nonzero()[:, 0]:
        log_factors[k] = math.log(max(one_sigma_quantile(ratios[classes == k]), RATIO_MINIMUM))
    common = evidence @ log_factors / (1 + evidence.sum())
    return ((common + evidence * log_factors) / (1 + evidence)).exp()
