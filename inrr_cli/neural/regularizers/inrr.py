"""INRR: a Dirichlet energy of rows and columns whose Laplacian a tiny network learns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from inrr_cli.neural.interfaces import DirichletEnergy
from inrr_cli.neural.layers import sine_layers

WIDTH, LAYERS, RANK = 32, 5, 256


class Inrr(DirichletEnergy):
    """``weight * (E_rows + E_columns)`` with E = tr(X^T L X), L = D - A, A from a tiny network of the coordinate.

    The network g maps the coordinate of row i to g_i in R^r, r = 256; ``sharpness`` multiplies it (1 in the paper).
    Two adjacencies (paper, section 4.2):

    - ``softmax``, the released recipe: A = G G^T with each g_i through a softmax.
    - ``exp``, the paper's formula: A_ij = exp(g_i . g_j / r) over the sum of all entries off the diagonal. The
      r keeps the first similarities from being all or nothing.

    A sum over i and j of rows is read as a double integral over the axis: the energy is scaled so that the mean
    degree stays the same however many rows there are, and is a mean over pixels. So a weight means the same at any
    image size and on any subset of rows and columns. At 256 x 256 with ``softmax``, a weight w is the paper's
    lambda = w / 65536 on sums.
    """

    def __init__(self, options: Any, shape: tuple[int, int, int], *, generator: torch.Generator) -> None:
        super().__init__(options, shape, generator=generator)
        self.weight, self.sharpness = options.weight, options.sharpness
        self.energy, self.adjacency = ENERGIES[options.adjacency]
        self.rows = sine_layers((1, WIDTH, RANK), LAYERS, options.reg_omega, generator=generator)
        self.columns = sine_layers((1, WIDTH, RANK), LAYERS, options.reg_omega, generator=generator)

    def forward(self, image: Tensor, y: Tensor, x: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """Energy of the rows at ``y`` (R,) and of the columns at ``x`` (C,) of ``image`` (R, C, K)."""
        g, h = self._features(y, x)
        rows = self.energy(g, image.flatten(1))
        columns = self.energy(h, image.transpose(0, 1).flatten(1))
        pixels = image.shape[0] * image.shape[1]
        return self.weight * (rows + columns) / pixels  # type: ignore[no-any-return]

    def laplacians(self, y: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Laplacians (R, R) and (C, C)."""
        g, h = self._features(y, x)
        return laplacian(self.adjacency(g)), laplacian(self.adjacency(h))

    def _features(self, y: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the outputs (R, r) and (C, r) of the tiny networks."""
        return self.sharpness * self.rows(y[:, None]), self.sharpness * self.columns(x[:, None])


def laplacian(adjacency: Tensor) -> Tensor:
    """L = D - A of a symmetric (n, n) adjacency, whose diagonal cancels."""
    return torch.diag(adjacency.sum(1)) - adjacency


def softmax_energy(g: Tensor, nodes: Tensor) -> Tensor:
    """tr(X^T L X) r / n for A = S S^T, S = softmax(g), without forming A.

    L = diag(S S^T 1) - S S^T (the diagonal of A cancels), so tr(X^T L X) = sum_i (s_i . sum_j s_j) |x_i|^2 -
    |S^T X|^2: O(n r c) operations.

    Parameters
    ----------
    g : (n, r) Tensor
        The tiny network's output at each node.
    nodes : (n, c) Tensor
        The n rows, or columns, that are compared.

    Returns
    -------
    () Tensor
        A sum over nodes and c.
    """
    s = torch.softmax(g, 1)
    degree = s @ s.sum(0)
    total = (degree * nodes.square().sum(1)).sum() - (s.T @ nodes).square().sum()
    return total * (g.shape[1] / len(g))


def exp_energy(g: Tensor, nodes: Tensor) -> Tensor:
    """tr(X^T L X) for the adjacency of ``exp_adjacency``; the shapes are those of ``softmax_energy``.

    The exponential has no factors to exploit, so A (n, n) is formed.
    """
    adjacency = exp_adjacency(g)
    return (adjacency.sum(1) * nodes.square().sum(1)).sum() - (nodes * (adjacency @ nodes)).sum()


def softmax_adjacency(g: Tensor) -> Tensor:
    """Return A = S S^T r / n of the tiny network's (n, r) output."""
    s = torch.softmax(g, 1)
    return s @ s.T * (g.shape[1] / len(g))


def exp_adjacency(g: Tensor) -> Tensor:
    """A_ij = n exp(g_i . g_j / r) over its sum.

    The diagonal cancels in L, so the sum leaves it out: otherwise it would take most of the weight.
    """
    similarity = (g @ g.T / g.shape[1]).fill_diagonal_(-1e9)
    return torch.softmax(similarity.flatten(), 0).view_as(similarity) * len(g)


Form = Callable[[Tensor], Tensor]
ENERGIES: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], Form]] = {
    "softmax": (softmax_energy, softmax_adjacency),
    "exp": (exp_energy, exp_adjacency),
}
