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
GAUSS = 1.4826  # standard deviation of a Gaussian over its median absolute value


@torch.no_grad()
def estimate_noise(image: Tensor, known: Tensor) -> float:
    """Estimate the standard deviation of white noise on the known pixels.

    The median absolute fourth difference along rows and columns, where five known pixels follow each other, is taken
    in each block of 16 x 16 pixels or more and scaled to what white noise of deviation one gives. Structure only adds
    to it, so the quietest few blocks tell (cf. Immerkaer 1996, doi:10.1006/cviu.1996.0060). Too high on pictures that
    are all texture, too low where the noise is cut off at black or white.

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
    found = []
    for channel in image.unbind(2):
        values, rows, columns = [], [], []
        for picture, mask in ((channel, known), (channel.T, known.T)):
            if picture.shape[1] < len(STENCIL):
                continue
            weights = picture.new_tensor(STENCIL)
            row, column = mask.unfold(1, len(STENCIL), 1).all(2).nonzero(as_tuple=True)
            values.append((picture.unfold(1, len(STENCIL), 1)[row, column] @ weights / weights.norm()).abs())
            rows.append(row if picture is channel else column)
            columns.append(column if picture is channel else row)
        if values and sum(map(len, values)):
            value, row, column = (torch.cat(parts) for parts in (values, rows, columns))
            side = max(BLOCK, round((STENCILS * known.numel() / len(value)) ** 0.5))
            found.append(_quiet_level(value, (row // side) * (channel.shape[1] // side + 1) + column // side))
    return max(found, default=0.0)


def _quiet_level(value: Tensor, block: Tensor) -> float:
    """Low quantile of the blocks' robust deviations, from values (n,) and the block of each (n,)."""
    order = torch.argsort(value)
    order = order[torch.argsort(block[order], stable=True)]
    _, counts = torch.unique_consecutive(block[order], return_counts=True)
    middle = torch.cumsum(counts, 0) - counts + counts // 2
    levels = GAUSS * value[order][middle[counts >= ENOUGH]].sort().values
    return float(levels[int(QUIETEST * len(levels))]) if len(levels) else 0.0
