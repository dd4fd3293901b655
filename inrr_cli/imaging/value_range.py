"""Ranges of pixel values: what an image may hold, and the conversion to the engines' float32 in [0, 1] and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import InputError

Pixels = NDArray[Any]  # (M, N[, C]) of integers or floats

LARGEST_VALUE = 1e37  # differences of such values, and error bars in float32 (at most 3.4e38), stay finite


def check_image(image: Pixels) -> None:
    """Raise InputError unless the image is (M, N[, C]) of integers or floats."""
    if image.ndim not in (2, 3) or 0 in image.shape:
        raise InputError(f"the image must have the shape (M, N) or (M, N, C), got {image.shape}")
    if not (np.issubdtype(image.dtype, np.integer) or np.issubdtype(image.dtype, np.floating)):
        raise InputError(f"the image must hold integers or floats, got {image.dtype}")


@dataclass(frozen=True)
class ValueRange:
    """The values of an image that the engines see as 0 and 1."""

    low: float
    high: float

    @property
    def span(self) -> float:
        """Return ``high - low``."""
        return self.high - self.low

    def to_unit(self, values: Pixels) -> NDArray[np.float32]:
        """Convert values of the image to float32, ``low`` to 0 and ``high`` to 1."""
        if values.dtype == np.float32 and max(abs(self.low), self.span) < LARGEST_VALUE:  # no difference overflows
            return (values - np.float32(self.low)) / np.float32(self.span)
        return ((values.astype(np.float64) - self.low) / self.span).astype(np.float32)

    def from_unit_unrounded(self, values: NDArray[np.float32], dtype: np.dtype[Any]) -> NDArray[np.float64]:
        """Undo `to_unit`, clipped to the limits of ``dtype`` but not rounded to it."""
        return _clip_to_limits(values.astype(np.float64) * self.span + self.low, dtype)

    def from_unit(self, values: NDArray[np.float32], dtype: np.dtype[Any]) -> Pixels:
        """Undo `to_unit`, clipped and rounded to what ``dtype`` can hold."""
        return cast(values.astype(np.float64) * self.span + self.low, dtype)


def cast(values: NDArray[np.float64], dtype: np.dtype[Any]) -> Pixels:
    """Convert values to ``dtype``, clipped and rounded to what it can hold."""
    held = _clip_to_limits(values, dtype)
    return (np.round(held) if np.issubdtype(dtype, np.integer) else held).astype(dtype)


def _clip_to_limits(values: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[np.float64]:
    limits = np.iinfo(dtype) if np.issubdtype(dtype, np.integer) else np.finfo(dtype)
    high = float(limits.max)
    if high > int(limits.max):  # the highest 64-bit integer rounds up to a float that no longer fits
        high = float(np.nextafter(high, 0))
    return np.clip(values, float(limits.min), high)


def full_scale(dtype: np.dtype[Any]) -> float:
    """Return the value of white: the highest integer of ``dtype``, or 1 for floats."""
    return float(np.iinfo(dtype).max) if np.issubdtype(dtype, np.integer) else 1.0


def known_range(image: Pixels, known: NDArray[np.bool_]) -> ValueRange:
    """Return the range of the known pixels, or one above their value if they are all equal.

    Parameters
    ----------
    image : (M, N[, C]) ndarray
    known : (M, N[, C]) ndarray of bool

    Raises
    ------
    InputError
        If no pixel is known, or a known one is not finite or larger than ``LARGEST_VALUE``.
    """
    values = image[known]
    if not values.size:
        raise InputError("the mask covers everything: no pixel is known to fill it from")
    if not np.isfinite(values).all():
        raise InputError("known pixels of the image are not finite; mark them as missing")
    low, high = float(values.min()), float(values.max())
    if max(abs(low), abs(high)) > LARGEST_VALUE:
        value = low if abs(low) > abs(high) else high
        raise InputError(f"known pixels reach {value:g}; if this means no data, mark it with --mask value={value!r}")
    # a relative span below 1e-12 is rounding: such an image is constant
    return ValueRange(low, high) if high - low > abs(high) * 1e-12 else ValueRange(low, low + max(1.0, abs(low)))


def working_range(image: Pixels, known: NDArray[np.bool_]) -> ValueRange:
    """Return the range that engines see as [0, 1]: 0 to 255 for 8 bits, else the range of the known pixels."""
    return ValueRange(0.0, 255.0) if image.dtype == np.uint8 else known_range(image, known)


def measured_range(image: Pixels, known: NDArray[np.bool_], given: ValueRange | None = None) -> ValueRange:
    """Return the range whose span is the peak of a PSNR: ``given``, all integers, or that of the known floats."""
    if given is not None:
        return given
    if np.issubdtype(image.dtype, np.integer):
        limits = np.iinfo(image.dtype)
        return ValueRange(float(limits.min), float(limits.max))
    return known_range(image, known)
