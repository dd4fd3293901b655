"""Channels whose masks are equal, so that what depends on the mask alone is done once for all of them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def equal_masks(known: Tensor) -> list[list[int]]:
    """Return the channels of a mask (H, W, C), those with equal masks together, in the order of the first of each."""
    if bool((known == known[..., :1]).all()):
        return [list(range(known.shape[2]))]
    groups: dict[bytes, list[int]] = {}
    for channel, mask in enumerate(known.permute(2, 0, 1).cpu().numpy()):
        groups.setdefault(mask.tobytes(), []).append(channel)
    return list(groups.values())


def map_equal_masks(fill: Callable[[Tensor, Tensor], Tensor], image: Tensor, known: Tensor) -> Tensor:
    """Return ``fill(part, mask)`` of the channels of each mask: (H, W, C).

    Parameters
    ----------
    fill : callable
        From channels (H, W, K) and their common mask (H, W) to (H, W, K), or (H, W, 1) for all of them.
    image, known : (H, W, C) Tensor, (H, W, C) Tensor of bool
    """
    parts = equal_masks(known)
    filled = [(part, fill(image[..., part], known[..., part[0]])) for part in parts]
    out = torch.empty_like(image, dtype=filled[0][1].dtype)
    for part, values in filled:
        out[..., part] = values
    return out
