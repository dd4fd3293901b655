"""Rounds of the Gaussian patch model over a whole picture: every patch is drawn to what its like have in common."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from inrr_cli.device import spread_work
from inrr_cli.patch import gaussian_model
from inrr_cli.patch.block_matching import References, candidates, similar
from inrr_cli.patch.rows import take_rows

SIZE, STRIDE = 6, 3  # of the patches, and from one to the next


@torch.no_grad()
def smooth_round(
    picture: Tensor,
    guide: Tensor,
    deviation: float,
    *,
    count: int,
    radius: int,
    shift: int = 0,
    origin: tuple[int, int] = (0, 0),
    tick: Callable[[float], None] | None = None,
) -> Tensor:
    """Take every patch of a picture as a noisy sample of the Gaussian of its similar patches, and average.

    With the mean m and the covariance S of a group, and a deviation s, a patch y becomes (non-local Bayes: Lebrun,
    Buades and Morel 2013, doi:10.1137/120874989)::

        m + S (S + s^2 I)^-1 (y - m) = y - s^2 (S + s^2 I)^-1 (y - m)

    Parameters
    ----------
    picture, guide : (H, W) Tensor of float32
        What is smoothed, and what groups and their Gaussians are learned from: itself, or a better estimate.
    deviation : float
        s > 0: how far the picture is from the truth.
    count, radius : int
        Patches of a group, and reach of the search for them.
    shift : int
        Where the grid of patches starts; rounds with different shifts leave no grid.
    origin : (int, int)
        Where the picture lies in a larger one, whose grid it has.
    tick : callable, optional
        Called with the part that is done.

    Returns
    -------
    (H, W) Tensor
    """
    shape = (picture.shape[0], picture.shape[1])
    size = min(SIZE, *shape)
    rows, columns = (
        _starts(length, size, shift - first, picture.device) for length, first in zip(shape, origin, strict=True)
    )
    references = References(
        rows.repeat_interleave(len(columns)), columns.repeat(len(rows)), shape, size, radius, origin
    )  # fmt: skip
    flat, guiding = picture.reshape(-1, 1), guide.reshape(-1, 1)
    alike = picture is guide

    def work(some: slice) -> tuple[slice, Tensor, Tensor]:
        chunk = references.chunk(some)
        patches = candidates(chunk, guiding, size)
        reference = take_rows(patches, chunk.tile, chunk.place)
        _, nearest = similar(chunk, patches, torch.ones_like(reference), count, itself=True)
        group = take_rows(patches, chunk.tile[:, None], nearest)
        mean, covariance = gaussian_model.learn(group, patches, chunk.tile)
        values = reference if alike else flat[chunk.pixels].flatten(1)
        covariance.diagonal(dim1=1, dim2=2).add_(deviation**2)
        factor, _ = torch.linalg.cholesky_ex(covariance)
        excess = torch.cholesky_solve((values - mean)[..., None], factor)[..., 0]
        return some, chunk.pixels.flatten(), (values - deviation**2 * excess).flatten()

    total, weight = torch.zeros_like(flat[:, 0]), torch.zeros_like(flat[:, 0])
    for some, pixels, values in spread_work(work, references.chunks(1, models=True), picture.device):
        total.index_add_(0, pixels, values)
        weight.index_add_(0, pixels, torch.ones_like(values))
        if tick is not None:
            tick(some.stop / len(references.rows))
    return (total / weight).reshape(shape)


def _starts(length: int, size: int, shift: int, device: torch.device) -> Tensor:
    """First pixels of the patches along an axis: every STRIDE from ``shift`` on, and the first and the last."""
    starts = torch.arange(length - size + 1, device=device)
    stride = min(STRIDE, size)
    return starts[(starts % stride == shift % stride) | (starts == 0) | (starts == length - size)]
