"""Read masks from image files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.imaging.axes import Layout
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.reading import MAX_PIXELS, read_picture
from inrr_cli.imaging.value_range import LARGEST_VALUE, Pixels
from inrr_cli.masking import Mask
from inrr_cli.masking.samples import is_of_pixels, to_samples

OF_SAMPLES = ("TIFF", "NPY")  # formats whose RGB masks are made by programs, each channel for itself


def read_mask(path: Path, shape: tuple[int, ...], *, white_is_missing: bool = True) -> tuple[Mask, str]:
    """Read the mask (M, N) of an image with one page; see `read_masks`."""
    (mask,), warning = read_masks(path, [shape[:2]], 1, [0], white_is_missing)
    return mask, warning


def read_masks(
    path: Path,
    shapes: Sequence[tuple[int, ...]],
    page_count: int,
    numbers: Sequence[int],
    white_is_missing: bool = True,
    *,
    max_pixels: int = MAX_PIXELS,
    like: Layout | None = None,
    has_mode: bool = True,
) -> tuple[list[Mask], str]:
    """Read the masks of some pages of an image.

    Parameters
    ----------
    path : Path
        Image file with one mask for all pages, or one page for each. If it holds two values, the higher one is white;
        otherwise white begins at half of the full scale. Transparent pixels are black. A colour is as white as its
        luma; but where a mask has the channels of its page, each marks its own samples, unless this is an RGB picture
        of another format than TIFF and NPY, in which people paint.
    shapes : list of (int, int[, int])
        Shapes of the wanted pages.
    page_count : int
        Number of all pages of the image.
    numbers : list of int
        Wanted pages, from 0.
    white_is_missing : bool
        Whether white marks missing pixels, or known ones.
    max_pixels : int
        As in `read_picture`.
    like : Layout, optional
        Layout of the image, which a mask for each of its stored pages has too.
    has_mode : bool
        Whether --mask-mode says what white means in this file; a warning says what to do.

    Returns
    -------
    masks : list of (M, N) or (M, N, C) ndarray of bool
        True where a pixel, or a sample, is missing.
    warning : str
        Warning about a mask of more than two values or of samples, or one of a file whose 0 is white that covers more
        than half; or the empty string.

    Raises
    ------
    InputError
        If the file cannot be read, or its size or number of pages does not match.
    """
    picture = read_picture(path, max_pixels, like=like)
    return masks_of_picture(picture, path, shapes, page_count, numbers, white_is_missing, has_mode=has_mode)


def masks_of_picture(
    picture: Picture,
    path: Path,
    shapes: Sequence[tuple[int, ...]],
    page_count: int,
    numbers: Sequence[int],
    white_is_missing: bool = True,
    *,
    has_mode: bool = True,
) -> tuple[list[Mask], str]:
    """Return the masks that a picture holds; errors name ``path``. All else is that of `read_masks`."""
    picture = _as_one_page(picture, shapes[0] if page_count == 1 else ())
    pages = picture.pages
    if len(pages) not in (1, page_count):
        raise InputError(
            f"{path}: has {len(pages)} pages but the image has {page_count}; give one mask, or one for each page"
        )
    masks, most_values, is_coloured = [], 0, False
    for number, shape in zip(numbers, shapes, strict=True):
        index = 0 if len(pages) == 1 else number
        if pages[index].shape[:2] != shape[:2]:
            rows, columns = pages[index].shape[:2]
            raise InputError(
                f"{path}: the mask is {columns} x {rows} but the image is {shape[1]} x {shape[0]}; "
                "they must have the same size"
            )
        has_channels = len(shape) == 3 and pages[index].shape == shape
        marks_samples = has_channels and (shape[2] != 3 or picture.metadata.format in OF_SAMPLES)
        white, values = _find_white(picture, index, marks_samples=marks_samples)
        most_values = max(most_values, values)
        is_coloured |= has_channels and not marks_samples and not is_of_pixels(pages[index])
        masks.append(white if white_is_missing else ~white)
    warnings = _warnings(masks, most_values, is_coloured=is_coloured)
    if picture.metadata.white_is_zero and (covered := _share(masks)) > 0.5:  # as tifffile writes an array of bool
        other = "known" if white_is_missing else "fill"
        remedy = f"add --mask-mode {other}" if has_mode else "write it as numbers from 0 to 255"
        warnings.append(
            f"in this TIFF 0 is white (min-is-white), and so read the mask covers {covered:.0%}; "
            f"if 0 was meant to be black, {remedy}"
        )
    return masks, f"{path}: {'; '.join(warnings)}" if warnings else ""


def _warnings(masks: Sequence[Mask], most_values: int, *, is_coloured: bool) -> list[str]:
    """Return what a user may not expect of masks that had at most so many values, or colours that became grey."""
    warnings = []
    if not all(is_of_pixels(mask) for mask in masks):
        warnings.append("each channel of the mask marks its own samples")
    if most_values > 2:
        colours = "; a .tif or .npy can mark each channel by itself" if is_coloured else ""
        warnings.append(f"the mask has {most_values} grey values; those from half of white up count as white{colours}")
    return warnings


def _share(masks: Sequence[Mask]) -> float:
    """Return the share of missing pixels."""
    return sum(int(mask.sum()) for mask in masks) / max(1, sum(mask.size for mask in masks))


def _as_one_page(picture: Picture, shape: tuple[int, ...]) -> Picture:
    """Return a mask in .npy, whose rows were taken for pages because it has many channels, as a page of this shape."""
    pages = picture.pages
    if picture.metadata.format != "NPY" or len(shape) != 3 or (len(pages), *pages[0].shape) != shape:
        return picture
    return picture.with_pages([np.stack(pages)], [None])


def _find_white(picture: Picture, number: int, *, marks_samples: bool) -> tuple[Mask, int]:
    """Return where a page, or each of its samples, is white, and its number of grey values."""
    stored, alpha = picture.pages[number], picture.alpha[number]
    grey = finite_levels(stored)
    if grey.ndim == 3 and not marks_samples:
        channels = grey.shape[2]
        weights = (0.299, 0.587, 0.114) if channels == 3 else np.full(channels, 1 / channels)  # luma of ITU-R BT.601
        grey = np.round(grey @ np.asarray(weights), 6)  # removes the rounding error that white would have
    if alpha is not None:
        grey = np.where(to_samples(alpha >= _full_scale(alpha.dtype) / 2, grey.shape), grey, 0)
    values = np.unique(grey)
    white = grey >= white_level(values, stored.dtype, picture.metadata.white)
    return np.asarray(white != picture.metadata.white_is_zero), len(values)


def white_level(values: Pixels, dtype: np.dtype[Any], white: float | None) -> float:
    """Return the least value of a mask that counts as white.

    Parameters
    ----------
    values : (n,) ndarray
        The different values of the mask in ascending order; of more than three, any three with the highest do.
    dtype : dtype
        Type of the mask's samples.
    white : float or None
        Value of white if it is not the highest of the type.
    """
    if len(values) and values[0] < 0 and (values[-1] <= 0 or np.issubdtype(dtype, np.integer)):
        raise InputError("the mask has negative values; write 1 or 255 where a pixel is missing, and 0 elsewhere")
    if len(values) == 2:
        return float(values[1])
    if len(values) < 2:
        return float(values[0]) if len(values) and values[0] > 0 else math.inf
    if np.issubdtype(dtype, np.floating) and values[-1] <= 1:
        return 0.5
    if white is None:  # integers of many bits hold 0 to 255 too: what arithmetic made of 8 bits
        white = 255 if values[-1] <= 255 else _full_scale(dtype) - 1
    return (white + 1) / 2


def finite_levels(page: Pixels) -> Pixels:
    """Return a page whose values can be summed: those that are not finite become 0, black."""
    if page.dtype.kind != "f":
        return page
    with np.errstate(invalid="ignore"):  # a signalling NaN
        values = np.nan_to_num(page.astype(np.float64), posinf=0, neginf=0)
    return np.asarray(np.clip(values, -LARGEST_VALUE, LARGEST_VALUE))


def _full_scale(dtype: np.dtype[Any]) -> float:
    """Return the number of values of a type, 256 for floats; half of it is the lowest value that counts as white."""
    if dtype.kind == "b":
        return 1.0
    return float(np.iinfo(dtype).max) + 1 if np.issubdtype(dtype, np.integer) else 256.0
