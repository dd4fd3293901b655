"""Deep matrix factorisation: no network of coordinates, but a product of free matrices."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from inrr_cli.neural.interfaces import Representation

DEVIATION = 1e-3  # of the initial factors


class Dmf(Representation):
    """The picture as ``W_1 W_2 ... W_n``, channels side by side (Arora et al. 2019, arXiv:1905.13655).

    Gradient descent on the factors from a small start prefers pictures of low rank. The result is not bounded to
    [0, 1]. Between pixels it is interpolated linearly.
    """

    def __init__(self, options: Any, shape: tuple[int, int, int], *, generator: torch.Generator) -> None:
        super().__init__(options, shape, generator=generator)
        rows, columns, self.channels = shape
        self.inner = min(rows, columns) if options.factors > 1 else columns * self.channels
        sizes = [rows, *[self.inner] * (options.factors - 1), columns * self.channels]
        self.factors = nn.ParameterList(
            nn.Parameter(DEVIATION * torch.randn(m, n, generator=generator)) for m, n in pairwise(sizes)
        )

    def forward(self, y: Tensor, x: Tensor) -> Tensor:
        """Render a grid (R,), (C,) to (R, C, K)."""
        first, *others = self.factors
        product = reduce(torch.matmul, others, _between(first, y))
        pictures = product.reshape(len(y), -1, self.channels)
        return _between(pictures.transpose(0, 1), x).transpose(0, 1)

    def matrices(self) -> list[nn.Parameter]:
        """Return nothing: low rank comes from plain gradients, which an optimiser of matrices would even out."""
        return []

    def weights(self) -> list[Tensor]:
        """Return the factors."""
        return list(self.factors)


def _between(rows: Tensor, places: Tensor) -> Tensor:
    """Linear interpolation of (n, ...) rows at coordinates (m,), -1 at the first and 1 at the last: (m, ...)."""
    if len(rows) == 1:
        return rows.expand(len(places), *rows.shape[1:])
    position = ((places + 1) / 2 * (len(rows) - 1)).clamp(0, len(rows) - 1)
    low = position.long().clamp(max=len(rows) - 2)
    share = (position - low).view(-1, *[1] * (rows.ndim - 1))
    return torch.lerp(rows[low], rows[low + 1], share.to(rows))
