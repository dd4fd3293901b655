"""Natural borders of polyharmonic fills: the surface keeps its slope up to the borders of the image."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


class NaturalBorders:
    """The correction of (-L)^k, whose borders are flat, to the gradient of the thin-plate energy of order k.

    With D the difference of neighbours inside the image, the energy is ``sum_j binom(k, j) |D_y^j D_x^(k - j) u|^2``,
    which is 0 for polynomials of a degree below k, at borders too (Duchon 1977, doi:10.1007/BFb0086566). Half its
    gradient is ``sum_j binom(k, j) A_j u B_(k - j)`` with A_j = D_y^jT D_y^j and B_j likewise. Away from the borders
    A_j = A_1^j, and the sum is (-L)^k. With powers everywhere the sum is (-L)^k at the borders too, where u is flat.

    Parameters
    ----------
    order : int
        k, at least 1.
    index : (H, W) Tensor of int64
        Index of each pixel in the vectors that `add` takes; negative where a pixel is in none.
    pixels : (n,) Tensor of int64
        Flat pixels of the gradient: the first n of the vectors.
    """

    def __init__(self, order: int, index: Tensor, pixels: Tensor) -> None:
        coordinates = torch.stack([pixels // index.shape[1], pixels % index.shape[1]])
        last = torch.tensor(index.shape, device=coordinates.device)[:, None] - 1
        near = (torch.minimum(coordinates, last - coordinates) < order).any(0).nonzero()[:, 0]
        position = coordinates[:, near].cpu()  # few, and not every device has float64
        powers = [(j, order - j) for j in range(order + 1)]
        change = torch.zeros(len(near), 2 * order + 1, 2 * order + 1, dtype=torch.float64)
        for natural in (True, False):
            y, x = (_bands(position[k], index.shape[k], order, natural=natural) for k in (0, 1))
            for j, i in powers:
                term = math.comb(order, j) * y[j][:, :, None] * x[i][:, None, :]
                change += term if natural else -term
        entry, down, right = change.nonzero().unbind(1)
        neighbour = position[:, entry] + torch.stack([down, right]) - order
        self.weight = change[entry, down, right].to(index.device, torch.float32)
        self.target = near[entry.to(index.device)]
        self.source = index[tuple(neighbour.to(index.device))]

    def add(self, gradient: Tensor, values: Tensor) -> None:
        """Add the correction for ``values`` (N, K) or (N,) to the ``gradient`` (n, K) or (n,) of flat borders."""
        weight = self.weight.reshape(-1, *[1] * (values.dim() - 1))
        gradient.index_add_(0, self.target, weight * values.index_select(0, self.source))


def _bands(position: Tensor, length: int, order: int, *, natural: bool) -> list[Tensor]:
    """Return rows (n,) of A_j (``natural``) or A_1^j, for j from 0 to ``order``: (n, 2 order + 1) around the diagonal.

    Rows ``order`` or more from the ends of an axis are alike, so the rows of a short axis serve for any ``length``.
    """
    short = min(length, 4 * order + 1)
    row = torch.minimum(position, (position - length + short).clamp(min=2 * order))
    difference = torch.eye(short, dtype=torch.float64)
    first = difference.diff(dim=0).T @ difference.diff(dim=0)
    column = torch.arange(short)[:, None] + torch.arange(2 * order + 1)
    bands = []
    for j in range(order + 1):
        matrix = difference.T @ difference if natural else torch.linalg.matrix_power(first, j)
        bands.append(F.pad(matrix, (order, order)).gather(1, column)[row])
        difference = difference.diff(dim=0)
    return bands
