"""AIR: a Dirichlet energy of rows and columns whose adjacency matrices are free."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from inrr_cli.neural.interfaces import DirichletEnergy
from inrr_cli.neural.regularizers.inrr import laplacian


class Air(DirichletEnergy):
    """``weight * (E_rows + E_columns)`` with E = tr(X^T L X), L = D - A (Li et al. 2022, arXiv:2110.14934).

    A = (S + S^T) / 2 without its diagonal, S the softmax along rows of -W, W free (n, n). Nothing ties neighbouring
    rows together, which is what INRR adds. Of m rows of n, A is that of the n, times n / m: a mean degree stays.
    """

    def __init__(self, options: Any, shape: tuple[int, int, int], *, generator: torch.Generator) -> None:
        super().__init__(options, shape, generator=generator)
        self.weight = options.weight
        self.rows, self.columns = (nn.Parameter(torch.randn(n, n, generator=generator)) for n in shape[:2])

    def forward(self, image: Tensor, y: Tensor, x: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """Energy of the rows at ``y`` (R,) and of the columns at ``x`` (C,) of ``image`` (R, C, K)."""
        of_rows, of_columns = self.laplacians(y, x)
        rows, columns = image.flatten(1), image.transpose(0, 1).flatten(1)
        total = (rows * (of_rows @ rows)).sum() + (columns * (of_columns @ columns)).sum()
        return self.weight * total / (len(rows) * len(columns))  # type: ignore[no-any-return]

    def laplacians(self, y: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Laplacians (R, R) and (C, C); coordinates are those of pixels."""
        return laplacian(_adjacency(self.rows, y)), laplacian(_adjacency(self.columns, x))


def _adjacency(free: Tensor, places: Tensor) -> Tensor:
    """Return A of the pixels at coordinates (m,)."""
    length = len(free)
    at = ((places + 1) / 2 * (length - 1)).round().long().clamp(0, length - 1)
    s = torch.softmax(-free, 1)
    half = s[at][:, at] / 2
    return (half + half.T).fill_diagonal_(0) * (length / len(at))
