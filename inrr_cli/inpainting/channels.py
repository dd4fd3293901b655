"""Fill the channels of an image one by one, or those of which something is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import Control
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.masking.samples import known_channels
from inrr_cli.result import Result, joint_rmse, mean_of
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
    return _with_channels(result, is_known, image)


def join_channels(by_index: dict[int, Result], image: Pixels, *, is_whole: bool) -> Result:
    """Join the results of channels, each restored by itself; the others are as in ``image`` (M, N, C).

    Unless ``is_whole`` some were not reached.
    """
    results, joined = list(by_index.values()), image.copy()
    for index, result in by_index.items():
        joined[..., index] = result.image
    return replace(
        results[0],
        image=joined,
        raw=_stack({index: result.raw for index, result in by_index.items()}, image) if is_whole else None,
        sigma=_stack({index: result.sigma for index, result in by_index.items()}, image) if is_whole else None,
        psnr_known=mean_of([result.psnr_known for result in results]),
        rmse_known=joint_rmse(results),
        noise_sigma=mean_of([result.noise_sigma for result in results]),
        seconds=sum(result.seconds for result in results),
        notice=next((result.notice for result in results if result.notice), ""),
        completed=is_whole and all(result.completed for result in results),
    )


def _with_channels(result: Result, chosen: NDArray[np.bool_], image: Pixels) -> Result:
    """Return a result of the ``chosen`` channels with the others of ``image`` (M, N, C); their raw and sigma are 0."""
    joined, raw, sigma = image.copy(), *(np.zeros(image.shape, np.float32) for _ in range(2))
    joined[..., chosen] = result.image
    for whole, part in ((raw, result.raw), (sigma, result.sigma)):
        if part is not None:
            whole[..., chosen] = part
    variants = [joined[result.made] for _ in result.variants]
    for pixels, values in zip(variants, result.variants, strict=True):
        pixels[:, chosen] = values
    return replace(
        result,
        image=joined,
        raw=None if result.raw is None else raw,
        sigma=None if result.sigma is None else sigma,
        variants=tuple(variants),
    )


def _stack(channels: dict[int, NDArray[np.float32] | None], image: Pixels) -> NDArray[np.float32] | None:
    """Return channels as (M, N, C), 0 in those that are not given; None if one is None."""
    stacked = np.zeros(image.shape, np.float32)
    for index, channel in channels.items():
        if channel is None:
            return None
        stacked[..., index] = channel
    return stacked
