"""Read masks from image files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.imaging.axes import Layout
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.reading import MAX_PIXELS, read_picture
from inrr_cli.imaging.value_range import LARGEST_VALUE, Pixels
from inrr_cli.masking import Mask


def read_mask(path: Path, shape: tuple[int, ...], *, white_is_missing: bool = True) -> tuple[Mask, str]:
    """Read the mask of an image with one page; see `read_masks`."""
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
) -> tuple[list[Mask], str]:
    """Read the masks of some pages of an image.

    Parameters
    ----------
    path : Path
        Image file with one mask for all pages, or one page for each. If it holds two values, the higher one is white;
        otherwise white begins at half of the full scale. Transparent pixels are black.
    shapes : list of (int, int)
        Rows and columns of the wanted pages.
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

    Returns
    -------
    masks : list of (M, N) ndarray of bool
        True where a pixel is missing.
    warning : str
        Warning about a mask of more than two values, or one of a file whose 0 is white that covers more than half; or
        the empty string.

    Raises
    ------
    InputError
        If the file cannot be read, or its size or number of pages does not match.
    """
    picture = read_picture(path, max_pixels, like=like)
    pages = picture.pages
    if len(pages) not in (1, page_count):
        raise InputError(
            f"{path}: has {len(pages)} pages but the image has {page_count}; give one mask, or one for each page"
        )
    masks, most_values = [], 0
    for number, shape in zip(numbers, shapes, strict=True):
        index = 0 if len(pages) == 1 else number
        if pages[index].shape[:2] != shape:
            rows, columns = pages[index].shape[:2]
            raise InputError(
                f"{path}: the mask is {columns} x {rows} but the image is {shape[1]} x {shape[0]}; "
                "they must have the same size"
            )
        white, values = _white_of_plane(picture, index)
        most_values = max(most_values, values)
        masks.append(white if white_is_missing else ~white)
    warnings = []
    if most_values > 2:
        warnings.append(f"the mask has {most_values} grey values; those from half of white up count as white")
    if picture.metadata.white_is_zero and (covered := _share(masks)) > 0.5:  # as tifffile writes an array of bool
        other = "known" if white_is_missing else "fill"
        warnings.append(
            f"in this TIFF 0 is white (min-is-white), and so read the mask covers {covered:.0%}; "
            f"if 0 was meant to be black, add --mask-mode {other}"
        )
    return masks, f"{path}: {'; '.join(warnings)}" if warnings else ""


def _share(masks: Sequence[Mask]) -> float:
    """Return the share of missing pixels."""
    return sum(int(mask.sum()) for mask in masks) / max(1, sum(mask.size for mask in masks))


def _white_of_plane(picture: Picture, number: int) -> tuple[Mask, int]:
    """Return where any of the stored pages of a plane is white, and the most grey values that one of them has."""
    parts = picture.layout.scatter(number, picture.pages[number])
    if len(parts) == 1:
        return _find_white(picture, number)
    pages = replace(picture, pages=list(parts.values()), alpha=[None] * len(parts))
    found = [_find_white(pages, page) for page in range(len(parts))]
    return np.asarray(np.any([white for white, _ in found], 0)), max(values for _, values in found)


def _find_white(picture: Picture, number: int) -> tuple[Mask, int]:
    """Return where a page is white, and its number of grey values."""
    stored, alpha = picture.pages[number], picture.alpha[number]
    grey = _finite(stored)
    if grey.ndim == 3:
        channels = grey.shape[2]
        weights = (0.299, 0.587, 0.114) if channels == 3 else np.full(channels, 1 / channels)  # luma of ITU-R BT.601
        grey = np.round(grey @ np.asarray(weights), 6)  # removes the rounding error that white would have
    if alpha is not None:
        grey = np.where(alpha >= _full_scale(alpha.dtype) / 2, grey, 0)
    values = np.unique(grey)
    unit_scale = np.issubdtype(stored.dtype, np.floating) and values.max(initial=0) <= 1
    if len(values) > 2:
        full = _full_scale(stored.dtype) if picture.metadata.white is None else picture.metadata.white + 1
        white = grey >= (1.0 if unit_scale else full) / 2
    elif len(values) == 2:
        white = grey == values[1]
    else:
        white = grey > 0
    return np.asarray(white != picture.metadata.white_is_zero), len(values)


def _finite(page: Pixels) -> Pixels:
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
