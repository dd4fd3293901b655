"""Ranges of pixel values: what an image may hold, and the conversion to the engines' float32 in [0, 1] and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import InputError

Pixels = NDArray[Any]  # (M, N[, C]) of integers or floats

LARGEST_VALUE = 1e37  # differences of such values, and error bars in float32 (at most 3.4e38), stay finite
OUTLIER_SHARE = 0.01  # of the samples at either end: twice the share of dead pixels that a poor sensor has
OUTLIER_REACH = 2.0  # spans between these quantiles: highlights of photographs lie nearer to the quantiles; empirical
# values beyond the range by u of it are put log(1 + 8 u) / 8 beyond: an outlier of 10,000 ranges 1.4, so that patches
# and smooth fills beside the outlier are little disturbed; empirical, with 4 errors are up to 1.2 times larger
COMPRESSION = 8.0
EXPONENT_MAXIMUM = 300.0  # exponentials of float64 are finite


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

    def deviations(self, sigma: NDArray[np.float32], values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Convert standard deviations of ``values`` in the engines' units to those of the image."""
        del values  # one slope for all
        return np.asarray(sigma * np.float32(self.span), np.float32)

    def linear(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return values in the engines' units on a linear scale."""
        return values.astype(np.float64)

    def from_unit_unrounded(self, values: NDArray[np.float32], dtype: np.dtype[Any]) -> NDArray[np.float64]:
        """Undo `to_unit`, clipped to the limits of ``dtype`` but not rounded to it."""
        return _clip_to_limits(self.linear(values) * self.span + self.low, dtype)

    def from_unit(self, values: NDArray[np.float32], dtype: np.dtype[Any]) -> Pixels:
        """Undo `to_unit`, clipped and rounded to what ``dtype`` can hold."""
        return cast(self.linear(values) * self.span + self.low, dtype)


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


class CompressedRange(ValueRange):
    """A range beyond which values are compressed: 1 + u becomes 1 + log(1 + c u) / c, where c is COMPRESSION.

    Values below 0 are mirrored. So the engines tell a bright star from a brighter one, while neither the noise floor
    nor a tolerance in these units depends on how bright.
    """

    def to_unit(self, values: Pixels) -> NDArray[np.float32]:
        """Convert values of the image to float32, ``low`` to 0, ``high`` to 1, and others to beyond these."""
        unit = (values.astype(np.float64) - self.low) / self.span
        inside = unit.clip(0, 1)
        beyond = unit - inside
        compressed = inside + np.copysign(np.log1p(COMPRESSION * np.abs(beyond)) / COMPRESSION, beyond)
        return np.asarray(compressed, np.float32)

    def linear(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return values in the engines' units on a linear scale."""
        exponent = _exponent(values)
        return values.clip(0, 1) + np.copysign(np.expm1(np.abs(exponent)) / COMPRESSION, exponent)

    def deviations(self, sigma: NDArray[np.float32], values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Convert standard deviations of ``values`` in the engines' units to those of the image."""
        slope = self.span * np.exp(np.abs(_exponent(values)))
        return np.asarray((sigma * slope).clip(max=float(np.finfo(np.float32).max)), np.float32)


class FaintRange(CompressedRange):
    """The range of a faint part, which tells nothing of brighter values but that they are brighter."""

    def deviations(self, sigma: NDArray[np.float32], values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Convert standard deviations of ``values`` as any range does, but to infinity far beyond this one."""
        near = np.abs(_exponent(values)) <= 1
        return np.where(near, super().deviations(sigma, values), np.float32(np.inf))


def _exponent(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return log(1 + c u) of values compressed beyond 1, and the same of those below 0 as a negative number."""
    beyond = values.astype(np.float64) - values.clip(0, 1)
    exponent: NDArray[np.float64] = (COMPRESSION * beyond).clip(-EXPONENT_MAXIMUM, EXPONENT_MAXIMUM)
    return exponent


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


def robust_range(image: Pixels, known: NDArray[np.bool_]) -> ValueRange:
    """Return `working_range` without the outliers among the known samples, which are then compressed.

    Outliers lie more than OUTLIER_REACH times the span between the quantiles OUTLIER_SHARE and 1 - OUTLIER_SHARE beyond
    these. An image of a few samples on a constant, whose quantiles are equal or hardly differ, has none: in units of
    that span the samples would not fit float32.
    """
    whole = working_range(image, known)
    if image.dtype == np.uint8:
        return whole
    values = image[known]
    low, high = np.quantile(values.astype(np.float64), (OUTLIER_SHARE, 1 - OUTLIER_SHARE), method="nearest")
    reach = OUTLIER_REACH * (high - low)
    if reach * LARGEST_VALUE <= whole.span or (whole.low >= low - reach and whole.high <= high + reach):
        return whole
    kept = values[(values >= low - reach) & (values <= high + reach)]
    return CompressedRange(float(kept.min()), float(kept.max()))


def measured_range(image: Pixels, known: NDArray[np.bool_], given: ValueRange | None = None) -> ValueRange:
    """Return the range whose span is the peak of a PSNR: ``given``, all integers, or that of the known floats."""
    if given is not None:
        return given
    if np.issubdtype(image.dtype, np.integer):
        limits = np.iinfo(image.dtype)
        return ValueRange(float(limits.min), float(limits.max))
    return known_range(image, known)
