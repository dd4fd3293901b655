"""Find missing samples in the image itself: no data, transparent pixels, lost lines, dead pixels, scratches."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import InputError
from inrr_cli.imaging.picture import Picture, equals
from inrr_cli.imaging.value_range import Pixels, full_scale
from inrr_cli.masking import Mask
from inrr_cli.masking.defects import dead_pixels, lost_lines
from inrr_cli.masking.samples import count, to_samples
from inrr_cli.masking.scars import describe_scars, find_scars
from inrr_cli.masking.scratches import describe_scratches, find_scratches

SOURCES = ("nan", "alpha", "nodata", "value=V", "lines", "dead", "scratches")  # of masks; V is a number


def is_from_image(source: str) -> bool:
    """Return whether a mask of this name is found in the image, not read from a file."""
    return source in SOURCES or source.startswith("value=")


def mask_from_image(source: str, picture: Picture, number: int) -> tuple[Mask, str]:
    """Find the missing samples of a page.

    Parameters
    ----------
    source : str
        "nan", "alpha", "nodata", "value=V", "lines", "dead" or "scratches".
    picture : Picture
    number : int
        Page, from 0.

    Returns
    -------
    (M, N[, C]) ndarray of bool, str
        Of the shape of the page: True where a sample is missing; and a note about what was found, which may be empty.

    Raises
    ------
    InputError
        If the image has no values of this kind, or V is no number.
    """
    page, alpha = picture.pages[number], picture.alpha[number]
    if source == "nan":
        if not np.issubdtype(page.dtype, np.floating):
            raise InputError(f"--mask nan is for floats; the image holds {page.dtype}")
        return _not_finite(page), ""
    if source == "alpha":
        if alpha is None:
            raise InputError("--mask alpha needs an image with an alpha channel")
        return to_samples(_transparent(alpha), page.shape), ""
    if source == "nodata" or source.startswith("value="):
        value = picture.metadata.nodata if source == "nodata" else _parse_value(source)
        if value is None:
            raise InputError("--mask nodata needs a TIFF with GDAL's nodata tag; give --mask value=V")
        return equals(page, value), ""
    unusable = np.zeros(page.shape, bool)
    for mask, _, _ in unusable_samples(picture, number):
        unusable |= mask
    samples = np.atleast_3d(np.where(unusable, np.nan, page) if unusable.any() else page)
    if source == "lines":
        lines, note = lost_lines(samples)
        scars = find_scars(samples, lines)
        if text := describe_scars(scars):
            note = f"{note}; {text}" if lines.any() else text
        return (lines | scars).reshape(page.shape), note
    if source == "scratches":
        found = find_scratches(samples)
        return to_samples(found.mask, page.shape) & ~unusable, describe_scratches(found)
    dead = dead_pixels(samples).reshape(page.shape) & ~unusable
    marked, _, unit = count([dead])
    return dead, f"{marked:,} dead or hot {unit}"


def _parse_value(source: str) -> float:
    text = source.removeprefix("value=")
    for kind in (int, float):  # an integer is exact, where a float is not
        with suppress(ValueError):
            return kind(text)
    raise InputError(f"--mask value=V needs a number, as in value=0; got {text!r}")


def unusable_samples(picture: Picture, number: int) -> list[tuple[Mask, str, str]]:
    """Find samples that hold no values to restore others from: not finite, no data, or fully transparent.

    Returns
    -------
    list of (M, N[, C]) ndarray of bool, str, str
        Their mask, of the shape of the page, what they are, and the name of the source that selects them, for each kind
        that the file can have.
    """
    page, alpha, nodata = picture.pages[number], picture.alpha[number], picture.metadata.nodata
    kinds = []
    if np.issubdtype(page.dtype, np.floating):
        kinds.append((_not_finite(page), "are not finite", "nan"))
    if nodata is not None:
        kinds.append((equals(page, nodata), f"hold the nodata value {nodata:g}", "nodata"))
    if alpha is not None:
        kinds.append((to_samples(_transparent(alpha), page.shape), "are transparent", "alpha"))
    return kinds


def _not_finite(samples: Pixels) -> Mask:
    """Return which samples are not finite."""
    return np.asarray(~np.isfinite(samples))


def _transparent(alpha: Pixels) -> Mask:
    """Return where an opacity (M, N) is 0 or not a number."""
    return np.asarray(~(alpha > 0))


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
