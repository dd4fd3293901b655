"""AIR: a Dirichlet energy of rows and columns whose adjacency matrices are free."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from inrr_cli.neural.coordinates import pixel_positions
from inrr_cli.neural.regularizers.base import DirichletEnergy, laplacian


class Air(DirichletEnergy):
    """``weight * (E_rows + E_columns)`` with E = tr(X^T L X), L = D - A (Li et al. 2022, arXiv:2110.14934).

    A = (S + S^T) / 2 without its diagonal, where S is the softmax along rows of -W and W (n, n) is free. Neighbouring
    rows are independent, unlike in INRR. For m rows of the n, their part of A is multiplied by n / m, which keeps the
    mean degree.
    """

    def __init__(self, options: Any, shape: tuple[int, int, int], *, generator: torch.Generator) -> None:
        super().__init__(options, shape, generator=generator)
        self.rows, self.columns = (nn.Parameter(torch.randn(n, n, generator=generator)) for n in shape[:2])

    def forward(self, image: Tensor, y: Tensor, x: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """Return the energy of the rows at ``y`` (R,) and of the columns at ``x`` (C,) of ``image`` (R, C, K)."""
        row_laplacian, column_laplacian = self.laplacians(y, x)
        rows, columns = image.flatten(1), image.transpose(0, 1).flatten(1)
        total = (rows * (row_laplacian @ rows)).sum() + (columns * (column_laplacian @ columns)).sum()
        return self.options.weight * total / (len(rows) * len(columns))  # type: ignore[no-any-return]

    def laplacians(self, y: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the Laplacians (R, R) and (C, C) at the pixels nearest to the coordinates."""
        return laplacian(_adjacency(self.rows, y)), laplacian(_adjacency(self.columns, x))


def _adjacency(free: Tensor, coordinates: Tensor) -> Tensor:
    """Return A (m, m) of W (n, n) at coordinates (m,)."""
    index = pixel_positions(coordinates, len(free)).round().long()
    s = torch.softmax(-free, 1)
    half = s[index][:, index] / 2
    return (half + half.T).fill_diagonal_(0) * (len(free) / len(index))
