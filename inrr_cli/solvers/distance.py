"""Masks grown and shrunk by king's moves: fast on large pictures, where pooling is not."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def any_in_window(mask: Tensor, size: int) -> Tensor:
    """Whether each window of ``size`` x ``size`` pixels has a True: (H, W) to (H - size + 1, W - size + 1) bool."""
    for axis in (0, 1):
        reach = 1
        while reach < size:  # windows twice as long by joining two
            step = min(reach, size - reach)
            length = mask.shape[axis] - step
            mask = mask.narrow(axis, 0, length) | mask.narrow(axis, step, length)
            reach += step
    return mask


def dilate(mask: Tensor, by: int = 1) -> Tensor:
    """Dilate a mask (H, W) by king's moves."""
    return any_in_window(F.pad(mask, (by, by, by, by)), 2 * by + 1)


def erode(mask: Tensor, by: int = 1) -> Tensor:
    """Erode a mask (H, W) by king's moves; nothing is eroded from a border."""
    return ~dilate(~mask, by)
