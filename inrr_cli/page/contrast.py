"""From the values of an image to the grey levels of a screen; nothing of this touches the file."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inrr_cli.imaging.colour_maps import sequential
from inrr_cli.imaging.picture import Picture, equals
from inrr_cli.imaging.value_range import Pixels

SHOWN_MAXIMUM = 1e30  # sums of a million such values are finite in float32, and nobody sees a difference beyond
SAMPLES = 1_000_000  # that the proposed contrast is taken from: quantiles of more differ by less than a grey level
QUANTILES = (0.002, 0.998)  # a few stars, dead pixels or specular lights do not darken the rest


class Contrast(NamedTuple):
    """The values that are shown as black and as white."""

    low: float
    high: float


class Extent(NamedTuple):
    """What is proposed to be shown as black and as white, and the least and the largest finite value of a page."""

    proposed: Contrast
    least: float
    most: float


def measure_extent(picture: Picture, number: int) -> Extent:
    """Measure a page of a picture; values of no data do not count."""
    page, nodata = picture.pages[number], picture.metadata.nodata
    least, most = _extremes(page, nodata)
    if page.dtype == np.uint8:
        return Extent(Contrast(0.0, 255.0), least, most)
    step = max(1, int(np.sqrt(page.size / SAMPLES)))
    values = page[::step, ::step]
    values = values[np.isfinite(values)]
    values = values if nodata is None else values[~equals(values, nodata)]
    if not values.size:
        return Extent(Contrast(least, most if most > least else least + 1), least, most)
    low, high = (float(value) for value in np.quantile(values.astype(np.float64), QUANTILES))
    low, high = (low, high) if high > low else (least, most)
    return Extent(Contrast(low, high if high > low else low + 1), least, most)


def _extremes(page: Pixels, nodata: float | None) -> tuple[float, float]:
    """Return the least and the largest finite value that is not ``nodata``; 0 and 1 if there is none."""
    if nodata is None and np.issubdtype(page.dtype, np.integer):
        return float(page.min()), float(page.max())
    usable = np.isfinite(page)
    usable = usable if nodata is None else usable & ~equals(page, nodata)
    if not usable.any():
        return 0.0, 1.0
    values = page[usable]
    return float(values.min()), float(values.max())


def as_numbers(pixels: Pixels, offset: float) -> NDArray[np.float32]:
    """Return values less an ``offset`` as float32; those that are not finite become NaN.

    The offset lies among the values, so that float32 tells apart what the image tells apart.
    """
    if np.issubdtype(pixels.dtype, np.integer) and pixels.dtype.itemsize <= 2:
        return np.asarray(pixels - np.float32(offset), np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        values = pixels.astype(np.float64) - offset
        finite = np.isfinite(values)
        numbers: NDArray[np.float32] = values.clip(-SHOWN_MAXIMUM, SHOWN_MAXIMUM).astype(np.float32)
    if not finite.all():
        numbers[~finite] = np.nan
    return numbers


def to_levels(numbers: NDArray[np.float32], contrast: Contrast, *, is_inverted: bool = False) -> NDArray[np.uint8]:
    """Return the grey levels of values, 0 to 255; of those that are no number 0.

    A contrast of no width is a step: what is above is white.
    """
    low, high = np.clip(contrast, -SHOWN_MAXIMUM, SHOWN_MAXIMUM).astype(np.float32)
    span = high - low if high > low else np.float32(1e-30)
    with np.errstate(over="ignore", invalid="ignore"):
        levels = np.round(np.nan_to_num((numbers - low) / span, nan=0.0).clip(0, 1) * np.float32(255))
    rounded: NDArray[np.uint8] = levels.astype(np.uint8)
    return ~rounded if is_inverted else rounded


def to_colours(shares: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the colours (M, N, 4) of error bars, given as shares (M, N) of the highest; no number is transparent."""
    levels = np.round(255 * np.nan_to_num(shares, nan=0.0).clip(0, 1)).astype(np.uint8)
    opacity = np.where(np.isfinite(shares), np.uint8(255), np.uint8(0))
    return np.concatenate([sequential()[levels], opacity[..., None]], -1)
