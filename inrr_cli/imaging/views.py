"""Pictures for people: a mask laid over its image, several pictures side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TINT = np.array([255, 0, 80], np.float32)
GAP = 8


def to_rgb(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(M, N[, 3]) to (M, N, 3)."""
    return np.repeat(pixels[..., None], 3, 2) if pixels.ndim == 2 else pixels


def overlay(pixels: NDArray[np.uint8], missing: NDArray[np.bool_], opacity: float = 0.65) -> NDArray[np.uint8]:
    """Tint the missing pixels of an (M, N[, 3]) image; returns (M, N, 3)."""
    view = to_rgb(pixels).copy()
    view[missing] = np.round((1 - opacity) * view[missing] + opacity * TINT).astype(np.uint8)
    return view


def side_by_side(pictures: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Set (M, N[, 3]) pictures of one height in a row, white between them."""
    gap = np.full((pictures[0].shape[0], GAP, 3), 255, np.uint8)
    row = [part for picture in pictures for part in (to_rgb(picture), gap)]
    return np.concatenate(row[:-1], axis=1)
