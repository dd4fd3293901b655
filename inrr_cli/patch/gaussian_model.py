"""The Gaussian patch model: estimate unknown pixels of a patch from its known ones.

The channels of a patch are either one vector of values (joint), where each may miss other samples; or they are
decorrelated components that share one covariance of pixels, each scaled by its own variance (a separable covariance),
so that it is learned from all of them and factorised once.

Similar patches are samples of one Gaussian (non-local Bayes: Lebrun, Buades and Morel 2013, doi:10.1137/120874989;
piecewise linear estimators: Yu, Sapiro and Mallat 2012, doi:10.1109/TIP.2011.2176743). As the samples are few, their
covariance is shrunk to that of all patches of the window (Ledoit and Wolf 2004, doi:10.1016/S0047-259X(03)00096-4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor

from inrr_cli.device import map_in_threads
from inrr_cli.patch.block_matching import (
    Chunk,
    References,
    candidate_patches,
    find_similar,
    matching_weights,
    take_rows,
)

Estimator = Callable[[Chunk, Tensor, Tensor, Tensor], tuple[Tensor, Iterable[Tensor]]]

SHRINKAGE_MAXIMUM = 0.7  # empirical
NOISE_FLOOR = 0.003  # least deviation of known pixels: rounding to 8 bits (0.0011) and errors of the Gaussian model


def add_estimates(
    sums: Iterable[Tensor],
    estimate: Estimator,
    references: References,
    guide: Tensor,
    known: Tensor,
    count: int,
    *,
    prefer_near: bool,
    matched: int = 1,
) -> Iterator[float]:
    """Estimate all reference patches by the Gaussians of their groups, add overlaps, and yield the fraction done.

    Parameters
    ----------
    sums : iterable of (v,) Tensor
        Sums over patches, added to in place.
    estimate : callable
        Maps a chunk of n references, and what `learn` returns for their groups, which it may overwrite, to indices in
        [0, v) and, for each of ``sums``, the values to add there.
    references : References
    guide : (H W, C) Tensor
        Flat image in which groups are found and their Gaussians are learned.
    known : (H W Q,) Tensor of bool
        Samples of the guide that are known, which count more when patches are compared. With Q = C channels are joint;
        with Q = 1 they have one mask, and share a covariance.
    count, prefer_near
        As in `find_similar`.
    matched : int
        Leading components that are compared.
    """
    pixels, channels = guide.shape
    planes = len(known) // pixels

    def work(part: slice) -> tuple[int, Tensor, Iterable[Tensor]]:
        chunk = references.chunk(part)
        patches = candidate_patches(chunk, guide, references.size)
        weights = matching_weights(chunk, known)
        compared = patches[..., : matched * weights.shape[1]]
        _, nearest = find_similar(chunk, compared, weights, count, itself=True, prefer_near=prefer_near)
        group = take_rows(patches, chunk.tile[:, None], nearest)
        return part.stop, *estimate(chunk, *learn(group, patches, chunk.tile, channels // planes))

    for done, index, parts in map_in_threads(work, references.chunks(channels, planes), guide.device):
        for total, part in zip(sums, parts, strict=True):
            total.index_add_(0, index, part)
        yield done / len(references)


def learn(group: Tensor, patches: Tensor, tile: Tensor, components: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    """Estimate the mean and covariance of each group of patches.

    The sample covariance S, summed over components, is shrunk to T, the covariance of all candidates of the tile scaled
    down to the trace of S, as S + a (T - S) with Ledoit and Wolf's a = (mean |c c^T - S|^2 / k) / |T - S|^2 over the k
    centred samples c: a is large if the samples disagree about S, and 0 if they agree.

    Parameters
    ----------
    group : (n, k, r d) Tensor
        k similar patches for each of n references, of r components of d values each; overwritten.
    patches : (B, N, r d) Tensor
        All candidates of each tile.
    tile : (n,) Tensor of int64
        Tile of each reference.
    components : int
        r.

    Returns
    -------
    (n, d, r) Tensor, (n, d, d) Tensor, (n, r) Tensor
        Means, covariance summed over components, and the share of each component in it.
    """
    centred, mean = _centre(group, components)
    sample = centred.transpose(1, 2) @ centred
    sample /= max(1, group.shape[1] - 1)
    around, _ = _centre(
        patches[:, :: 6 * components].clone(), components
    )  # overlapping candidates are alike: few do for T
    target = (around.transpose(1, 2) @ around).index_select(0, tile)
    target *= (_trace(sample) / _trace(target).clamp(min=1e-9)).clamp(max=1)[:, None, None]
    length = torch.linalg.vector_norm(sample, dim=(1, 2)).square()
    energy = torch.linalg.vector_norm(centred, dim=2).square()
    scatter = (components**2 * energy.square().mean(1) - length) / centred.shape[1]
    target -= sample
    shrinkage = (scatter / (torch.linalg.vector_norm(target, dim=(1, 2)).square() + 1e-20)).clamp(0, SHRINKAGE_MAXIMUM)
    power = torch.unflatten(energy, 1, (-1, components)).sum(1)
    mean = torch.unflatten(mean, 1, (components, -1)).transpose(1, 2)
    return mean, sample.addcmul_(target, shrinkage[:, None, None]), power / power.sum(1, keepdim=True).clamp(min=1e-20)


def _centre(patches: Tensor, components: int) -> tuple[Tensor, Tensor]:
    """Subtract the mean from patches (n, k, r d), in place; return them as (n, k r, d), and the mean (n, r d)."""
    mean = patches.mean(1)
    return torch.unflatten(patches.sub_(mean[:, None]), 2, (components, -1)).flatten(1, 2), mean


def condition(
    mean: Tensor, covariance: Tensor, values: Tensor, given: Tensor, precision: Tensor, wanted: Tensor
) -> tuple[Tensor, Tensor]:
    """Condition Gaussians on some samples of patches to estimate others.

    With the mean m, the covariance S, given samples y_K = x_K + noise of variance s^2, and D = diag(1 / s)::

        E[x_M | y_K]   = m_M + S_MK D (I + D S_KK D)^-1 D (y_K - m_K)
        Cov[x_M | y_K] = S_MM - S_MK D (I + D S_KK D)^-1 D S_KM

    which is the usual S_MK (S_KK + s^2 I)^-1 (y_K - m_K), but a given sample with 1 / s = 0 does not count, so that
    patches with different numbers of known samples fit in one batch.

    Parameters
    ----------
    mean, covariance : (n, d, r) Tensor, (n, d, d) Tensor
        From `learn`.
    values : (n, d, r) Tensor
        Samples y of the patches; only the given ones are used.
    given : (n, k) Tensor of int64
        Numbers K of the given samples, in [0, d).
    precision : (n, k) Tensor
        1 / s of the given samples, 0 to leave one out.
    wanted : (n, m) Tensor of int64
        Numbers M of the wanted samples, in [0, d).

    Returns
    -------
    (n, m, r) Tensor, (n, m) Tensor
        Posterior mean, and variance summed over components.
    """
    each = torch.arange(len(given), device=given.device)[:, None]
    across = take_rows(covariance, each, given).mul_(precision[..., None])
    matrix = across.gather(2, given[:, None].expand(-1, given.shape[1], -1)) * precision[:, None]
    matrix.diagonal(dim1=1, dim2=2).add_(1)
    factor, _ = torch.linalg.cholesky_ex(matrix)
    innovation = precision[..., None] * take_rows(values - mean, each, given)
    sides = torch.cat([across.gather(2, wanted[:, None].expand(-1, given.shape[1], -1)), innovation], 2)
    half = torch.linalg.solve_triangular(factor, sides, upper=False)
    gain, innovation = half.split((wanted.shape[1], innovation.shape[2]), 2)
    estimate = take_rows(mean, each, wanted).baddbmm(gain.transpose(1, 2), innovation)
    variance = covariance.diagonal(dim1=1, dim2=2).gather(1, wanted) - gain.square().sum(1)
    return estimate, variance.clamp(min=0)


def posterior_mean(mean: Tensor, covariance: Tensor, values: Tensor, deviation: float) -> Tensor:
    """Condition Gaussians (n, d), (n, d, d) on all ``values`` y (n, d), with noise of one ``deviation`` s > 0: (n, d).

    With the mean m and the covariance S, the result is m + S (S + s^2 I)^-1 (y - m) = y - s^2 (S + s^2 I)^-1 (y - m).
    The covariance is overwritten.
    """
    covariance.diagonal(dim1=1, dim2=2).add_(deviation**2)
    factor, _ = torch.linalg.cholesky_ex(covariance)
    return values - deviation**2 * torch.cholesky_solve((values - mean)[..., None], factor)[..., 0]


def _trace(matrix: Tensor) -> Tensor:
    return matrix.diagonal(dim1=1, dim2=2).sum(1)
