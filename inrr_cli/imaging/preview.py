"""Pictures for people: a mask laid over its image, several pictures side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

TINT = np.array([255, 0, 80], np.float32)
GAP = 8


def to_8_bits(pixels: NDArray[Any], where: NDArray[np.bool_] | None = None) -> NDArray[np.uint8]:
    """Stretch (M, N[, C]) to 0 to 255, if it is not 8-bit; of more channels than three take the first.

    Parameters
    ----------
    pixels : (M, N[, C]) ndarray
    where : (M, N) ndarray of bool, optional
        Pixels between whose lowest and highest value it is stretched, all by default.
    """
    if pixels.ndim == 3 and pixels.shape[2] != 3:
        pixels = pixels[..., 0]
    if pixels.dtype == np.uint8:
        return pixels
    with np.errstate(invalid="ignore"):  # of a signalling NaN
        values = pixels.astype(np.float64)
    finite = values if where is None else values[where]
    finite = finite[np.isfinite(finite)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    scaled = (np.clip(np.nan_to_num(values, nan=low), low, high) - low) * (255 / max(high - low, 1e-300))
    return np.round(scaled).astype(np.uint8)


def resize(plane: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Resize a plane (M, N) of any type bicubically."""
    from PIL import Image

    made = Image.fromarray(plane.astype(np.float32)).resize((size[1], size[0]), Image.Resampling.BICUBIC)
    values = np.asarray(made, np.float64)
    if np.issubdtype(plane.dtype, np.integer):
        limits = np.iinfo(plane.dtype)
        values = np.clip(np.round(values), limits.min, limits.max)
    return values.astype(plane.dtype)


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
