"""Fill a large image tile by tile, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import Control
from inrr_cli.errors import InputError
from inrr_cli.imaging.value_range import Pixels, cast
from inrr_cli.inpainting.whole import inpaint_whole
from inrr_cli.masking.samples import known_channels
from inrr_cli.result import Result, join_parts
from inrr_cli.settings import Settings
from inrr_cli.solvers.blend_tiles import ramp_weights

MARGIN = 48  # pixels around a tile that the engine sees: the reach of its search; tiles are blended over them
KNOWN_FRACTION = 0.02  # a tile with fewer known samples in a channel gets a wider margin: too little to learn from

Mask = NDArray[np.bool_]
Slices = tuple[slice, slice]


def inpaint_tiles(image: Pixels, missing: Mask, settings: Settings, control: Control, known: Mask) -> Result:
    """Fill tiles of about ``settings.tile`` pixels and a margin; the parameters are those of `inpaint_whole`.

    Missing pixels in several tiles are a weighted mean, so that there are no seams. Tiles without a missing pixel
    cost nothing.
    """
    assert settings.tile is not None
    windows = [window for _, window in tile_windows(missing, known, settings.tile)]
    if not windows:
        raise InputError("the mask is empty: no pixel is missing, so there is nothing to fill")
    rows, columns = image.shape[:2]
    values, sigmas = np.zeros(image.shape, np.float64), np.zeros(image.shape, np.float64)
    weights = np.zeros((rows, columns) + (1,) * (image.ndim - 2), np.float64)
    results: list[Result] = []
    for number, tile in enumerate(windows):
        window = (tile[0].start, tile[0].stop), (tile[1].start, tile[1].stop)
        pixels = np.ascontiguousarray(image[tile])
        part = control.part(number, len(windows))
        result = inpaint_whole(pixels, missing[tile], settings, part, known[tile])
        weight = ramp_weights(window, ((0, rows), (0, columns)), MARGIN).reshape(weights[tile].shape)
        values[tile] += weight * np.where(np.isfinite(result.image), result.image, 0)
        weights[tile] += weight
        if result.sigma is not None:
            sigmas[tile] += weight * result.sigma
        results.append(result)
        if not result.completed:
            break
    filled = missing & (weights > 0)
    restored, sigma = image.copy(), np.zeros(image.shape, np.float32)
    weights = np.broadcast_to(weights, image.shape)[filled]
    mean = values[filled] / weights
    restored[filled] = cast(mean, image.dtype)
    sigma[filled] = sigmas[filled] / weights
    return join_parts(results, restored, sigma, f"{len(windows)} tiles")


def tile_windows(missing: Mask, known: Mask, tile: int) -> Iterator[tuple[Slices, Slices]]:
    """Yield each tile with missing pixels, and its window with a margin; a wider one where little is known nearby."""
    rows, columns = missing.shape[:2]
    used = np.atleast_3d(known)[..., known_channels(known)]  # not those that are known nowhere
    for top in range(0, rows, tile):
        for left in range(0, columns, tile):
            if not missing[top : top + tile, left : left + tile].any():
                continue
            margin = MARGIN
            while True:
                vertical = max(0, top - margin), min(rows, top + tile + margin)
                horizontal = max(0, left - margin), min(columns, left + tile + margin)
                least = used[slice(*vertical), slice(*horizontal)].mean((0, 1)).min()
                if least > KNOWN_FRACTION or margin > max(rows, columns):
                    break
                margin *= 2
            yield np.s_[top : top + tile, left : left + tile], (slice(*vertical), slice(*horizontal))
