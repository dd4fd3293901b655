"""Fill the channels of an image one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import Control
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.inpainting.image import run_inpainting
from inrr_cli.result import Result, join_channels
from inrr_cli.settings import Settings


def inpaint_channels(
    image: Pixels, missing: NDArray[np.bool_], settings: Settings, control: Control, known: NDArray[np.bool_]
) -> Result:
    """Fill each channel of (M, N, C) by itself; the parameters are those of `run_inpainting`.

    After a channel that was interrupted the others are left as they are.
    """
    alone = replace(settings, per_channel=False)
    results: list[Result] = []
    for index in range(image.shape[2]):
        channel = np.ascontiguousarray(image[..., index])
        part = control.part(index, image.shape[2])
        results.append(run_inpainting(channel, missing, alone, part, ignored=~(missing | known)))
        if not results[-1].completed:
            break
    return join_channels(results, image)
