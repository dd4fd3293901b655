"""The norm of the network's weights."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from inrr_cli.neural.regularizers.base import Regularizer


class L2(Regularizer):
    """``weight * sum_l |W_l|_2`` over the layers of the representation (INRR paper, section 5.1).

    The norm is the root of the sum of squares over all entries of a layer; the image is not used.
    """

    def forward(self, image: Tensor, y: Tensor, x: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """Return the energy of the ``weights``, stacks (..., out, in)."""
        norms = [torch.linalg.matrix_norm(weight).sum() for weight in weights]
        return self.options.weight * torch.stack(norms).sum()  # type: ignore[no-any-return]
