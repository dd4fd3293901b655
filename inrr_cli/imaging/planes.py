"""From the stored pages of a file to planes with all their channels, and back."""

from __future__ import annotations

from dataclasses import replace

from inrr_cli.errors import InputError
from inrr_cli.imaging.axes import (
    CHANNELS,
    Layout,
    StoredAxes,
    check_count,
    distinct,
    group_pages,
    lay_out,
    plain_axes,
    plane_order,
)
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.value_range import Pixels


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
    if axes is not None:
        stored = _with_letters(stored, axes, picture)
    _check_page_axes(stored, len(picture.pages))
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
    layout = picture.layout
    if len(layout.planes) != len(picture.pages):
        return picture
    pages: dict[int, Pixels] = {}
    alpha: dict[int, Pixels | None] = {}
    for number, plane in enumerate(layout.planes):
        pages |= layout.scatter(number, picture.pages[number])
        alpha |= dict.fromkeys(plane, picture.alpha[number])
    numbers = range(layout.page_count)
    return replace(picture, pages=[pages[n] for n in numbers], alpha=[alpha[n] for n in numbers], stored_layout=None)


def _with_letters(stored: StoredAxes, axes: str, picture: Picture) -> StoredAxes:
    """Return the stored axes with the letters that the user gave."""
    check_count(axes, lay_out(stored, picture.pages, picture.alpha, ()).shape)
    count = len(stored.sizes)
    if not {"Y", "X"} <= set(axes[count:]):
        rows, columns = picture.pages[0].shape[:2]
        said = f"says {stored.axes} and " if stored.tagged else ""
        raise InputError(
            f"--axes {axes} does not fit: the file {said}has pages of {rows} rows x {columns} columns, so Y and X are "
            "the last axes before channels; only an array in .npy may have them elsewhere"
        )
    if any(letter not in f"YX{CHANNELS}" for letter in axes[count:]):
        raise InputError(f"--axes {axes} does not fit: the samples of a pixel are channels, C")
    return stored._replace(axes=axes[:count] + plane_order(axes[count:]))


def _check_page_axes(stored: StoredAxes, count: int) -> None:
    """Raise InputError if the rows or columns of the planes lie over several pages."""
    over_pages, of_page = stored.axes[: len(stored.sizes)], stored.axes[len(stored.sizes) :]
    if not {"Y", "X"} <= set(of_page):
        instead = distinct(over_pages.replace("Y", "Q").replace("X", "Q") + "YX")
        raise InputError(
            f"the file says that its axes are {stored.axes}, so that its {count} pages are not rows by columns; "
            f"save it as .npy and give --axes {stored.axes}, or restore page by page with --axes {instead}"
        )


def _fit_together(picture: Picture, plane: tuple[int, ...]) -> bool:
    """Return whether pages can be the channels of one plane."""
    kinds = {(picture.pages[page].shape, picture.pages[page].dtype) for page in plane}
    return len(kinds) == 1 and (len(plane) == 1 or all(picture.alpha[page] is None for page in plane))
