"""INRR: a Dirichlet energy of rows and columns whose Laplacians are learned by tiny networks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from inrr_cli.neural.layers import sine_layers
from inrr_cli.neural.regularizers.base import DirichletEnergy, laplacian


class Inrr(DirichletEnergy):
    """``weight * (E_rows + E_columns)`` with E = tr(X^T L X) and L = D - A, where a tiny network gives A.

    The network g maps the coordinate of row i to g_i in R^r, r = 256.
    There are two adjacencies (paper, section 4.2):

    - ``softmax``, the released recipe: A = G G^T, where row i of G is the softmax of g_i.
    - ``exp``, the paper's formula: A_ij = exp(g_i . g_j / r) over the sum of all entries off the diagonal. Division by
      r keeps the first similarities from being all or nothing.

    The energy approximates a double integral over the axis: it is scaled so that the mean degree does not depend on
    the number of rows, and is a mean over pixels. So a weight means the same at any image size and on any subset of
    rows and columns. At 256 x 256 with ``softmax``, a weight w is the paper's lambda = w / 65536 on sums.
    """

    def __init__(self, options: Any, shape: tuple[int, int, int], *, generator: torch.Generator) -> None:
        super().__init__(options, shape, generator=generator)
        self.energy, self.adjacency = ENERGIES[options.adjacency]
        # sizes of the released recipe
        self.rows, self.columns = (
            sine_layers((1, 32, 256), 5, options.reg_omega, generator=generator) for _ in range(2)
        )

    def forward(self, image: Tensor, y: Tensor, x: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """Return the energy of the rows at ``y`` (R,) and of the columns at ``x`` (C,) of ``image`` (R, C, K)."""
        g, h = self._features(y, x)
        total = self.energy(g, image.flatten(1)) + self.energy(h, image.transpose(0, 1).flatten(1))
        return self.options.weight * total / (len(y) * len(x))  # type: ignore[no-any-return]

    def laplacians(self, y: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the Laplacians (R, R) and (C, C)."""
        g, h = self._features(y, x)
        return laplacian(self.adjacency(g)), laplacian(self.adjacency(h))

    def _features(self, y: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the outputs (R, r) and (C, r) of the tiny networks."""
        return self.rows(y[:, None]), self.columns(x[:, None])


def softmax_energy(g: Tensor, nodes: Tensor) -> Tensor:
    """Return tr(X^T L X) r / n for A = S S^T, S = softmax(g), without forming A.

    L = diag(S S^T 1) - S S^T (the diagonal of A cancels), so tr(X^T L X) = sum_i (s_i . sum_j s_j) |x_i|^2 -
    |S^T X|^2: O(n r c) operations.

    Parameters
    ----------
    g : (n, r) Tensor
        Output of the tiny network at each node.
    nodes : (n, c) Tensor
        X: the n rows, or columns, to compare.

    Returns
    -------
    () Tensor
        A sum over the n nodes and their c values.
    """
    s = torch.softmax(g, 1)
    degree = s @ s.sum(0)
    total = (degree * nodes.square().sum(1)).sum() - (s.T @ nodes).square().sum()
    return total * (g.shape[1] / len(g))


def exp_energy(g: Tensor, nodes: Tensor) -> Tensor:
    """Return tr(X^T L X) for the adjacency of `exp_adjacency`; the parameters are those of `softmax_energy`.

    The exponential does not factorise, so A (n, n) is formed.
    """
    adjacency = exp_adjacency(g)
    return (adjacency.sum(1) * nodes.square().sum(1)).sum() - (nodes * (adjacency @ nodes)).sum()


def softmax_adjacency(g: Tensor) -> Tensor:
    """Return A = S S^T r / n (n, n) for the output (n, r) of the tiny network."""
    s = torch.softmax(g, 1)
    return s @ s.T * (g.shape[1] / len(g))


def exp_adjacency(g: Tensor) -> Tensor:
    """Return A_ij = n exp(g_i . g_j / r) over its sum (n, n), for the output (n, r) of the tiny network.

    The diagonal cancels in L, so the sum leaves out the diagonal, which would take most of the weight.
    """
    similarity = (g @ g.T / g.shape[1]).fill_diagonal_(-1e9)
    return torch.softmax(similarity.flatten(), 0).view_as(similarity) * len(g)


ENERGIES: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "softmax": (softmax_energy, softmax_adjacency),
    "exp": (exp_energy, exp_adjacency),
}
