"""Non-local Bayes over a whole image: every patch is estimated from the Gaussian of its similar patches."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from inrr_cli.patch.block_matching import Chunk, References, grid_positions
from inrr_cli.patch.gaussian_model import Groups, add_estimates, posterior_mean

PATCH_SIZE, PATCH_STRIDE = 6, 3  # pixels; empirical


@torch.no_grad()
def nonlocal_bayes(
    image: Tensor,
    guide: Tensor,
    deviation: float,
    *,
    count: int,
    radius: int,
    shift: int = 0,
    origin: tuple[int, int] = (0, 0),
    tick: Callable[[float], None] | None = None,
) -> Tensor:
    """Replace every patch by its `posterior_mean` under the Gaussian of its similar patches, and average overlaps.

    See Lebrun, Buades and Morel 2013, doi:10.1137/120874989.

    Parameters
    ----------
    image, guide : (H, W) Tensor of float32
        The noisy image, and the image in which groups are found and their Gaussians are learned: the same, or a better
        estimate.
    deviation : float
        Standard deviation > 0 of the image's errors.
    count, radius : int
        Patches of a group, and radius of the search for them in pixels.
    shift : int
        Offset of the grid of patches; iterations with different shifts leave no grid.
    origin : (int, int)
        Top left pixel of the image in a larger one, whose grid is used.
    tick : callable, optional
        Called with the fraction that is done.

    Returns
    -------
    (H, W) Tensor
    """
    shape = (image.shape[0], image.shape[1])
    size = min(PATCH_SIZE, *shape)
    rows, columns = (
        grid_positions(length - size + 1, min(PATCH_STRIDE, size), shift - first, image.device)
        for length, first in zip(shape, origin, strict=True)
    )
    corners = rows.repeat_interleave(len(columns)), columns.repeat(len(rows))
    references = References(*corners, shape, size, radius, origin)
    flat = image.reshape(-1)

    def estimate(chunk: Chunk, groups: Groups) -> tuple[Tensor, list[Tensor]]:
        values = posterior_mean(groups, flat[chunk.pixels], deviation).flatten()
        return chunk.pixels.flatten(), [values, torch.ones_like(values)]

    total, weight = torch.zeros_like(flat), torch.zeros_like(flat)
    known = torch.ones_like(flat, dtype=torch.bool)
    sums, guide = (total, weight), guide.reshape(-1, 1)
    for done in add_estimates(sums, estimate, references, guide, known, count, prefer_near=False):
        if tick is not None:
            tick(done)
    return (total / weight).reshape(shape)
