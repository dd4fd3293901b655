"""Chessboard distances and the morphology of masks, by `scipy.ndimage`."""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

DISTANCE_CLASSES = (1, 2, 4, 8)  # upper ends in pixels, by octaves; a fifth class holds larger distances
DISTANCE_LIMIT = 16  # pixels; larger distances need not be told apart, as all are in the last class


def chessboard_distance(missing: Tensor) -> Tensor:
    """Return the distance of each missing sample to the nearest known one of its channel, 0 at known samples.

    From (H, W) or (H, W, C) of bool to the same shape of int64. Distances above DISTANCE_LIMIT are DISTANCE_LIMIT + 1.
    """
    if missing.dim() == 3:
        return torch.stack([chessboard_distance(plane) for plane in missing.unbind(2)], 2)
    mask = missing.cpu().numpy()
    if mask.all():  # scipy has no distance to nothing
        return torch.full_like(missing, DISTANCE_LIMIT + 1, dtype=torch.int64)
    distance = ndimage.distance_transform_cdt(mask, "chessboard")
    return torch.from_numpy(np.minimum(distance, DISTANCE_LIMIT + 1).astype(np.int64)).to(missing.device)


def distance_class(distance: Tensor) -> Tensor:
    """Return the class of each distance, in [0, 4]: int64, of the same shape."""
    return torch.bucketize(distance, torch.tensor(DISTANCE_CLASSES, device=distance.device))


def any_in_window(mask: Tensor, size: int) -> Tensor:
    """Mark the windows of ``size`` x ``size`` pixels that have a True: (H, W) to (H - size + 1, W - size + 1) bool."""
    first = size // 2
    largest = _largest(mask, size)
    return largest[first : first + mask.shape[0] - size + 1, first : first + mask.shape[1] - size + 1]


def dilate(mask: Tensor, by: int = 1) -> Tensor:
    """Dilate a mask (H, W[, C]) by a chessboard distance in pixels."""
    return _largest(mask, 2 * by + 1)


def erode(mask: Tensor, by: int = 1) -> Tensor:
    """Erode a mask (H, W[, C]) by a chessboard distance in pixels; borders of the image erode nothing."""
    return ~dilate(~mask, by)


def _largest(mask: Tensor, size: int) -> Tensor:
    """Mark the pixels of a mask (H, W[, C]) that have a True in the window around them."""
    values = mask.cpu().numpy().view(np.uint8)
    windows = (size, size) + (1,) * (mask.dim() - 2)
    found = ndimage.maximum_filter(values, windows, mode="constant")
    return torch.from_numpy(found.astype(bool)).to(mask.device)
