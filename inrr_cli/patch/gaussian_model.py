"""The Gaussian patch model: what a patch's known pixels tell about its missing ones.

Similar patches are taken as samples of one Gaussian (non-local Bayes: Lebrun, Buades and Morel 2013,
doi:10.1137/120874989; piecewise linear estimators: Yu, Sapiro and Mallat 2012, doi:10.1109/TIP.2011.2176743).
Their few samples are completed by all patches of the window (shrinkage: Ledoit and Wolf 2004,
doi:10.1016/S0047-259X(03)00096-4).
"""

from __future__ import annotations

import torch
from torch import Tensor

from inrr_cli.patch.rows import take_rows

MOST_SHRINKAGE = 0.7
SAMPLING = 6  # every sixth candidate is enough for their covariance
LEAST_NOISE = 0.003  # of known pixels: rounding to 8 bits and what a Gaussian cannot say


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
    centred = group.sub_(mean[:, None])
    sample = centred.transpose(1, 2) @ centred
    sample /= max(1, count - 1)
    around = patches[:, ::SAMPLING]
    around = around - around.mean(1, keepdim=True)
    target = (around.transpose(1, 2) @ around).index_select(0, tile)
    target *= (_trace(sample) / _trace(target).clamp(min=1e-9)).clamp(max=1)[:, None, None]
    length = torch.linalg.vector_norm(sample, dim=(1, 2)).square()
    spread = (torch.linalg.vector_norm(centred, dim=2).pow(4).mean(1) - length) / count
    target -= sample
    shrinkage = (spread / (torch.linalg.vector_norm(target, dim=(1, 2)).square() + 1e-20)).clamp(0, MOST_SHRINKAGE)
    return mean, sample.addcmul_(target, shrinkage[:, None, None])


def condition(
    mean: Tensor, covariance: Tensor, values: Tensor, given: Tensor, trust: Tensor, wanted: Tensor
) -> tuple[Tensor, Tensor]:
    """Condition Gaussians on some pixels of patches to estimate others.

    With the mean m, the covariance S, given pixels y_K = x_K + noise of variance s^2, and D = diag(1 / s)::

        E[x_M | y_K]   = m_M + S_MK D (I + D S_KK D)^-1 D (y_K - m_K)
        Cov[x_M | y_K] = S_MM - S_MK D (I + D S_KK D)^-1 D S_KM

    which is the usual S_MK (S_KK + s^2 I)^-1 (y_K - m_K), but a given pixel with 1 / s = 0 does not count, so that
    patches with different numbers of known pixels fit in one batch.

    Parameters
    ----------
    mean, covariance : (n, d) Tensor, (n, d, d) Tensor
        From `learn`.
    values : (n, d) Tensor
        Pixels y of the patches; only the given ones are used.
    given : (n, k) Tensor of int64
        Numbers K of the given pixels, in [0, d).
    trust : (n, k) Tensor
        1 / s of the given pixels, 0 to leave one out.
    wanted : (n, m) Tensor of int64
        Numbers M of the wanted pixels, in [0, d).

    Returns
    -------
    (n, m) Tensor, (n, m) Tensor
        Posterior mean and variance of the wanted pixels.
    """
    each = torch.arange(len(given), device=given.device)[:, None]
    across = take_rows(covariance, each, given).mul_(trust[..., None])
    matrix = across.gather(2, given[:, None].expand(-1, given.shape[1], -1)) * trust[:, None]
    matrix.diagonal(dim1=1, dim2=2).add_(1)
    factor, _ = torch.linalg.cholesky_ex(matrix)
    innovation = trust * (values - mean).gather(1, given)
    sides = torch.cat([across.gather(2, wanted[:, None].expand(-1, given.shape[1], -1)), innovation[..., None]], 2)
    half = torch.linalg.solve_triangular(factor, sides, upper=False)
    gain, innovation = half[..., :-1], half[..., -1:]
    estimate = mean.gather(1, wanted) + (gain * innovation).sum(1)
    variance = covariance.diagonal(dim1=1, dim2=2).gather(1, wanted) - gain.square().sum(1)
    return estimate, variance.clamp(min=0)


def _trace(matrix: Tensor) -> Tensor:
    return matrix.diagonal(dim1=1, dim2=2).sum(1)
