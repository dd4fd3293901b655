"""Pixel values: what an image may hold, and to and from the engines' float32 in [0, 1]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import InputError

Pixels = NDArray[Any]

VALUE_MOST = 1e37  # differences, and error bars in float32, stay finite


def check_image(image: Pixels) -> None:
    """Raise InputError unless the image is (M, N[, C]) of integers or floats."""
    if image.ndim not in (2, 3) or 0 in image.shape:
        raise InputError(f"the image must have the shape (M, N) or (M, N, C), got {image.shape}")
    if not (np.issubdtype(image.dtype, np.integer) or np.issubdtype(image.dtype, np.floating)):
        raise InputError(f"the image must hold integers or floats, got {image.dtype}")


@dataclass(frozen=True)
class Range:
    """Values that stand for 0 and 1, in the units of an image."""

    low: float
    high: float

    @property
    def span(self) -> float:
        """Their distance."""
        return self.high - self.low

    def to_unit(self, values: Pixels) -> NDArray[np.float32]:
        """From the units of the image."""
        if values.dtype == np.float32 and max(abs(self.low), self.span) < VALUE_MOST:  # no difference overflows
            return (values - np.float32(self.low)) / np.float32(self.span)
        return ((values.astype(np.float64) - self.low) / self.span).astype(np.float32)

    def shown(self, values: NDArray[np.float32], dtype: np.dtype[Any]) -> NDArray[np.float64]:
        """Back to the units of the image, clipped to what ``dtype`` can hold."""
        found = values.astype(np.float64) * self.span + self.low
        limits = np.iinfo(dtype) if np.issubdtype(dtype, np.integer) else np.finfo(dtype)
        high = float(limits.max)
        if high > int(limits.max):  # of 64-bit integers the highest is no float
            high = float(np.nextafter(high, 0))
        return np.clip(found, float(limits.min), high)

    def from_unit(self, values: NDArray[np.float32], dtype: np.dtype[Any]) -> Pixels:
        """Back to the units of the image, rounded and clipped to what ``dtype`` can hold."""
        found = self.shown(values, dtype)
        return (np.round(found) if np.issubdtype(dtype, np.integer) else found).astype(dtype)


def full_scale(dtype: np.dtype[Any]) -> float:
    """Return the value that stands for white: the highest integer, or 1."""
    return float(np.iinfo(dtype).max) if np.issubdtype(dtype, np.integer) else 1.0


def known_range(image: Pixels, known: NDArray[np.bool_]) -> Range:
    """Range of the known pixels: (M, N[, C]) and (M, N); of a constant, one up from it."""
    values = image[known]
    if not values.size:
        raise InputError("the mask covers everything: no pixel is known to fill it from")
    if not np.isfinite(values).all():
        raise InputError("known pixels of the image are not finite; mark them as missing")
    low, high = float(values.min()), float(values.max())
    if max(abs(low), abs(high)) > VALUE_MOST:
        far = low if abs(low) > abs(high) else high
        raise InputError(f"known pixels reach {far:g}: if that stands for no data, mark it with --mask value={far!r}")
    return Range(low, high) if high - low > abs(high) * 1e-12 else Range(low, low + max(1.0, abs(low)))


def working_range(image: Pixels, known: NDArray[np.bool_]) -> Range:
    """Range that engines see as [0, 1]: all of an 8-bit image's, else that of the known pixels."""
    return Range(0.0, 255.0) if image.dtype == np.uint8 else known_range(image, known)


def measured_range(image: Pixels, known: NDArray[np.bool_], given: Range | None = None) -> Range:
    """Range whose span is the peak of a PSNR: that of the integers, of a float's known pixels, or one ``given``."""
    if given is not None:
        return given
    if np.issubdtype(image.dtype, np.integer):
        limits = np.iinfo(image.dtype)
        return Range(float(limits.min), float(limits.max))
    return known_range(image, known)
