"""Fill angles: values on a circle, such as degrees, phases or hues."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import Control
from inrr_cli.errors import InputError
from inrr_cli.imaging.value_range import Pixels, known_range
from inrr_cli.inpainting.channels import Fill
from inrr_cli.result import Result
from inrr_cli.settings import Settings

SHORTEST = 1e-6  # of a resultant vector; below, its direction is rounding

Mask = NDArray[np.bool_]


def inpaint_angles(
    image: Pixels,
    missing: Mask,
    settings: Settings,
    control: Control,
    known: Mask,
    *,
    period: float,
    fill: Fill,
) -> Result:
    """Fill the cosine and the sine of angles with ``fill``, and go back by ``atan2``.

    The results lie in the interval that the known samples use, see `choose_interval`. The error bars are along the
    circle: those of the vector across its direction, over its length; of a short vector more, and at most those of an
    angle of which nothing is known, ``period`` / sqrt(12).

    Parameters
    ----------
    image : (M, N[, C]) ndarray
        Integers or floats; ``period`` and 0 mean the same.
    missing, settings, control, known
        As in `inrr_cli.inpainting.whole.inpaint_whole`.
    period : float
    fill : callable
        `inpaint_whole` or `inpaint_tiles`.
    """
    known_range(image, known)  # refuses what is not finite
    low = choose_interval(image[known], period)
    radians = np.where(known, image, 0).astype(np.float64) * (2 * math.pi / period)
    radians = np.atleast_3d(radians)
    vectors = np.concatenate([np.cos(radians), np.sin(radians)], 2).astype(np.float32)
    masks = (np.concatenate([np.atleast_3d(mask)] * 2, 2) for mask in (missing, known))
    unit = period / (2 * math.pi) * math.sqrt(2)  # noise along the circle is shared by two channels
    given = None if settings.noise is None else settings.noise / unit
    result = fill(vectors, next(masks), replace(settings, values="linear", noise=given), control, next(masks))
    cosine, sine = (part.reshape(image.shape).astype(np.float64) for part in np.split(result.image, 2, 2))
    noise = (result.noise_sigma or 0.0) * math.sqrt(2)
    filled = missing | (settings.denoise & known)
    restored = image.copy()
    turned = np.arctan2(sine[filled], cosine[filled]) * (period / (2 * math.pi))
    restored[filled] = wrap(turned, low, period, image.dtype)
    return replace(
        result,
        image=restored,
        raw=None,
        psnr_known=None,
        rmse_known=None,
        sigma=None if result.sigma is None else _along_circle(cosine, sine, result.sigma, period, noise),
        noise_sigma=None if result.noise_sigma is None else result.noise_sigma * unit,
        summary=f"angles of period {period:g}; {result.summary}",
    )


def choose_interval(samples: Pixels, period: float) -> float:
    """Return the lower end of the interval of one period that the known ``samples`` (n,) use.

    That is 0 if all lie from 0 to the period, else minus half a period if they lie around 0, else their minimum. Both
    ends may be used: 360 occurs in data that mean 0.

    Raises
    ------
    InputError
        If the type of the samples cannot hold a whole period.
    """
    smallest, largest = float(samples.min()), float(samples.max())
    is_integer = np.issubdtype(samples.dtype, np.integer)
    slack = 0.0 if is_integer else period * float(np.finfo(samples.dtype).eps)
    for low in (0.0, -period / 2, smallest):
        if (low - slack <= smallest and largest <= low + period + slack) or low == smallest:
            limits: Any = np.iinfo(samples.dtype) if is_integer else np.finfo(samples.dtype)
            if limits.min <= math.ceil(low) and math.ceil(low + period) - 1 <= limits.max:
                return low
    raise InputError(f"{samples.dtype} cannot hold angles of period {period:g}; give the period in the image's units")


def wrap(angles: NDArray[np.float64], low: float, period: float, dtype: np.dtype[Any]) -> Pixels:
    """Return angles (n,) in [low, low + period) in a type, in which they do not reach the upper end by rounding."""
    inside = low + np.mod(angles - low, period)
    if np.issubdtype(dtype, np.integer):
        rounded = np.round(inside)
        rounded = np.where(rounded >= low + period, np.round(rounded - period), rounded)
        return np.where(rounded < low, np.round(rounded + period), rounded).astype(dtype)
    held = inside.astype(dtype)
    held = np.where(held.astype(np.float64) >= low + period, dtype.type(low), held)
    return np.where(held.astype(np.float64) < low, np.nextafter(held, dtype.type(np.inf)), held)


def _along_circle(
    cosine: NDArray[np.float64], sine: NDArray[np.float64], sigma: NDArray[np.float32], period: float, noise: float
) -> NDArray[np.float32]:
    """Return one standard deviation of angles from those of their cosines and sines, (M, N[, 2C]).

    A mean vector of length r is one of angles with a deviation of sqrt(-2 ln r) radians, of which the ``noise`` in
    radians is that of known samples, which error bars leave out.
    """
    of_cosine, of_sine = (part.reshape(cosine.shape).astype(np.float64) for part in np.split(sigma, 2, 2))
    length = np.maximum(np.hypot(cosine, sine), SHORTEST)
    across = np.hypot(sine * of_cosine, cosine * of_sine) / length**2
    scattered = np.where(of_cosine + of_sine > 0, np.sqrt(np.maximum(-2 * np.log(length) - noise**2, 0)), 0)
    radians = np.minimum(np.maximum(across, scattered), math.pi / math.sqrt(3))
    return np.asarray(radians * (period / (2 * math.pi)), np.float32)
