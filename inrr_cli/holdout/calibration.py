"""Calibration: the factor between a model's deviations and one standard deviation of the true errors."""

from __future__ import annotations

import torch
from torch import Tensor

from inrr_cli.metrics import ONE_SIGMA


def one_sigma_quantile(sizes: Tensor) -> float:
    """Return the 68 % quantile of sizes of any shape, of the first million."""
    return torch.quantile(sizes.flatten()[:1_000_000], ONE_SIGMA).item()
