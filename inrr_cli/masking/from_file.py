"""What is missing: from a file, from the picture itself, or found in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import InputError
from inrr_cli.imaging.picture import Picture, Pixels
from inrr_cli.imaging.value_range import VALUE_MOST
from inrr_cli.imaging.writing import MAX_PIXELS, read_picture
from inrr_cli.masking.defects import dead_pixels, lost_lines

Mask = NDArray[np.bool_]

FROM_PICTURE = ("nan", "alpha", "nodata", "value=V", "lines", "dead")


@dataclass
class Found:
    """Masks of some pages (M, N), True where a pixel is missing, and what there is to say of them."""

    masks: list[Mask]
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def make_masks(
    wanted: list[str],
    picture: Picture,
    numbers: list[int],
    *,
    white_is_missing: bool = True,
    max_pixels: int = MAX_PIXELS,
) -> Found:
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
    max_pixels : int
        As in `read_picture`.
    """
    found = Found([np.zeros(picture.pages[number].shape[:2], bool) for number in numbers])
    for name in wanted:
        if is_from_picture(name):
            told = [_from_picture(name, picture, number) for number in numbers]
            for mask, number, (more, text) in zip(found.masks, numbers, told, strict=True):
                mask |= more
                page = f"page {number + 1}: " if len(picture.pages) > 1 else ""
                found.notes += [page + text] if text and more.any() else []
            if not any(more.any() for more, _ in told):
                found.notes += [text for _, text in told[:1] if text]
        else:
            _check_name(name)
            shapes = [mask.shape for mask in found.masks]
            read, warning = read_masks(
                Path(name), shapes, len(picture.pages), numbers, white_is_missing, max_pixels=max_pixels
            )
            for mask, more in zip(found.masks, read, strict=True):
                mask |= more
            found.warnings += [warning] if warning else []
    return found


def unreliable(picture: Picture, number: int, missing: Mask) -> tuple[Mask, list[str]]:
    """Pixels of a page outside its mask of which nothing can be learned, and a warning for each kind there is.

    They are not finite, hold the value for no data, or are fully transparent.
    """
    page, alpha, nodata = picture.pages[number], picture.alpha[number], picture.metadata.nodata
    samples, kinds = np.atleast_3d(page), []
    if np.issubdtype(page.dtype, np.floating):
        kinds.append((~np.isfinite(samples).all(2), "are not finite", "nan"))
    if nodata is not None:
        kinds.append((_equal(samples, nodata), f"hold the value for no data, {nodata:g},", "nodata"))
    if alpha is not None:
        kinds.append((_transparent(alpha), "are transparent", "alpha"))
    strange, warnings = np.zeros(missing.shape, bool), []
    for mask, what, name in kinds:
        new = mask & ~missing & ~strange
        strange |= new
        if new.any():
            warnings.append(f"{new.sum():,} pixels outside the mask {what} and stay so; --mask {name} fills them")
    return strange, warnings


def read_mask(path: Path, shape: tuple[int, ...], *, white_is_missing: bool = True) -> tuple[Mask, str]:
    """Read a mask of one page; see `read_masks`."""
    (mask,), warning = read_masks(path, [shape[:2]], 1, [0], white_is_missing)
    return mask, warning


def read_masks(
    path: Path,
    shapes: Sequence[tuple[int, ...]],
    count: int,
    numbers: list[int],
    white_is_missing: bool = True,
    *,
    max_pixels: int = MAX_PIXELS,
) -> tuple[list[Mask], str]:
    """Read a mask for all pages, or one for each.

    Parameters
    ----------
    path : Path
        A picture of two values, the higher one white; anything else is cut at half of white. Where it is transparent
        it is black.
    shapes : list of (int, int)
        Rows and columns they must have.
    count : int
        Pages of the picture.
    numbers : list of int
        Pages, from 0, that masks are wanted for.
    white_is_missing : bool
        Whether white marks the missing pixels or the known ones.
    max_pixels : int
        As in `read_picture`.

    Returns
    -------
    list of (M, N) ndarray of bool, str
        True where a pixel is missing, and a warning or the empty string.

    Raises
    ------
    InputError
        If the file cannot be read or its size or number of pages is another.
    """
    picture = read_picture(path, max_pixels)
    pages = picture.pages
    if len(pages) not in (1, count):
        raise InputError(f"{path}: has {len(pages)} pages but the image has {count}; give one mask, or one for each")
    masks, greys = [], 0
    for number, shape in zip(numbers, shapes, strict=True):
        at = 0 if len(pages) == 1 else number
        if pages[at].shape[:2] != shape:
            raise InputError(
                f"{path}: the mask is {_size(pages[at].shape)} but the image is {_size(shape)}; "
                "they must have the same size"
            )
        white, values = _white(picture, at)
        greys = max(greys, values)
        masks.append(white if white_is_missing else ~white)
    warning = f"{path}: the mask has {greys} grey values; those from half of white up count as white"
    return masks, warning if greys > 2 else ""


