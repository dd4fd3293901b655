"""Halve the scale of images and masks, and double the scale of images."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def halve(image: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Average the known samples of 2 x 2 blocks.

    Parameters
    ----------
    image : (H, W, K) Tensor
    known : (H, W), (H, W, 1) or (H, W, K) Tensor of bool
        A single plane is that of all channels.

    Returns
    -------
    (ceil(H / 2), ceil(W / 2), K) Tensor, Tensor of bool
        The means, and the blocks that have a known sample, with as many axes as ``known``.
    """
    rows, columns = known.shape[:2]
    odd = (0, columns % 2, 0, rows % 2)
    planes = known.reshape(rows, columns, -1)
    weight = F.avg_pool2d(F.pad(planes.to(image.dtype).permute(2, 0, 1), odd), 2).permute(1, 2, 0)
    total = F.avg_pool2d(F.pad((image * planes).permute(2, 0, 1), odd), 2).permute(1, 2, 0)
    found = weight > 0
    return total / weight.clamp(min=0.25), found[..., 0] if known.dim() == 2 else found


def halve_mask(mask: Tensor) -> Tensor:
    """Mark the 2 x 2 blocks of a mask (H, W[, K]) that have a True: (ceil(H / 2), ceil(W / 2)[, K]) bool."""
    rows, columns = mask.shape[:2]
    padded = F.pad(mask, (*[0] * (2 * (mask.dim() - 2)), 0, columns % 2, 0, rows % 2))
    return padded[::2, ::2] | padded[1::2, ::2] | padded[::2, 1::2] | padded[1::2, 1::2]


def double(image: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Enlarge an image (h, w, K) bicubically by two and crop it to ``shape`` (H, W, ...), the shape before `halve`."""
    large = F.interpolate(image.permute(2, 0, 1)[None], scale_factor=2, mode="bicubic")[0].permute(1, 2, 0)
    return large[: shape[0], : shape[1]]
