"""The Gaussian patch model: estimate unknown pixels of a patch from its known ones.

The channels of a patch are either one vector of values (joint), where each may miss other samples; or they are
decorrelated components that share one covariance of pixels, each scaled by its own variance (a separable covariance),
so that it is learned from all of them and factorised once.

Similar patches are samples of one Gaussian (non-local Bayes: Lebrun, Buades and Morel 2013, doi:10.1137/120874989;
piecewise linear estimators: Yu, Sapiro and Mallat 2012, doi:10.1109/TIP.2011.2176743).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from inrr_cli.device import map_in_threads
from inrr_cli.patch.block_matching import (
    Chunk,
    References,
    find_similar,
    matching_weights,
    take_samples,
)

POSTERIOR_RIDGE = 0.03  # of the mean variance of a group, in directions that its patches do not span; empirical
NOISE_FLOOR = 0.003  # least deviation of known pixels: rounding to 8 bits (0.0011) and errors of the Gaussian model


@dataclass(frozen=True)
class Groups:
    """Groups of similar patches, of r components of d values each.

    Attributes
    ----------
    planes : (r Q H W,) Tensor
        Flat planes of the image, one after the other.
    offsets : (r, d) Tensor of int64
        How far each value of a patch is from its top left one.
    nearest : (n, k) Tensor of int64
        Flat top left pixels of the patches of each group.
    """

    planes: Tensor
    offsets: Tensor
    nearest: Tensor

    def select(self, groups: Tensor) -> Groups:
        """Return some of the groups."""
        return replace(self, nearest=self.nearest[groups])


@dataclass(frozen=True)
class Gaussians:
    """What is needed of the Gaussians of n groups to estimate m wanted samples of a patch from k given ones.

    Attributes
    ----------
    mean : (n, k + m, r) Tensor
        Means of the given and the wanted samples.
    covariance : (n, k, k + m) Tensor
        Covariance of the given samples with the given and the wanted ones, summed over components.
    variance : (n, m) Tensor
        Variance of the wanted samples, summed over components.
    power : (n, r) Tensor
        The share of each component in the covariance.
    mean_variance : (n,) Tensor
        Mean of the variances of all these samples, summed over components.
    """

    mean: Tensor
    covariance: Tensor
    variance: Tensor
    power: Tensor
    mean_variance: Tensor

    def add_white(self, variance: Tensor, same: Tensor | None = None) -> None:
        """Add a ``variance`` (n,) to those of all samples; ``same`` (n, k, m) tells given ones that are wanted too."""
        rows = self.covariance.shape[1]
        self.covariance.diagonal(dim1=1, dim2=2).add_(variance[:, None])
        if same is not None:
            self.covariance[:, :, rows:].add_(variance[:, None, None] * same)
        self.variance.add_(variance[:, None])


Estimator = Callable[[Chunk, Groups], tuple[Tensor, Iterable[Tensor]]]


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
        Maps a chunk of n references and their groups to indices in [0, v) and, for each of ``sums``, the values to add
        there.
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
    compared, flat = guide[:, : matched * planes], guide.T.flatten()

    def work(part: slice) -> tuple[int, Tensor, Iterable[Tensor]]:
        chunk = references.chunk(part)
        weights = matching_weights(chunk, known)
        _, nearest = find_similar(chunk, compared, weights, count, itself=True, prefer_near=prefer_near)
        groups = chunk.corners(chunk.tile[:, None], nearest)
        offsets = chunk.offsets(channels).view(channels // planes, -1)
        return part.stop, *estimate(chunk, Groups(flat, offsets, groups))

    slices = references.chunks(matched * planes, count * channels * references.size**2)
    for done, index, parts in map_in_threads(work, slices, guide.device):
        for total, part in zip(sums, parts, strict=True):
            total.index_add_(0, index, part)
        yield done / len(references)


def learn(groups: Groups, given: Tensor, given_mask: Tensor, wanted: Tensor, wanted_mask: Tensor) -> Gaussians:
    """Estimate the mean and covariance of each group of patches: those of its samples.

    Only the rows of given samples are computed.

    Parameters
    ----------
    groups : Groups
    given, wanted : (n, k) Tensor of int64, (n, m) Tensor of int64
        Numbers of the given and of the wanted samples of each patch, in [0, d).
    given_mask, wanted_mask : (n, k) Tensor, (n, m) Tensor
        1, or 0 where a number is padding: covariances with it are 0.
    """
    columns, mask = torch.cat([given, wanted], 1), torch.cat([given_mask, wanted_mask], 1)
    rows, degrees = given.shape[1], max(1, groups.nearest.shape[1] - 1)
    centred = take_samples(groups.planes, groups.nearest[:, None, None], groups.offsets.T[columns][..., None])
    mean = centred.mean(3)
    centred.sub_(mean[..., None])
    variance = torch.linalg.vector_norm(centred, dim=3).square_().mul_(mask[..., None] / degrees)
    power = variance.sum(1)
    total = power.sum(1, keepdim=True)
    centred = centred.flatten(2)
    covariance = centred[:, :rows] @ centred.transpose(1, 2)
    covariance.mul_((given_mask / degrees)[..., None]).mul_(mask[:, None])
    return Gaussians(
        mean, covariance, variance[:, rows:].sum(2), power / total.clamp(min=1e-20), total[:, 0] / mask.sum(1)
    )


def condition(gaussians: Gaussians, innovation: Tensor, deviation: float) -> tuple[Tensor, Tensor]:
    """Condition Gaussians on the given samples of patches to estimate the wanted ones.

    With the mean m, the covariance S, and given samples y_K = x_K + noise of variance s^2::

        E[x_M | y_K]   = m_M + S_MK (S_KK + s^2 I)^-1 (y_K - m_K)
        Cov[x_M | y_K] = S_MM - S_MK (S_KK + s^2 I)^-1 S_KM

    A given sample whose covariances and innovation are 0 does not count, so that patches with different numbers of
    known samples fit in one batch.

    Parameters
    ----------
    gaussians : Gaussians
    innovation : (n, k, r) Tensor
        y_K - m_K, 0 for padding.
    deviation : float
        s > 0.

    Returns
    -------
    (n, m, r) Tensor, (n, m) Tensor
        Posterior mean, and variance summed over components.
    """
    rows, count = innovation.shape[1:]
    matrix, cross = gaussians.covariance.tensor_split((rows,), 2)
    matrix.diagonal(dim1=1, dim2=2).add_(deviation**2)
    factor, _ = torch.linalg.cholesky_ex(matrix)
    half = torch.linalg.solve_triangular(factor, torch.cat([cross, innovation], 2), upper=False)
    gain, innovation = half.tensor_split((half.shape[2] - count,), 2)
    estimate = torch.baddbmm(gaussians.mean[:, rows:], gain.transpose(1, 2), innovation)
    return estimate, (gaussians.variance - gain.square().sum(1)).clamp_(min=0)


def posterior_mean(groups: Groups, values: Tensor, deviation: float) -> Tensor:
    """Condition the Gaussians of groups on all ``values`` y (n, d), with noise of one ``deviation`` s > 0: (n, d).

    With the mean m and the covariance S, the result is m + S (S + s^2 I)^-1 (y - m) = y - s^2 (S + s^2 I)^-1 (y - m).
    POSTERIOR_RIDGE times the mean variance is added to that of each value first: a group of fewer patches than values
    says nothing of some directions.
    """
    every = torch.arange(values.shape[1], device=values.device).expand_as(values)
    gaussians = learn(groups, every, torch.ones_like(values), every[:, :0], values[:, :0])
    gaussians.add_white(POSTERIOR_RIDGE * gaussians.mean_variance + deviation**2)
    factor, _ = torch.linalg.cholesky_ex(gaussians.covariance)
    return values - deviation**2 * torch.cholesky_solve(values[..., None] - gaussians.mean, factor)[..., 0]
