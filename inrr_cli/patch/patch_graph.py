"""The patch graph: a Dirichlet energy whose Laplacian joins each missing pixel to the pixels it resembles.

It is the paper's Dirichlet energy with patches instead of rows and columns for T(X), and weights that favour known
pixels as in the weighted non-local Laplacian (Shi, Osher and Zhu 2017, doi:10.1007/s10915-017-0421-z).
"""

from __future__ import annotations

import torch
from torch import Tensor

from inrr_cli.solvers.conjugate_gradient import conjugate_gradient

KNOWN_BOOST = 4.0  # weight of an edge to a known pixel against one to a guess
ITERATIONS, TOLERANCE = 30, 1e-3  # of conjugate gradients; the residual relative to the first
HOLD = 1e-3  # weight of where a pixel is, against all its edges: what is joined to nothing known stays
LINES_HOLD = 1e-2  # the same in a scan of lines, across which patches know less


def weigh(distance: Tensor, to_known: Tensor) -> Tensor:
    """Weights of the edges from each pixel to its k nearest: exp(-d / median of its d), more to known pixels.

    Parameters
    ----------
    distance : (n, k) Tensor
        Squared distances of patches.
    to_known : (n, k) Tensor of bool
        Whether the pixel at the other end is known.

    Returns
    -------
    (n, k) Tensor
    """
    scale = distance.median(1, keepdim=True).values + 1e-6
    return torch.exp(-distance / scale) * torch.where(to_known, KNOWN_BOOST, 1.0)


def energy(values: Tensor, free: Tensor, neighbour: Tensor, weight: Tensor, rise: Tensor) -> Tensor:
    """Dirichlet energy sum_ij w_ij |x_i - x_j - r_ij|^2 over free pixels i and their neighbours j, channels summed.

    Parameters
    ----------
    values : (P, C) Tensor
        All pixels.
    free : (n,) Tensor of int64
        The pixels i.
    neighbour, weight : (n, k) Tensor of int64, (n, k) Tensor
        The pixels j of each and the weights w_ij >= 0.
    rise : (n, k, C) Tensor
        How far r_ij each pixel should lie above the other.
    """
    return (weight[..., None] * (values[free][:, None] - values[neighbour] - rise).square()).sum()


def minimise(
    values: Tensor, free: Tensor, neighbour: Tensor, weight: Tensor, rise: Tensor, hold: float = HOLD
) -> Tensor:
    """Minimise `energy` over the free pixels by conjugate gradients with the degree as preconditioner.

    They stop after ITERATIONS, or once the residual is 1e-3 of the first.

    The linear system is (degree - W - W^T) x_free = (W x) of the fixed pixels, plus the w r of the edges from each
    pixel, less those of the edges to it. The degree of a pixel sums the weights of the edges from it and to it, and
    ``hold`` times that is added for the change from where ``values`` are: groups of pixels that no edge joins to a
    known one would have no minimum.

    Parameters
    ----------
    values, free, neighbour, weight, rise
        As in `energy`; free pixels start at their ``values``.
    hold : float
        Over all the edges of a pixel; > 0.

    Returns
    -------
    (n, C) Tensor
        The free pixels.
    """
    slot = torch.full((len(values),), -1, dtype=torch.int64, device=values.device)
    slot[free] = torch.arange(len(free), device=values.device)
    inner = slot[neighbour] >= 0
    tail, head, less = inner.nonzero()[:, 0], slot[neighbour[inner]], -weight[inner][:, None]
    degree = weight.sum(1, keepdim=True).index_add(0, head, -less).clamp(min=1e-12)

    def apply(x: Tensor) -> Tensor:
        out = (degree * x).index_add_(0, tail, less * x.index_select(0, head))
        return out.index_add_(0, head, less * x.index_select(0, tail)) + hold * degree * x

    x = values[free]
    pull = weight[..., None] * (values[neighbour] + rise - x[:, None])
    residual = pull.sum(1).index_add_(0, head, -pull[inner])
    tolerance = TOLERANCE**2 * (residual.square() / degree).sum()
    return conjugate_gradient(apply, x, residual, iterations=ITERATIONS, tolerance=tolerance, diagonal=degree)
