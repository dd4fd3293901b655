"""Find missing pixels in the image itself: no data, transparent pixels, lost lines, dead pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import InputError
from inrr_cli.imaging.picture import Picture, equals
from inrr_cli.imaging.value_range import Pixels, full_scale
from inrr_cli.masking import Mask
from inrr_cli.masking.defects import dead_pixels, lost_lines

SOURCES = ("nan", "alpha", "nodata", "value=V", "lines", "dead")  # of masks; V is a number


def is_from_image(source: str) -> bool:
    """Return whether a mask of this name is found in the image, not read from a file."""
    return source in SOURCES or source.startswith("value=")


def mask_from_image(source: str, picture: Picture, number: int) -> tuple[Mask, str]:
    """Find the missing pixels of a page.

    Parameters
    ----------
    source : str
        "nan", "alpha", "nodata", "value=V", "lines" or "dead".
    picture : Picture
    number : int
        Page, from 0.

    Returns
    -------
    (M, N) ndarray of bool, str
        True where a pixel is missing, and a note about what was found, which may be empty.

    Raises
    ------
    InputError
        If the image has no values of this kind, or V is no number.
    """
    page, alpha = picture.pages[number], picture.alpha[number]
    samples = np.atleast_3d(page)
    if source == "nan":
        if not np.issubdtype(page.dtype, np.floating):
            raise InputError(f"--mask nan is for floats; the image holds {page.dtype}")
        return _not_finite(samples), ""
    if source == "alpha":
        if alpha is None:
            raise InputError("--mask alpha needs an image with an alpha channel")
        return _transparent(alpha), ""
    if source == "nodata" or source.startswith("value="):
        value = picture.metadata.nodata if source == "nodata" else _parse_value(source)
        if value is None:
            raise InputError("--mask nodata needs a TIFF with GDAL's nodata tag; give --mask value=V")
        return _equal(samples, value), ""
    unusable = np.zeros(page.shape[:2], bool)
    for mask, _, _ in unusable_pixels(picture, number):
        unusable |= mask
    if unusable.any():
        samples = np.where(unusable[..., None], np.nan, samples)
    if source == "lines":
        return lost_lines(samples)
    dead = dead_pixels(samples) & ~unusable
    return dead, f"{dead.sum():,} dead or hot pixels"


def _parse_value(source: str) -> float:
    text = source.removeprefix("value=")
    try:
        return float(text)
    except ValueError:
        raise InputError(f"--mask value=V needs a number, as in value=0; got {text!r}") from None


def unusable_pixels(picture: Picture, number: int) -> list[tuple[Mask, str, str]]:
    """Find pixels that hold no values to restore others from: not finite, no data, or fully transparent.

    Returns
    -------
    list of (M, N) ndarray of bool, str, str
        Their mask, what they are, and the name of the source that selects them, for each kind that the file can have.
    """
    page, alpha, nodata = picture.pages[number], picture.alpha[number], picture.metadata.nodata
    samples, kinds = np.atleast_3d(page), []
    if np.issubdtype(page.dtype, np.floating):
        kinds.append((_not_finite(samples), "are not finite", "nan"))
    if nodata is not None:
        kinds.append((_equal(samples, nodata), f"hold the nodata value {nodata:g}", "nodata"))
    if alpha is not None:
        kinds.append((_transparent(alpha), "are transparent", "alpha"))
    return kinds


def _not_finite(samples: Pixels) -> Mask:
    """Return where any channel of (M, N, C) is not finite."""
    return np.asarray(~np.isfinite(samples).all(2))


def _transparent(alpha: Pixels) -> Mask:
    """Return where an opacity (M, N) is 0 or not a number."""
    return np.asarray(~(alpha > 0))


def _equal(samples: Pixels, value: float) -> Mask:
    """Return where all channels of (M, N, C) equal a value."""
    return np.asarray(equals(samples, value).all(2))


def opacity(picture: Picture, number: int) -> NDArray[np.float32]:
    """Return how much each sample of a page counts: 0 without data, else the alpha of its pixel from 0 to 1.

    Of the shape of the page.
    """
    page, alpha, nodata = picture.pages[number], picture.alpha[number], picture.metadata.nodata
    weights = np.ones(page.shape, np.float32)
    if alpha is not None:
        share = np.nan_to_num(alpha / np.float32(full_scale(alpha.dtype)), nan=0.0).clip(0, 1)
        weights *= share.reshape(share.shape + (1,) * (page.ndim - 2))
    return weights if nodata is None else weights * ~equals(page, nodata)
