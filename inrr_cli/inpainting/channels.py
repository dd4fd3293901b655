"""Fill the channels of an image one by one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import Control
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.result import Result, join_channels
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

    After a channel that was interrupted the others are left as they are.
    """
    results: list[Result] = []
    for index in range(image.shape[2]):
        channel = np.ascontiguousarray(image[..., index])
        part = control.part(index, image.shape[2])
        results.append(fill(channel, missing[..., index], settings, part, known[..., index]))
        if not results[-1].completed:
            break
    return join_channels(results, image)
