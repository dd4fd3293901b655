"""Halve the scale of images and masks, and double the scale of images."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def halve(image: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Average the known pixels of 2 x 2 blocks: (ceil(H / 2), ceil(W / 2), K), and the mask of blocks that have any."""
    rows, columns = known.shape
    odd = (0, columns % 2, 0, rows % 2)
    weight = F.avg_pool2d(F.pad(known.float(), odd)[None], 2)[0]
    total = F.avg_pool2d(F.pad((image * known[..., None]).permute(2, 0, 1), odd), 2).permute(1, 2, 0)
    return total / weight.clamp(min=0.25)[..., None], weight > 0


def halve_mask(mask: Tensor) -> Tensor:
    """Mark the 2 x 2 blocks of a mask (H, W) that have a True: (ceil(H / 2), ceil(W / 2)) bool."""
    rows, columns = mask.shape
    padded = F.pad(mask, (0, columns % 2, 0, rows % 2))
    return padded[::2, ::2] | padded[1::2, ::2] | padded[::2, 1::2] | padded[1::2, 1::2]


def double(image: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Enlarge an image (h, w, K) bicubically by two and crop it to ``shape`` (H, W), the shape before `halve`."""
    large = F.interpolate(image.permute(2, 0, 1)[None], scale_factor=2, mode="bicubic")[0].permute(1, 2, 0)
    return large[: shape[0], : shape[1]]
