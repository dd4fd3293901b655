"""Colour maps for measures: lightness rises evenly, so that equal steps look equal, also to the colour-blind.

They are curves in OKLab, resampled so that neighbouring colours are equally far apart.

References
----------
.. [1] B. Ottosson, "A perceptual color space for image processing", 2020, https://bottosson.github.io/posts/oklab
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Colours = NDArray[np.uint8]  # (256, 3) RGB

SIZE = 256  # colours of a map: as many as 8 bits tell apart
FINE = 2048  # points of a curve before it is resampled; enough that resampling errs by less than one level


@cache
def grey() -> Colours:
    """Return black to white in even steps of the 8-bit values, as images are stored."""
    return np.repeat(np.arange(SIZE, dtype=np.uint8)[:, None], 3, 1)


@cache
def sequential() -> Colours:
    """Return dark violet over red to light yellow: for what starts at 0."""
    t = np.linspace(0, 1, FINE)
    return _resample(0.18 + 0.78 * t, 0.19 * np.sin(np.pi * (0.1 + 0.85 * t)), 290 + 170 * t)


@cache
def diverging() -> Colours:
    """Return blue over near-white to brown-orange: for what has a sign."""
    t = np.linspace(-1, 1, FINE)
    return _resample(0.97 - 0.55 * np.abs(t), 0.15 * np.abs(t) ** 0.8, np.where(t < 0, 255.0, 50.0))


@cache
def cyclic() -> Colours:
    """Return light over blue to dark, and over orange back to light: for angles, whose last value meets the first."""
    t = np.linspace(0, 1, FINE)
    dark = 0.5 - 0.5 * np.cos(2 * np.pi * t)
    return _resample(0.93 - 0.68 * dark, 0.14 * np.abs(np.sin(2 * np.pi * t)), np.where(t < 0.5, 255.0, 50.0))


def categories(ids: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return a colour for each label, the same for the same id: (..., 3) for ids of any shape.

    Hues follow the golden angle, which keeps those of neighbouring ids apart; lightness has three steps.
    """
    hue = (ids * 137.50776) % 360
    lightness = 0.5 + 0.16 * ((ids // 3) % 3)
    return _to_srgb(_lab(lightness.astype(float), np.full(ids.shape, 0.11), hue.astype(float)))


def _lab(lightness: NDArray[np.float64], chroma: NDArray[np.float64], hue: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return OKLab from lightness, chroma and hue in degrees, with chroma lowered to what a screen can show."""
    angle = np.deg2rad(hue)
    low, high = np.zeros_like(chroma), chroma.copy()
    for _ in range(12):  # halvings: the chroma is then right to a 4000th
        middle = (low + high) / 2
        linear = _to_linear(np.stack([lightness, middle * np.cos(angle), middle * np.sin(angle)], -1))
        fits = ((linear >= 0) & (linear <= 1)).all(-1)
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return np.stack([lightness, low * np.cos(angle), low * np.sin(angle)], -1)


def _resample(lightness: NDArray[np.float64], chroma: NDArray[np.float64], hue: NDArray[np.float64]) -> Colours:
    """Return the colours at equal distances along a curve."""
    lab = _lab(lightness, chroma, hue)
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(lab, axis=0), axis=1))])
    even = np.linspace(0, length[-1], SIZE)
    return _to_srgb(np.stack([np.interp(even, length, lab[:, channel]) for channel in range(3)], -1))


def _to_linear(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return linear sRGB from OKLab; see [1]_."""
    to_cones = np.array(
        [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480]]
    )
    to_rgb = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    return np.asarray((lab @ to_cones.T) ** 3 @ to_rgb.T)


def _to_srgb(lab: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return 8-bit sRGB (IEC 61966-2-1) from OKLab."""
    linear = _to_linear(lab).clip(0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(255 * encoded).astype(np.uint8)
