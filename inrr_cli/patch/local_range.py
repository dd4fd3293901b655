"""The range of the known samples around each pixel, which bounds the estimates there.

It is local, so that one very bright sample does not widen the bounds of the whole image.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

BLOCK = 16  # pixels
REACH = 2  # blocks on each side: more than the search for similar patches reaches
MARGIN = 0.5  # part of the local range that estimates may lie beyond it, but not beyond that of the image; empirical


class LocalRange:
    """Bounds by blocks of BLOCK x BLOCK pixels.

    Parameters
    ----------
    image : (H, W, C) Tensor
    known : (H, W, 1) or (H, W, C) Tensor of bool
        A single plane is that of all channels. Each channel has a known sample.
    """

    def __init__(self, image: Tensor, known: Tensor) -> None:
        self.columns, self.planes = image.shape[1], known.shape[2]
        (lowest, low), (highest, high) = _largest_around(-image, known), _largest_around(image, known)
        margin = MARGIN * (low + high)
        self.low, self.high = -(low + margin).minimum(lowest), (high + margin).minimum(highest)

    def clamp(self, values: Tensor, samples: Tensor) -> Tensor:
        """Clamp values (..., n, C / Q) of flat samples (n,); a pixel has as many as ``known`` has planes."""
        pixels, plane = samples // self.planes, samples % self.planes
        where = pixels // self.columns // BLOCK, pixels % self.columns // BLOCK, plane
        low, high = (torch.unflatten(bound, 2, (self.planes, -1))[where] for bound in (self.low, self.high))
        return values.clamp(low, high)

    def clamp_image(self, image: Tensor) -> Tensor:
        """Clamp an image (H, W, C) of the same size."""
        clamped, (rows, columns) = torch.empty_like(image), image.shape[:2]
        for number, top in enumerate(range(0, rows, BLOCK)):  # in rows of blocks, to save memory
            low, high = (bound[number].repeat_interleave(BLOCK, 0)[:columns] for bound in (self.low, self.high))
            clamped[top : top + BLOCK] = image[top : top + BLOCK].clamp(low, high)
        return clamped


def _largest_around(image: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Return the largest known sample (C,) of each channel, and around each block (h, w, C), if there is one."""
    values = torch.where(known, image, -torch.inf).permute(2, 0, 1)
    rows, columns = image.shape[:2]
    blocks = F.max_pool2d(F.pad(values, (0, -columns % BLOCK, 0, -rows % BLOCK), value=-torch.inf), BLOCK)
    around = F.max_pool2d(blocks, 2 * REACH + 1, 1, REACH)
    whole = values.amax((1, 2))
    return whole, torch.where(around.isinf(), whole[:, None, None], around).permute(1, 2, 0)
