"""Pixel values: what an image may hold, and to and from the engines' float32 in [0, 1]."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import InputError

Pixels = NDArray[Any]


def check_image(image: Pixels) -> None:
    """Raise InputError unless the image is (M, N[, C]) of unsigned integers or floats."""
    if image.ndim not in (2, 3) or 0 in image.shape:
        raise InputError(f"the image must have the shape (M, N) or (M, N, C), got {image.shape}")
    if not (np.issubdtype(image.dtype, np.unsignedinteger) or np.issubdtype(image.dtype, np.floating)):
        raise InputError(f"the image must hold unsigned integers or floats, got {image.dtype}")


def to_unit(image: Pixels, known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """To float32 in [0, 1]."""
    if np.issubdtype(image.dtype, np.integer):
        return image.astype(np.float32) / np.float32(full_scale(image.dtype))
    values = image.astype(np.float32)
    if not ((values[known] >= 0) & (values[known] <= 1)).all():
        raise InputError("known pixels of a float image must lie in [0, 1] and be finite")
    return values


def full_scale(dtype: np.dtype[Any]) -> float:
    """Return the value that stands for 1."""
    return float(np.iinfo(dtype).max) if np.issubdtype(dtype, np.integer) else 1.0


def from_unit(values: NDArray[np.float32], dtype: np.dtype[Any]) -> Pixels:
    """From float32 in [0, 1] back to ``dtype``, rounded."""
    if np.issubdtype(dtype, np.integer):
        top = full_scale(dtype)
        return np.clip(np.round(values.astype(np.float64) * top), 0, top).astype(dtype)
    return values.astype(dtype)
