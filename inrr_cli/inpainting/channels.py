"""Fill the channels of an image one by one, or those of which something is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import Control
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.masking.samples import known_channels
from inrr_cli.result import Result, join_channels, with_channels
from inrr_cli.settings import Settings

Fill = Callable[[Pixels, NDArray[np.bool_], Settings, Control, NDArray[np.bool_]], Result]


def inpaint_channels(
    image: Pixels,
    missing: NDArray[np.bool_],
    settings: Settings,
    control: Control,
    known: NDArray[np.bool_],
    fill: Fill,
) -> Result:
    """Fill each channel of (M, N, C) by itself with ``fill``; the other parameters are those of `inpaint_whole`.

    A channel that misses nothing costs nothing, unless a network is fitted or noise is removed. After an interrupted
    channel the others are left as they are.
    """
    every = settings.net != "grid" or settings.denoise
    chosen = [index for index in range(image.shape[2]) if every or missing[..., index].any()]
    results: dict[int, Result] = {}
    for number, index in enumerate(chosen):
        channel = np.ascontiguousarray(image[..., index])
        part = control.part(number, len(chosen))
        results[index] = fill(channel, missing[..., index], settings, part, known[..., index])
        if not results[index].completed:
            break
    return join_channels(results, image, is_whole=len(results) == len(chosen))


def inpaint_known_channels(
    image: Pixels,
    missing: NDArray[np.bool_],
    settings: Settings,
    control: Control,
    known: NDArray[np.bool_],
    fill: Fill,
) -> Result:
    """Fill (M, N[, C]) with ``fill``, without the channels of which nothing is known: they are left as they are."""
    is_known = known_channels(known)
    if is_known.all():
        return fill(image, missing, settings, control, known)
    part = np.ascontiguousarray(image[..., is_known])
    result = fill(part, missing[..., is_known], settings, control, known[..., is_known])
    return with_channels(result, is_known, image)
