"""What is missing: from a file, from the picture itself, or found in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import InputError
from inrr_cli.imaging.defects import dead_pixels, lost_lines
from inrr_cli.imaging.files import read_picture
from inrr_cli.imaging.picture import Picture, Pixels

Mask = NDArray[np.bool_]

FROM_PICTURE = ("nan", "alpha", "nodata", "value=V", "lines", "dead")


def make_masks(
    wanted: list[str], picture: Picture, numbers: list[int], *, white_is_missing: bool = True
) -> tuple[list[Mask], list[str]]:
    """Missing pixels of some pages: the union of what each mask says.

    Parameters
    ----------
    wanted : list of str
        Names of files, or ``nan``, ``alpha``, ``nodata``, ``value=V``, ``lines`` or ``dead``.
    picture : Picture
    numbers : list of int
        Pages, from 0, that masks are made for.
    white_is_missing : bool
        Whether white in a file marks the missing pixels or the known ones.

    Returns
    -------
    list of (M, N) ndarray of bool, list of str
        A mask for each of the ``numbers``, True where a pixel is missing; and what there is to say of them.
    """
    masks = [np.zeros(picture.pages[number].shape[:2], bool) for number in numbers]
    said: list[str] = []
    for name in wanted:
        if _is_from_picture(name):
            for mask, number in zip(masks, numbers, strict=True):
                found, text = _from_picture(name, picture, number)
                mask |= found
                said += [f"page {number + 1}: {text}" if len(picture.pages) > 1 else text] if text else []
        else:
            shapes = [mask.shape for mask in masks]
            read, warning = read_masks(Path(name), shapes, len(picture.pages), numbers, white_is_missing)
            for mask, found in zip(masks, read, strict=True):
                mask |= found
            said += [warning] if warning else []
    return masks, said


def read_mask(path: Path, shape: tuple[int, ...], *, white_is_missing: bool = True) -> tuple[Mask, str]:
    """Read a mask of one page; see `read_masks`."""
    (mask,), warning = read_masks(path, [shape[:2]], 1, [0], white_is_missing)
    return mask, warning


def read_masks(
    path: Path, shapes: Sequence[tuple[int, ...]], count: int, numbers: list[int], white_is_missing: bool = True
) -> tuple[list[Mask], str]:
    """Read a mask for all pages, or one for each.

    Parameters
    ----------
    path : Path
        A picture of two values, the higher one white; anything else is cut at half of white.
    shapes : list of (int, int)
        Rows and columns they must have.
    count : int
        Pages of the picture.
    numbers : list of int
        Pages, from 0, that masks are wanted for.
    white_is_missing : bool
        Whether white marks the missing pixels or the known ones.

    Returns
    -------
    list of (M, N) ndarray of bool, str
        True where a pixel is missing, and a warning or the empty string.

    Raises
    ------
    InputError
        If the file cannot be read or its size or number of pages is another.
    """
    pages = read_picture(path).pages
    if len(pages) not in (1, count):
        raise InputError(f"{path}: has {len(pages)} pages but the image has {count}; give one mask, or one for each")
    chosen = pages * len(numbers) if len(pages) == 1 else [pages[number] for number in numbers]
    masks, greys = [], 0
    for page, shape in zip(chosen, shapes, strict=True):
        if page.shape[:2] != shape:
            raise InputError(
                f"{path}: the mask is {_size(page.shape)} but the image is {_size(shape)}; they must have the same size"
            )
        white, values = _white(page)
        greys = max(greys, values)
        masks.append(white if white_is_missing else ~white)
    warning = f"{path}: the mask has {greys} grey values; those from half of white up count as white"
    return masks, warning if greys > 2 else ""


def keep_near(missing: Mask, distance: float) -> Mask:
    """Those missing pixels that are at most ``distance`` pixels from a known one."""
    from scipy.ndimage import distance_transform_edt

    return np.asarray(missing & (distance_transform_edt(missing) <= distance))


def widen(missing: Mask, by: int) -> Mask:
    """Dilate by ``by`` pixels in all eight directions."""
    from scipy.ndimage import binary_dilation

    return np.asarray(binary_dilation(missing, np.ones((3, 3)), iterations=by)) if by else missing


def _is_from_picture(name: str) -> bool:
    return name in ("nan", "alpha", "nodata", "lines", "dead") or name.startswith("value=")


def _from_picture(name: str, picture: Picture, number: int) -> tuple[Mask, str]:
    """Return the missing pixels of a page by what it holds, and what was found."""
    page, alpha = picture.pages[number], picture.alpha[number]
    samples = np.atleast_3d(page)
    if name == "nan":
        if not np.issubdtype(page.dtype, np.floating):
            raise InputError(f"--mask nan is for floats; the image holds {page.dtype}")
        return np.asarray(~np.isfinite(samples).all(2)), ""
    if name == "alpha":
        if alpha is None:
            raise InputError("--mask alpha needs an image with an alpha channel")
        return np.asarray(alpha == 0), ""
    if name == "nodata" or name.startswith("value="):
        value = picture.about.nodata if name == "nodata" else _number(name)
        if value is None:
            raise InputError("--mask nodata needs a TIFF with GDAL's nodata tag; give --mask value=V")
        same = np.isnan(samples) if np.isnan(value) else samples == value
        return np.asarray(same.all(2)), ""
    if name == "lines":
        return lost_lines(samples)
    found = dead_pixels(samples)
    return found, f"{found.sum():,} dead or hot pixels"


def _number(name: str) -> float:
    text = name.removeprefix("value=")
    try:
        return float(text)
    except ValueError:
        raise InputError(f"--mask value=V needs a number, as in value=0; got {text!r}") from None


def _white(page: Pixels) -> tuple[Mask, int]:
    """Where a mask's page is white, and how many values it has."""
    if page.ndim == 3:
        page = page @ np.array([0.299, 0.587, 0.114]) if page.shape[2] == 3 else page.mean(2)
    values = np.unique(page[np.isfinite(page)] if np.issubdtype(page.dtype, np.floating) else page)
    if len(values) <= 2:
        white = page == values[-1] if len(values) == 2 or values.max(initial=0) > 0 else np.zeros(page.shape, bool)
        return np.asarray(white), len(values)
    top = 1.0 if np.issubdtype(page.dtype, np.floating) and values[-1] <= 1 else _full(page.dtype)
    return np.asarray(page >= top / 2), len(values)


def _full(dtype: np.dtype[Any]) -> float:
    return float(np.iinfo(dtype).max) + 1 if np.issubdtype(dtype, np.integer) else 256.0


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]}"
