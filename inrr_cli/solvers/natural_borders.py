"""Natural borders of smooth fills: a surface that goes on to its last pixels as it comes to them."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


class NaturalBorders:
    """What turns (-L)^k, whose borders are flat, into the gradient of the thin plate's energy of order k.

    With D the difference of neighbours inside the picture, the energy is ``sum_j binom(k, j) |D_y^j D_x^(k - j) u|^2``,
    to which polynomials of a degree below k add nothing, at borders too (Duchon 1977, doi:10.1007/BFb0086566). Half its
    gradient is ``sum_j binom(k, j) A_j u B_(k - j)`` with A_j = D_y^jT D_y^j and B_j likewise. Away from the borders
    A_j is A_1^j, and the sum is (-L)^k; with powers everywhere it is (-L)^k at the borders too, where u has no slope.

    Parameters
    ----------
    order : int
        k, at least 1.
    axis : {0, 1} or None
        Differences along this axis only.
    place : (H, W) Tensor of int64
        Where each pixel is in the list of values that `add` takes; negative if it is not there.
    pixels : (n,) Tensor of int64
        Flat pixels whose gradient is wanted; their place in the list is their place here.
    """

    def __init__(self, order: int, axis: int | None, place: Tensor, pixels: Tensor) -> None:
        at = torch.stack([pixels // place.shape[1], pixels % place.shape[1]])
        last = torch.tensor(place.shape, device=at.device)[:, None] - 1
        near = (torch.minimum(at, last - at) < order).any(0).nonzero()[:, 0]
        at = at[:, near].cpu()  # few, and not every device has float64
        powers = [(j, order - j) for j in range(order + 1)]
        if axis is not None:
            powers = [(order, 0) if axis == 0 else (0, order)]
        change = torch.zeros(len(near), 2 * order + 1, 2 * order + 1, dtype=torch.float64)
        for natural in (True, False):
            y, x = (_bands(at[k], place.shape[k], order, natural=natural) for k in (0, 1))
            for j, i in powers:
                part = math.comb(order, j) * y[j][:, :, None] * x[i][:, None, :]
                change += part if natural else -part
        entry, down, right = change.nonzero().unbind(1)
        beside = at[:, entry] + torch.stack([down, right]) - order
        self.weight = change[entry, down, right].to(place.device, torch.float32)
        self.near = near[entry.to(place.device)]
        self.beside = place[tuple(beside.to(place.device))]

    def add(self, gradient: Tensor, values: Tensor) -> None:
        """Add to the gradient (n, K) of flat borders what values (N, K) change in it; or (n,) and (N,)."""
        weight = self.weight.reshape(-1, *[1] * (values.dim() - 1))
        gradient.index_add_(0, self.near, weight * values.index_select(0, self.beside))


def _bands(at: Tensor, length: int, order: int, *, natural: bool) -> list[Tensor]:
    """Rows ``at`` (n,) of A_j, or of A_1^j, for j from 0 to ``order``: (n, 2 order + 1) about the diagonal each.

    Rows ``order`` or more from the ends of the axis, which has that ``length``, are alike: a short axis has them all.
    """
    short = min(length, 4 * order + 1)
    row = torch.minimum(at, (at - length + short).clamp(min=2 * order))
    eye = torch.eye(short, dtype=torch.float64)
    column = torch.arange(short)[:, None] + torch.arange(2 * order + 1)
    bands = []
    difference = eye
    first = eye.diff(dim=0).T @ eye.diff(dim=0)
    for j in range(order + 1):
        matrix = difference.T @ difference if natural else torch.linalg.matrix_power(first, j)
        bands.append(F.pad(matrix, (order, order)).gather(1, column)[row])
        difference = difference.diff(dim=0)
    return bands
