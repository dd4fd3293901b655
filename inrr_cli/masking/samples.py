"""Masks of samples (M, N, C), where each channel misses its own, and masks of pixels (M, N)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from inrr_cli.engine import FEW_CHANNELS
from inrr_cli.masking import Mask


def to_samples(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """Return a mask, of pixels or of samples, as a mask of an image of this shape, (M, N) or (M, N, C)."""
    if mask.shape == shape:
        return mask
    return np.repeat(mask[..., None], shape[2], 2)


def known_channels(known: Mask) -> Mask:
    """Return the channels (C,) of which a sample is known, from a mask (M, N[, C]) of known ones."""
    # of a few channels, a hundred times as fast as `any` over rows and columns
    return np.array([bool(channel.any()) for channel in np.moveaxis(np.atleast_3d(known), 2, 0)])


def find_lost_channel(missing: Mask, known: Mask) -> int | None:
    """Return the first channel, from 1, that has samples to fill (M, N[, C]) and no known one."""
    lost = np.flatnonzero(known_channels(missing) & ~known_channels(known))
    return int(lost[0]) + 1 if len(lost) else None


def any_channel(mask: Mask) -> Mask:
    """Return the pixels (M, N) that miss a sample."""
    return mask if mask.ndim == 2 else _join(np.logical_or, mask)


def all_channels(mask: Mask) -> Mask:
    """Return the pixels (M, N) that miss all their samples."""
    return mask if mask.ndim == 2 else _join(np.logical_and, mask)


def _join(operation: np.ufunc, mask: Mask) -> Mask:
    """Reduce the channels of a mask (M, N, C)."""
    if mask.shape[2] > FEW_CHANNELS:
        return np.asarray(operation.reduce(mask, 2))
    joined = mask[..., 0].copy()  # of a few channels, ten times as fast as `reduce`
    for channel in range(1, mask.shape[2]):
        operation(joined, mask[..., channel], out=joined)
    return joined


def is_of_pixels(mask: Mask) -> bool:
    """Return whether a mask is the same in all channels."""
    first = np.atleast_3d(mask)[..., 0]
    return mask.ndim == 2 or all(np.array_equal(mask[..., channel], first) for channel in range(1, mask.shape[2]))


def by_channel(function: Callable[..., Mask], *masks: Mask) -> Mask:
    """Return what a function of masks (M, N) returns for each channel of some masks of one shape, (M, N) or (M, N, C).

    Masks that are the same in all channels cost one call.
    """
    if masks[0].ndim == 2:
        return function(*masks)
    if all(is_of_pixels(mask) for mask in masks):
        return to_samples(function(*(mask[..., 0] for mask in masks)), masks[0].shape)
    channels = range(masks[0].shape[2])
    return np.stack([function(*(mask[..., channel] for mask in masks)) for channel in channels], 2)


def count(masks: Sequence[Mask]) -> tuple[int, int, str]:
    """Count what some masks mark, and all there is: pixels if each mask is the same in all channels, else samples.

    Returns
    -------
    int, int, str
        The marked ones, all of them, and "pixels" or "samples".
    """
    unit = "pixels" if all(is_of_pixels(mask) for mask in masks) else "samples"
    counted = [any_channel(mask) for mask in masks] if unit == "pixels" else masks
    return sum(int(mask.sum()) for mask in counted), sum(mask.size for mask in counted), unit


def describe_count(mask: Mask) -> str:
    """Return how much a mask marks: "1,047 pixels", or "1,047 samples" if the channels differ."""
    marked, _, unit = count([mask])
    return f"{marked:,} {unit}"
