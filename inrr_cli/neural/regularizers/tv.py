"""Total variation."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from inrr_cli.neural.regularizers.base import Regularizer


class Tv(Regularizer):
    """``weight`` times the mean over the grid of |gradient|_1 (INRR paper, section 5.1; Rudin et al. 1992).

    The gradient is the difference to the next row or column drawn, per 1 / 255 of the axis, a pixel of 256; so a weight
    means the same at any size and on any subset.
    """

    def forward(self, image: Tensor, y: Tensor, x: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """Return the energy of ``image`` (R, C, K) at rows ``y`` (R,) and columns ``x`` (C,)."""
        total = _variation(image, y) + _variation(image.transpose(0, 1), x)
        return self.options.weight * total  # type: ignore[no-any-return]


def _variation(image: Tensor, coordinates: Tensor) -> Tensor:
    """Return the mean of |derivative along the first axis|, a scalar; two equal coordinates count as no change."""
    gap = coordinates.diff() / (2 / 255)
    if not len(gap):
        return image.sum() * 0
    slope = torch.where(gap > 1e-3, 1 / gap.clamp(min=1e-3), 0)
    return (image.diff(dim=0).abs().sum(2) * slope[:, None]).mean()
