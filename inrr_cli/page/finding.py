"""Masks that the page asks for: found in the image, of similar colour, grown or shrunk, or from a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.imaging.reading import decode
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.masking import Mask
from inrr_cli.masking.from_file import masks_of_picture
from inrr_cli.masking.from_image import mask_from_image
from inrr_cli.masking.samples import any_channel
from inrr_cli.masking.selection import widen
from inrr_cli.page.bits import Window
from inrr_cli.page.opened import OpenedImage

FIRST_SIDE = 256  # pixels around a place that are looked at first for its like; then twice as many, and so on


def find(image: OpenedImage, source: str) -> tuple[Mask, str]:
    """Find pixels (M, N) to fill in the page, and return a note about them, which may be empty.

    A pixel of which one channel is to be filled is painted as a whole.

    Raises
    ------
    InputError
        If nothing of this kind can be found in such an image.
    """
    if source not in image.sources:
        raise InputError(f"what must be one of {', '.join(image.sources)}; got {source!r}")
    mask, note = mask_from_image(source, image.picture, image.number)
    return any_channel(mask), note


def find_similar(pixels: Pixels, x: int, y: int, tolerance: float) -> tuple[Mask, Window]:
    """Find the connected pixels whose values differ by at most ``tolerance`` from those of one, in each channel.

    Parameters
    ----------
    pixels : (M, N[, C]) ndarray
    x, y : int
        Column and row of the pixel. If it is no number, the others that are none are like it.
    tolerance : float
        In the units of the image.

    Returns
    -------
    (M, N) ndarray of bool, Window
        The mask of a window, and the window: the smallest that holds all that was found.
    """
    from scipy.ndimage import label

    side, shape = FIRST_SIDE, pixels.shape[:2]
    while True:
        top, left = max(0, y - side), max(0, x - side)
        bottom, right = min(shape[0], y + side + 1), min(shape[1], x + side + 1)
        labels, _ = label(_are_similar(pixels[top:bottom, left:right], pixels[y, x], tolerance))
        mask = labels == labels[y - top, x - left]
        cut = (top > 0, mask[0]), (bottom < shape[0], mask[-1]), (left > 0, mask[:, 0]), (right < shape[1], mask[:, -1])
        if not any(is_cut and edge.any() for is_cut, edge in cut):
            break
        side *= 4
    inner = Window.of(mask)
    return mask[inner.slices], inner._replace(left=inner.left + left, top=inner.top + top)


def _are_similar(pixels: Pixels, value: Pixels, tolerance: float) -> Mask:
    """Return which pixels (M, N) of a part of the page differ by at most the tolerance in each channel."""
    similar = np.ones(pixels.shape[:2], bool)
    for channel, wanted in zip(np.moveaxis(np.atleast_3d(pixels), 2, 0), np.atleast_1d(value).tolist(), strict=True):
        if not np.isfinite(wanted):
            similar &= ~np.isfinite(channel)
            continue
        low, high = wanted - tolerance, wanted + tolerance
        if np.issubdtype(pixels.dtype, np.integer):  # bounds of the type itself, for that is compared fastest
            limits = np.iinfo(pixels.dtype)
            low, high = max(int(np.ceil(low)), limits.min), min(int(np.floor(high)), limits.max)
        with np.errstate(invalid="ignore"):
            similar &= (channel >= channel.dtype.type(low)) & (channel <= channel.dtype.type(high))
    return similar


def change(mask: Mask, by: int) -> Mask:
    """Widen a mask (M, N) by pixels in all eight directions, as --grow does, or shrink it by so many.

    What touches the border of the image does not shrink from there.
    """
    if by == 0 or not mask.any():
        return mask
    if by > 0:
        window = Window.of(mask)
        place = (
            slice(max(0, window.top - by), window.top + window.height + by),
            slice(max(0, window.left - by), window.left + window.width + by),
        )
        changed = np.zeros_like(mask)
        changed[place] = widen(mask[place], by)
        return changed
    return ~widen(~mask, -by)


def read_upload(image: OpenedImage, data: bytes, name: str) -> tuple[Mask, str]:
    """Return the mask (M, N) of a file with these bytes, as --mask reads it, and a warning, which may be empty.

    Raises
    ------
    InputError
        If the file is no image, or no mask for this one.
    """
    path = Path(name)
    picture = decode(data, path, image.max_pixels, like=image.picture.layout)
    shapes, count = [image.pixels.shape], len(image.picture.pages)
    (mask,), warning = masks_of_picture(picture, path, shapes, count, [image.number])
    return any_channel(mask), warning
