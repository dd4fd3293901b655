"""The patch graph: a Dirichlet energy whose Laplacian joins each missing pixel to the pixels with similar patches.

It is the paper's Dirichlet energy with T(X) the set of patches instead of rows and columns, and weights that favour
known pixels as in the weighted non-local Laplacian (Shi, Osher and Zhu 2017, doi:10.1007/s10915-017-0421-z).
"""

from __future__ import annotations

import torch
from torch import Tensor

from inrr_cli.solvers.conjugate_gradient import conjugate_gradient

KNOWN_BOOST = 4.0  # weight of an edge to a known pixel over one to an estimated pixel; empirical
# weight of a pixel's current value over that of its edges; empirical: small, so that only unconnected pixels stay
DAMPING = 1e-3


def edge_weights(distance: Tensor, to_known: Tensor) -> Tensor:
    """Return the weights exp(-d / median of its d) of the edges of each pixel, KNOWN_BOOST times that to known pixels.

    Parameters are the squared distances d of patches (n, k), and whether the pixel at the other end is known (n, k).
    """
    scale = distance.median(1, keepdim=True).values + 1e-6
    return torch.exp(-distance / scale) * torch.where(to_known, KNOWN_BOOST, 1.0)


def minimise(values: Tensor, unknown: Tensor, neighbour: Tensor, weight: Tensor, rise: Tensor) -> Tensor:
    """Minimise the Dirichlet energy of the graph over the unknown pixels by conjugate gradients.

    The energy is sum_ij w_ij |x_i - x_j - r_ij|^2 over unknown pixels i and their neighbours j, channels summed.
    The linear system is (degree - W - W^T) x = W x of the fixed pixels, plus the w r of the edges from each unknown
    pixel, less those of the edges to it. The degree of a pixel, which is the preconditioner too, sums the weights of
    the edges from it and to it. DAMPING times the degree is added for the change from ``values``: groups of pixels
    that no edge joins to a known one would have no minimum. At most 30 iterations, until the residual is 1e-3 of the
    first.

    Parameters
    ----------
    values : (P, C) Tensor
        All pixels; unknown ones start from their values.
    unknown : (n,) Tensor of int64
        The pixels i.
    neighbour, weight : (n, k) Tensor of int64, (n, k) Tensor
        The pixels j of each and the weights w_ij >= 0.
    rise : (n, k, C) Tensor
        r_ij: how far pixel i should lie above pixel j.

    Returns
    -------
    (n, C) Tensor
        The unknown pixels.
    """
    index = torch.full((len(values),), -1, dtype=torch.int64, device=values.device)
    index[unknown] = torch.arange(len(unknown), device=values.device)
    inner = index[neighbour] >= 0
    tail, head, less = inner.nonzero()[:, 0], index[neighbour[inner]], -weight[inner][:, None]
    degree = weight.sum(1, keepdim=True).index_add(0, head, -less).clamp(min=1e-12)

    def apply(x: Tensor) -> Tensor:
        out = (degree * x).index_add_(0, tail, less * x.index_select(0, head))
        return out.index_add_(0, head, less * x.index_select(0, tail)) + DAMPING * degree * x

    x = values[unknown]
    pull = weight[..., None] * (values[neighbour] + rise - x[:, None])
    residual = pull.sum(1).index_add_(0, head, -pull[inner])
    tolerance = 1e-3**2 * (residual.square() / degree).sum()
    return conjugate_gradient(apply, x, residual, iterations=30, tolerance=tolerance, diagonal=degree)
