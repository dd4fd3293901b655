"""8-bit views of images for people: a mask drawn over an image, and images side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MASK_COLOUR = np.array([255, 0, 80], np.float32)  # RGB


def to_8_bits(
    pixels: NDArray[Any], where: NDArray[np.bool_] | None = None, limits: tuple[float, float] | None = None
) -> NDArray[np.uint8]:
    """Stretch an image to 0 to 255 unless it is 8-bit already.

    Parameters
    ----------
    pixels : (M, N[, C]) ndarray
        Unless C is 3, the first channel is taken.
    where : (M, N[, C]) ndarray of bool, optional
        Pixels, or samples, whose lowest and highest value become 0 and 255; all by default.
    limits : (float, float), optional
        Values that become 0 and 255 instead, those of `contrast_limits` for images that are to be compared.

    Returns
    -------
    (M, N[, 3]) ndarray of uint8
    """
    shown = shown_channels(pixels)
    if shown.dtype == np.uint8:
        return shown
    low, high = contrast_limits(pixels, where) if limits is None else limits
    with np.errstate(invalid="ignore"):  # a signalling NaN
        values = shown.astype(np.float64)
    scaled = (np.clip(np.nan_to_num(values, nan=low), low, high) - low) * (255 / max(high - low, 1e-300))
    return np.round(scaled).astype(np.uint8)


def contrast_limits(pixels: NDArray[Any], where: NDArray[np.bool_] | None = None) -> tuple[float, float]:
    """Return the values that `to_8_bits` makes 0 and 255: 0 and 255 themselves of an image that is 8-bit already.

    The parameters are those of `to_8_bits`. An image without a finite value has the limits 0 and 1.
    """
    if pixels.dtype == np.uint8:
        return 0.0, 255.0
    values = shown_channels(pixels)
    with np.errstate(invalid="ignore"):  # a signalling NaN
        values = values.astype(np.float64)
    if where is not None:
        values = values[shown_channels(where)]
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def shown_channels(samples: NDArray[Any]) -> NDArray[Any]:
    """Return what of an image, or of its mask, (M, N[, C]) people see: three channels as colours, else the first."""
    return samples[..., 0] if samples.ndim == 3 and samples.shape[2] != 3 else samples


def to_rgb(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Convert (M, N[, 3]) to (M, N, 3)."""
    return np.repeat(pixels[..., None], 3, 2) if pixels.ndim == 2 else pixels


def overlay(pixels: NDArray[np.uint8], missing: NDArray[np.bool_], opacity: float = 0.65) -> NDArray[np.uint8]:
    """Tint the missing pixels of an (M, N[, 3]) image; return (M, N, 3)."""
    view = to_rgb(pixels).copy()
    view[missing] = np.round((1 - opacity) * view[missing] + opacity * MASK_COLOUR).astype(np.uint8)
    return view


def side_by_side(images: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Join (M, N[, 3]) images of one height in a row, with eight white columns between them."""
    gap = np.full((images[0].shape[0], 8, 3), 255, np.uint8)
    row = [part for image in images for part in (to_rgb(image), gap)]
    return np.concatenate(row[:-1], axis=1)
