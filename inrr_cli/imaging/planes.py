"""From the stored pages of a file to planes with all their channels, and back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.imaging.array_planes import cut_planes, join_planes, lay_out_array
from inrr_cli.imaging.axes import (
    CHANNELS,
    Layout,
    StoredAxes,
    axes_like,
    check_count,
    group_pages,
    lay_out,
    plain_axes,
    plane_order,
)
from inrr_cli.imaging.formats.tiff_tags import SERIES
from inrr_cli.imaging.made_pages import MadePages
from inrr_cli.imaging.picture import Picture


def join_channels(picture: Picture, axes: str | None = None, like: Layout | None = None) -> Picture:
    """Return a picture whose pages are the planes of the pages as they are stored.

    Parameters
    ----------
    picture : Picture
    axes : str, optional
        What the user says the axes are, from `parse_axes`.
    like : Layout, optional
        Of the image that this picture, which says nothing of its axes, is the mask or the reference of.

    Raises
    ------
    InputError
        If the axes do not fit the picture.
    """
    if picture.layout.is_said:  # an array with --axes
        return picture
    stored = picture.metadata.stored_axes or plain_axes(picture.pages, picture.alpha)
    if like is not None and not stored.tagged and _has_pages_of(picture, like):
        return _regroup(picture, like)
    if picture.stored_layout is not None:  # an array
        return picture
    shape = lay_out(stored, picture.pages, picture.alpha, ()).shape
    if axes is not None:
        check_count(axes, shape)
        stored = _with_letters(stored, axes)
    elif like is not None and like.is_array and not stored.tagged and (letters := axes_like(shape, like)):
        with suppress(InputError):
            stored = _with_letters(stored, letters)
    if not {"Y", "X"} <= set(stored.axes[len(stored.sizes) :]):
        return _cut(picture, stored)
    planes = group_pages(stored)
    if not all(_fit_together(picture, plane) for plane in planes):
        if axes is not None:
            raise InputError(f"--axes {axes}: pages that are channels must have one size and type, and no alpha")
        stored = plain_axes(picture.pages, picture.alpha)
        planes = group_pages(stored)
    is_said = stored.tagged or axes is not None
    return _regroup(picture, lay_out(stored, picture.pages, picture.alpha, planes, is_said=is_said))


def _has_pages_of(picture: Picture, like: Layout) -> bool:
    """Return whether a picture has a page for each of the stored pages of which a layout joins some."""
    return len(picture.pages) == like.page_count > len(like.planes) and all(
        _fit_together(picture, plane) for plane in like.planes
    )


def _regroup(picture: Picture, layout: Layout) -> Picture:
    """Return a picture of stored pages as one of planes."""
    pages = [layout.gather(picture.pages, number) for number in range(len(layout.planes))]
    alpha = [picture.alpha[plane[0]] for plane in layout.planes]
    return replace(picture, pages=pages, alpha=alpha, stored_layout=layout)


def split_channels(picture: Picture) -> Picture:
    """Undo `join_channels`: return a picture with the pages as they are stored."""
    layout, stored = picture.layout, picture.metadata.stored_axes
    if layout.is_array and picture.metadata.format == "TIFF" and stored is not None:
        return _split_array(picture, stored)
    if len(layout.planes) != len(picture.pages):
        return picture
    plane_of = {page: number for number, plane in enumerate(layout.planes) for page in plane}
    pages = MadePages(len(plane_of), lambda page: layout.scatter(plane_of[page], picture.pages[plane_of[page]])[page])
    alpha = [picture.alpha[plane_of[page]] for page in range(len(plane_of))]
    return replace(picture, pages=pages, alpha=alpha, stored_layout=None)


def _with_letters(stored: StoredAxes, axes: str) -> StoredAxes:
    """Return the stored axes with the letters that the user gave."""
    count = len(stored.sizes)
    of_page = axes[count:]
    if not {"Y", "X"} <= set(of_page):
        return stored._replace(axes=axes)
    if any(letter not in f"YX{CHANNELS}" for letter in of_page):
        raise InputError(f"--axes {axes} does not fit: the samples of a pixel are channels, C")
    if of_page.index("X") < of_page.index("Y"):
        raise InputError(f"--axes {axes} does not fit: this file has rows first, Y before X")
    return stored._replace(axes=axes[:count] + plane_order(of_page))


def _cut(picture: Picture, stored: StoredAxes) -> Picture:
    """Return the planes of the array that is stored on several pages, with its rows or columns over them."""
    kinds = {(page.shape, page.dtype) for page in picture.pages}
    has_alpha = any(alpha is not None for alpha in picture.alpha)
    if len(kinds) > 1 or has_alpha or stored.order is not None or picture.metadata.orientation != 1:
        raise InputError(f"axes {stored.axes} do not fit: rows or columns over the pages need plain pages of one size")
    array = np.stack(picture.pages).reshape(*stored.sizes, *picture.pages[0].shape)
    layout = lay_out_array(stored.axes, array.shape, is_said=True)
    pages = cut_planes(array, layout)
    metadata = replace(picture.metadata, stored_axes=stored)
    return Picture(pages, [None] * len(pages), metadata, layout)


def _split_array(picture: Picture, stored: StoredAxes) -> Picture:
    """Undo `_cut`. An enlarged array has more pages, of which the descriptions no longer tell the truth."""
    array = join_planes(picture.pages, picture.layout)
    pages = list(array.reshape(-1, *array.shape[len(stored.sizes) :]))
    metadata = picture.metadata
    old = metadata.details["pages"]
    if len(pages) != len(old):
        plain = old[0] | {"tags": [entry for entry in old[0]["tags"] if entry.tag not in SERIES]}
        details = metadata.details | {"pages": [plain] * len(pages), "blocks": [1] * len(pages)}
        metadata = replace(metadata, details=details)
    return Picture(pages, [None] * len(pages), metadata)


def _fit_together(picture: Picture, plane: tuple[int, ...]) -> bool:
    """Return whether pages can be the channels of one plane."""
    kinds = {(picture.pages[page].shape, picture.pages[page].dtype) for page in plane}
    return len(kinds) == 1 and (len(plane) == 1 or all(picture.alpha[page] is None for page in plane))
