"""Calibration: the factor between a model's deviations and one standard deviation of the true errors."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from inrr_cli.metrics import ONE_SIGMA

SIZES_MAXIMUM = 100_000  # that a quantile is taken of: it is known to 0.5 % then
CALIBRATION_MINIMUM = 20  # samples: the quantile of fewer may be off by a third


def one_sigma_factors(groups: Sequence[Tensor]) -> Tensor:
    """Return the 68 % quantiles (G, ...) of groups of sizes (m_g, ...): errors over deviations.

    A group of fewer than CALIBRATION_MINIMUM has those of all; without any sizes they are 1.
    """
    together = torch.cat(list(groups))
    if not len(together):
        return together.new_ones(len(groups), *together.shape[1:])
    pooled = one_sigma_quantile(together)
    return torch.stack([one_sigma_quantile(own) if len(own) >= CALIBRATION_MINIMUM else pooled for own in groups])


def one_sigma_quantile(sizes: Tensor) -> Tensor:
    """Return the 68 % quantile of each column of sizes (m, ...), of evenly spaced rows where there are many."""
    return torch.quantile(sizes[:: -(-len(sizes) // SIZES_MAXIMUM)], ONE_SIGMA, dim=0)
