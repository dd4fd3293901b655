"""Fill a large picture window by window, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import InputError
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.inpainting.image import Result, run_inpainting
from inrr_cli.progress import Progress, part_of
from inrr_cli.settings import Settings

MARGIN = 48  # pixels around a tile that it sees, and over which it is blended with the next
LEAST = 64

Mask = NDArray[np.bool_]
Window = tuple[slice, slice]


def fill_by_tiles(
    image: Pixels,
    missing: Mask,
    settings: Settings,
    tile: int,
    *,
    untrusted: Mask,
    progress: Progress | None = None,
    keep_partial: bool = False,
) -> Result:
    """As `run_inpainting`, for patches on the grid, from windows of about ``tile`` x ``tile`` pixels and a margin.

    Missing pixels that several windows see are a mean weighted by the distance from the window's edge, so that there
    are no seams. Windows without a missing pixel cost nothing.

    Raises
    ------
    InputError
        If ``tile`` is below 64.
    """
    check_tile(tile, settings)
    windows = list(_windows(missing, ~(missing | untrusted), tile))
    if not windows:
        raise InputError("the mask is empty: no pixel is missing, so there is nothing to fill")
    shape = image.shape
    total, sigmas = np.zeros(shape, np.float64), np.zeros(shape, np.float64)
    weights = np.zeros((*shape[:2], *[1] * (len(shape) - 2)), np.float64)
    done: list[Result] = []
    for number, window in enumerate(windows):
        result = run_inpainting(
            np.ascontiguousarray(image[window]),
            missing[window],
            settings,
            untrusted=untrusted[window],
            progress=part_of(progress, number, len(windows)),
            keep_partial=keep_partial,
        )
        weight = _ramp(window, shape)
        weight = weight if image.ndim == 2 else weight[..., None]
        total[window] += weight * np.where(np.isfinite(result.image), result.image, 0)
        weights[window] += weight
        if result.sigma is not None:
            sigmas[window] += weight * result.sigma
        done.append(result)
        if not result.completed:
            break
    there = missing & (weights.reshape(shape[:2]) > 0)
    restored = image.copy()
    mean = total[there] / weights[there]
    restored[there] = (np.round(mean) if np.issubdtype(image.dtype, np.integer) else mean).astype(image.dtype)
    sigma = np.zeros(shape, np.float32)
    sigma[there] = sigmas[there] / weights[there]
    noises = [result.noise_sigma for result in done if result.noise_sigma is not None]
    return replace(
        done[0],
        image=restored,
        sigma=sigma,
        noise_sigma=float(np.mean(noises)) if noises else None,
        seconds=sum(result.seconds for result in done),
        completed=all(result.completed for result in done),
        account=f"{done[0].account}; {len(windows)} tiles",
    )


def check_tile(tile: int, settings: Settings) -> None:
    """Raise InputError unless tiles of that size go with the settings."""
    if tile < LEAST:
        raise InputError(f"--tile must be at least {LEAST}, got {tile}")
    if settings.net != "grid" or settings.denoise:
        raise InputError("--tile is for patches on the pixel grid, without --denoise")


def _windows(missing: Mask, known: Mask, tile: int) -> Iterator[Window]:
    """Windows whose core has missing pixels; wider ones where nothing is known nearby."""
    rows, columns = missing.shape
    for top in range(0, rows, tile):
        for left in range(0, columns, tile):
            if not missing[top : top + tile, left : left + tile].any():
                continue
            margin = MARGIN
            while True:
                window = (
                    slice(max(0, top - margin), min(rows, top + tile + margin)),
                    slice(max(0, left - margin), min(columns, left + tile + margin)),
                )
                if known[window].mean() > 0.02 or margin > max(rows, columns):
                    break
                margin *= 2
            yield window


def _ramp(window: Window, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Weights that fall to nearly 0 at the edges of a window, but not at those of the picture: (m, n)."""
    sides = []
    for part, length in zip(window, shape, strict=False):
        places = np.arange(part.start, part.stop)
        before = np.full(len(places), np.inf) if part.start == 0 else places - part.start + 0.5
        after = np.full(len(places), np.inf) if part.stop == length else part.stop - places - 0.5
        sides.append(np.minimum(np.minimum(before, after) / (2 * MARGIN), 1.0))
    return np.asarray(sides[0][:, None] * sides[1])
