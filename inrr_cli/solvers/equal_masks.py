"""Channels whose masks are equal, so that what depends on the mask alone is done once for all of them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def equal_masks(mask: Tensor) -> list[list[int]]:
    """Return the channels of a mask (H, W, C), those with equal masks together, in the order of the first of each."""
    if bool((mask == mask[..., :1]).all()):
        return [list(range(mask.shape[2]))]
    groups: dict[bytes, list[int]] = {}
    for channel, plane in enumerate(mask.permute(2, 0, 1).cpu().numpy()):
        groups.setdefault(plane.tobytes(), []).append(channel)
    return list(groups.values())


def map_equal_masks(function: Callable[[Tensor, Tensor], Tensor], image: Tensor, mask: Tensor) -> Tensor:
    """Return ``function(part, plane)`` of the channels of each mask: (H', W', C).

    Parameters
    ----------
    function : callable
        From channels (H, W, K) and their common mask (H, W) to (H', W', K), or (H', W', 1) for all of them.
    image : (H, W, C) Tensor
    mask : (H, W, C) or (H, W, 1) Tensor of bool
        A single plane is that of all channels.
    """
    if mask.shape[2] == 1:
        return function(image, mask[..., 0])
    parts = equal_masks(mask)
    if len(parts) == 1:
        return function(image, mask[..., 0])
    done = [function(image[..., part], mask[..., part[0]]) for part in parts]
    joined = torch.cat([values.expand(-1, -1, len(part)) for part, values in zip(parts, done, strict=True)], 2)
    return joined[..., torch.tensor([channel for part in parts for channel in part]).argsort()]
