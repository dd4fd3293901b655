"""How noisy the known pixels are, from those pixels themselves."""

from __future__ import annotations

import torch
from torch import Tensor

BLOCK = 16  # least side of a block in pixels
STENCILS = 200  # known ones that a block has in the mean; larger blocks where they are rare
MOST, STRIP = 2_000_000, 64  # pixels looked at; of larger pictures strips of that many rows
ENOUGH = 20  # known stencils a block needs to count
QUIETEST = 0.02  # of the blocks, those with the least structure
STENCIL = (1.0, -4.0, 6.0, -4.0, 1.0)  # fourth difference: zero on cubics
LUCK = 2.4  # a median of n such values errs by 1.17 / sqrt(n) of itself, and its quantile at 2 % is 2.05 times that low
GAUSS = 1.4826  # standard deviation of a Gaussian over its median absolute value


@torch.no_grad()
def estimate_noise(image: Tensor, known: Tensor) -> float:
    """Estimate the standard deviation of white noise on the known pixels.

    The median absolute fourth difference along rows and columns, where five known pixels follow each other, is taken
    in each block of 16 x 16 pixels or more and scaled to what white noise of deviation one gives. Structure only adds
    to it, so the quietest few blocks tell (cf. Immerkaer 1996, doi:10.1006/cviu.1996.0060), corrected for being the
    lowest of many. Too high on pictures that are all texture, too low where the noise is cut off at black or white.

    Parameters
    ----------
    image : (H, W, C) Tensor of float32
    known : (H, W) Tensor of bool

    Returns
    -------
    float
        In the image's units; 0 where too few known pixels lie together to tell.
    """
    step = -(-known.numel() // MOST)
    kept = torch.arange(len(known), device=known.device) // STRIP % step == 0
    image, known = image[kept], known[kept]
    pixels = torch.cat([_stencils(known, axis) for axis in (0, 1)])
    if not len(pixels):
        return 0.0
    weights = image.new_tensor(STENCIL)
    value = torch.einsum("nsc,s->cn", image.reshape(-1, image.shape[2])[pixels], weights / weights.norm()).abs()
    row, column = pixels[:, 0] // known.shape[1], pixels[:, 0] % known.shape[1]
    side = max(BLOCK, round((STENCILS * known.numel() / len(pixels)) ** 0.5))
    block = (row // side) * (known.shape[1] // side + 1) + column // side
    return max(_quiet_level(channel, block) for channel in value)


def _stencils(known: Tensor, axis: int) -> Tensor:
    """Flat pixels of the stencils along an axis of ``known`` (H, W) that are known throughout: (n, 5) int64."""
    if known.shape[axis] < len(STENCIL):
        return torch.zeros(0, len(STENCIL), dtype=torch.int64, device=known.device)
    numbers = torch.arange(known.numel(), device=known.device).reshape(known.shape)
    return numbers.unfold(axis, len(STENCIL), 1)[known.unfold(axis, len(STENCIL), 1).all(2)]


def _quiet_level(value: Tensor, block: Tensor) -> float:
    """Low quantile of the blocks' robust deviations, from values (n,) and the block of each (n,)."""
    order = torch.argsort(value)
    order = order[torch.argsort(block[order], stable=True)]
    _, counts = torch.unique_consecutive(block[order], return_counts=True)
    middle = torch.cumsum(counts, 0) - counts + counts // 2
    enough = counts >= ENOUGH
    levels = (GAUSS * value[order][middle[enough]] / (1 - LUCK / counts[enough].sqrt())).sort().values
    return float(levels[int(QUIETEST * len(levels))]) if len(levels) else 0.0
