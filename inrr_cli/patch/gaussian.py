"""The Gaussian patch model: what a patch's known pixels tell about its missing ones.

Similar patches are taken as samples of one Gaussian (non-local Bayes: Lebrun, Buades and Morel 2013,
doi:10.1137/120874989; piecewise linear estimators: Yu, Sapiro and Mallat 2012, doi:10.1109/TIP.2011.2176743).
Their few samples are completed by all patches of the window (shrinkage: Ledoit and Wolf 2004,
doi:10.1016/S0047-259X(03)00096-4).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


MOST_SHRINKAGE = 0.7


def learn(group: Tensor, patches: Tensor, tile: Tensor) -> tuple[Tensor, Tensor]:
    """Estimate the mean and covariance of each group of patches.

    The sample covariance S is drawn towards T, the covariance of all candidates of the tile scaled down to the trace of
    S, as S + a (T - S) with Ledoit and Wolf's a = (mean |c c^T - S|^2 / k) / |T - S|^2 over the centred samples c:
    far where the samples say little about S, not at all where they agree.

    Parameters
    ----------
    group : (n, k, d) Tensor
        k similar patches for each of n references.
    patches : (B, N, d) Tensor
        All candidates of each tile.
    tile : (n,) Tensor of int64
        Tile of each reference.

    Returns
    -------
    (n, d) Tensor, (n, d, d) Tensor
    """
    count = group.shape[1]
    mean = group.mean(1)
    centred = (group - mean[:, None]) / math.sqrt(max(1, count - 1))
    sample = centred.transpose(1, 2) @ centred
    around = (patches - patches.mean(1, keepdim=True)) / math.sqrt(patches.shape[1])
    target = (around.transpose(1, 2) @ around)[tile]
    target *= (_trace(sample) / _trace(target).clamp(min=1e-9)).clamp(max=1)[:, None, None]
    spread = ((centred.square().sum(2) * (count - 1)).square().mean(1) - sample.square().sum((1, 2))) / count
    target -= sample
    shrinkage = (spread / (target.square().sum((1, 2)) + 1e-20)).clamp(0, MOST_SHRINKAGE)
    return mean, sample.addcmul_(target, shrinkage[:, None, None])


def condition(
    mean: Tensor, covariance: Tensor, values: Tensor, known: Tensor, noise: float
) -> tuple[Tensor, Tensor]:
    """Condition Gaussians on the known pixels of patches.

    With the mean m, the covariance S, known pixels y_K = x_K + noise of variance s^2, and D = diag(known) / s::

        E[x | y]   = m + S D (I + D S D)^-1 D (y - m)
        Cov[x | y] = S - S D (I + D S D)^-1 D S

    which is the usual m + S_K (S_KK + s^2 I)^-1 (y_K - m_K), whatever is known in each patch of a batch.

    Parameters
    ----------
    mean, covariance : (n, d) Tensor, (n, d, d) Tensor
        From `learn`.
    values : (n, d) Tensor
        Pixels y of the patches; what stands at missing ones is not used.
    known : (n, d) Tensor
        1 where a pixel is known, else 0.
    noise : float
        s > 0.

    Returns
    -------
    (n, d) Tensor, (n, d) Tensor
        Posterior mean and variance of each pixel.
    """
    scale = known / noise
    matrix = covariance * scale[:, :, None] * scale[:, None]
    matrix.diagonal(dim1=1, dim2=2).add_(1)
    factor, _ = torch.linalg.cholesky_ex(matrix)
    sides = torch.cat([scale[..., None] * covariance, (scale * (values - mean))[..., None]], 2)
    half = torch.linalg.solve_triangular(factor, sides, upper=False)
    gain, innovation = half[..., :-1], half[..., -1:]
    estimate = mean + (gain.transpose(1, 2) @ innovation)[..., 0]
    variance = covariance.diagonal(dim1=1, dim2=2) - gain.square().sum(1)
    return estimate, variance.clamp(min=0)


def _trace(matrix: Tensor) -> Tensor:
    return matrix.diagonal(dim1=1, dim2=2).sum(1)
