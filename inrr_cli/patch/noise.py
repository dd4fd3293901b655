"""Estimate the noise of the known pixels from these pixels."""

from __future__ import annotations

import torch
from torch import Tensor

STENCIL = (1.0, -4.0, 6.0, -4.0, 1.0)  # fourth difference: zero on cubics
# a median of n values has a relative error of 1.17 / sqrt(n), of which the 2 % quantile over blocks is 2.05 times
QUIET_BLOCK_BIAS = 2.4


@torch.no_grad()
def estimate_noise(image: Tensor, known: Tensor) -> float:
    """Estimate the standard deviation of white noise on the known pixels.

    The fourth differences of five known pixels in a row or column are scaled to the deviation of white noise. The
    median of their absolute values is taken in each block of 16 x 16 pixels or more. Structure only adds to the
    median, so the 2 % quantile of the blocks counts (cf. Immerkaer 1996, doi:10.1006/cviu.1996.0060), corrected for
    being the lowest of many. The estimate is too high on images that are all texture, and too low where black or white
    clips the noise.

    Parameters
    ----------
    image : (H, W, C) Tensor of float32
    known : (H, W[, C]) Tensor of bool

    Returns
    -------
    float
        Of the noisiest channel, in the image's units; 0 where too few known pixels are neighbours.
    """
    step = -(-known.numel() // 2_000_000)  # of a larger image strips of 64 rows are enough
    kept = torch.arange(len(known), device=known.device) // 64 % step == 0
    image, known = image[kept], known[kept]
    if known.dim() == 3:
        parts = zip(torch.split(image, 1, 2), known.unbind(2), strict=True)
        return max(_noise_of_channels(part, part_known) for part, part_known in parts)
    return _noise_of_channels(image, known)


def _noise_of_channels(image: Tensor, known: Tensor) -> float:
    """Return the noise of the noisiest channel of (H, W, C), all with one mask (H, W)."""
    pixels = torch.cat([_known_stencils(known, axis) for axis in (0, 1)])
    if not len(pixels):
        return 0.0
    weights = image.new_tensor(STENCIL)
    value = torch.einsum("nsc,s->cn", image.reshape(-1, image.shape[2])[pixels], weights / weights.norm()).abs()
    row, column = pixels[:, 0] // known.shape[1], pixels[:, 0] % known.shape[1]
    side = max(16, round((200 * known.numel() / len(pixels)) ** 0.5))  # 200 stencils in a mean block
    block = (row // side) * (known.shape[1] // side + 1) + column // side
    return max(_quiet_level(channel, block) for channel in value)


def _known_stencils(known: Tensor, axis: int) -> Tensor:
    """Return flat pixels of the stencils along an axis of ``known`` (H, W) whose pixels are all known: (n, 5) int64."""
    if known.shape[axis] < len(STENCIL):
        return torch.zeros(0, len(STENCIL), dtype=torch.int64, device=known.device)
    numbers = torch.arange(known.numel(), device=known.device).reshape(known.shape)
    return numbers.unfold(axis, len(STENCIL), 1)[known.unfold(axis, len(STENCIL), 1).all(2)]


def _quiet_level(value: Tensor, block: Tensor) -> float:
    """Return the 2 % quantile of the robust deviations of blocks, from values (n,) and the block of each (n,)."""
    order = torch.argsort(value)
    order = order[torch.argsort(block[order], stable=True)]
    _, counts = torch.unique_consecutive(block[order], return_counts=True)
    middle = torch.cumsum(counts, 0) - counts + counts // 2
    enough = counts >= 20  # a median of fewer values says little
    deviation = 1.4826 * value[order][middle[enough]]  # of a Gaussian, over its median absolute value
    levels = (deviation / (1 - QUIET_BLOCK_BIAS / counts[enough].sqrt())).sort().values
    return float(levels[int(0.02 * len(levels))]) if len(levels) else 0.0