def keep_near(missing: Mask, known: Mask, distance: float) -> Mask:
    """Those missing pixels that are at most ``distance`` pixels from a known one."""
    from scipy.ndimage import distance_transform_edt

    if not known.any():
        return np.zeros_like(missing)
    return np.asarray(missing & (distance_transform_edt(~known) <= distance))


def widen(missing: Mask, by: int) -> Mask:
    """Dilate by ``by`` pixels in all eight directions."""
    from scipy.ndimage import distance_transform_cdt

    if not by or not missing.any():
        return missing
    return np.asarray(distance_transform_cdt(~missing, "chessboard") <= by)


def _check_name(name: str) -> None:
    """Raise InputError for what is no file but nearly the name of a mask."""
    near = get_close_matches(name, ("nan", "alpha", "nodata", "lines", "dead"), n=1)
    if near and not Path(name).exists():
        raise InputError(f"--mask {name}: no such file; did you mean {near[0]!r}?")


def is_from_picture(name: str) -> bool:
    """Whether a mask of this name is found in the picture, not read from a file."""
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
        return _transparent(alpha), ""
    if name == "nodata" or name.startswith("value="):
        value = picture.metadata.nodata if name == "nodata" else _number(name)
        if value is None:
            raise InputError("--mask nodata needs a TIFF with GDAL's nodata tag; give --mask value=V")
        return _equal(samples, value), ""
    strange, _ = unreliable(picture, number, np.zeros(page.shape[:2], bool))
    if strange.any():
        samples = np.where(strange[..., None], np.nan, samples)
    if name == "lines":
        return lost_lines(samples)
    found = dead_pixels(samples) & ~strange
    return found, f"{found.sum():,} dead or hot pixels"


def _number(name: str) -> float:
    text = name.removeprefix("value=")
    try:
        return float(text)
    except ValueError:
        raise InputError(f"--mask value=V needs a number, as in value=0; got {text!r}") from None


def _transparent(alpha: Pixels) -> Mask:
    """Where an opacity (M, N) is nothing, or no number."""
    return np.asarray(~(alpha > 0))


def _equal(samples: Pixels, value: float) -> Mask:
    """Where all channels of (M, N, C) have a value, as their type holds it."""
    if np.isnan(value):
        return np.asarray(np.isnan(samples).all(2))
    if np.issubdtype(samples.dtype, np.floating):
        with np.errstate(over="ignore"):
            value = float(samples.dtype.type(value))  # -3.4028235e+38 in a tag is the lowest float32
    return np.asarray((samples == value).all(2))


def _white(picture: Picture, number: int) -> tuple[Mask, int]:
    """Where a mask's page is white, and how many values it has."""
    page, alpha = _finite(picture.pages[number]), picture.alpha[number]
    if page.ndim == 3:
        weights = (0.299, 0.587, 0.114) if page.shape[2] == 3 else np.full(page.shape[2], 1 / page.shape[2])
        page = np.round(page @ np.asarray(weights), 6)  # or white would not quite be
    if alpha is not None:
        page = np.where(alpha >= _full(alpha.dtype) / 2, page, 0)
    floats = np.issubdtype(picture.pages[number].dtype, np.floating)
    values = np.unique(page)
    top = 1.0 if floats and values.max(initial=0) <= 1 else _full(picture.pages[number].dtype)
    if len(values) > 2:
        white = page >= top / 2
    elif len(values) == 2:
        white = page == values[1]
    else:
        white = page > 0
    return np.asarray(white != picture.metadata.white_is_zero), len(values)


def _finite(page: Pixels) -> Pixels:
    """Return a mask with no value that sums cannot take: what is not finite is black."""
    if page.dtype.kind != "f":
        return page
    with np.errstate(invalid="ignore"):  # of a signalling NaN
        values = np.nan_to_num(page.astype(np.float64), posinf=0, neginf=0)
    return np.asarray(np.clip(values, -VALUE_MOST, VALUE_MOST))


def _full(dtype: np.dtype[Any]) -> float:
    if dtype.kind == "b":
        return 1.0
    return float(np.iinfo(dtype).max) + 1 if np.issubdtype(dtype, np.integer) else 256.0


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]}"
