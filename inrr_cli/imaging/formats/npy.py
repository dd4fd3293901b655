"""NumPy arrays of two to five axes; without --axes (M, N), (M, N, C) with C at most four, or pages (P, M, N[, C])."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import InputError
from inrr_cli.imaging.array_planes import cut_planes, join_planes, lay_out_array
from inrr_cli.imaging.axes import Layout, axes_like, check_count
from inrr_cli.imaging.metadata import Metadata
from inrr_cli.imaging.picture import PageSize, Picture
from inrr_cli.imaging.value_range import Pixels

MAX_CHANNELS = 4  # RGBA; a longer last axis of three is guessed to be columns
MAX_AXES = 5  # as of TZCYX


def sizes(data: bytes, axes: str | None = None, like: Layout | None = None) -> list[PageSize]:
    """Return the size of each page from the header."""
    shape, dtype = read_header(data)
    if dtype.kind not in "biuf" or dtype.itemsize > 8:
        raise InputError(f"the array holds {dtype}; convert it to integers or floats of at most 64 bits")
    layout = _lay_out(shape, axes, like)
    if math.prod(shape) * dtype.itemsize > len(data):
        raise ValueError("the file ends too early")
    rows, columns = layout.sizes("YX")
    channels = math.prod(layout.sizes(layout.channel_axes))
    return [PageSize(rows, columns, rows * columns * channels * dtype.itemsize)] * len(layout.planes)


def read(data: bytes, axes: str | None = None, like: Layout | None = None) -> Picture:
    """Decode an array as a picture without alpha."""
    array = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    layout = _lay_out(array.shape, axes, like)
    pages = cut_planes(array, layout)
    metadata = Metadata("NPY", details={"dtype": array.dtype})
    return Picture(pages, [None] * len(pages), metadata, layout)


def write(picture: Picture) -> bytes:
    """Encode all pages, which have one shape, as one array: with the axes of the file that was read, if it said them.

    Otherwise the shape is one that `read` guesses right.
    """
    is_array = picture.metadata.format == "NPY"
    pages = [picture.page_with_alpha(number, stored_orientation=is_array) for number in range(len(picture.pages))]
    if len({page.shape for page in pages}) > 1:
        raise InputError("a .npy file needs pages of one size; write a .tif")
    layout = picture.layout
    array = join_planes(pages, layout) if layout.is_said or is_array else _join_as_guessed(pages)
    buffer = io.BytesIO()
    dtype = picture.metadata.details["dtype"] if is_array else array.dtype
    np.lib.format.write_array(buffer, np.ascontiguousarray(array, dtype), allow_pickle=False)
    return buffer.getvalue()


def read_header(data: bytes) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    """Return the shape and the type of an array from its header."""
    buffer = io.BytesIO(data)
    version = np.lib.format.read_magic(buffer)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(buffer)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(buffer)
    return tuple(shape), dtype


def _lay_out(shape: tuple[int, ...], axes: str | None, like: Layout | None) -> Layout:
    """Return the layout of an array: what the user says, what goes with ``like``, or a guess."""
    if not 2 <= len(shape) <= MAX_AXES or min(shape) < 1:
        raise InputError(f"the array's shape is {shape}; it must have 2 to {MAX_AXES} axes of at least 1")
    if axes is not None:
        check_count(axes, shape)
    letters = axes or axes_like(shape, like)
    is_said, warning = letters is not None, ""
    if letters is None:
        letters, warning = _guess(shape)
    return lay_out_array(letters, shape, is_said=is_said, warning=warning)


def _guess(shape: tuple[int, ...]) -> tuple[str, str]:
    """Return the axes that an array seems to have, and a warning unless there is little doubt."""
    if len(shape) == 2:
        return "YX", ""
    if len(shape) == 3 and shape[2] <= MAX_CHANNELS:
        return "YXC", ""
    if len(shape) == 5:
        raise InputError(f"the array's shape is {shape}; give --axes, as in --axes TZCYX")
    count, rows, columns, *channels = shape
    pages = f"{count} page{'s' * (count != 1)} of {rows} rows x {columns} columns"
    if channels:
        taken = f"taken as {pages} with {channels[0]} channel{'s' * (channels[0] != 1)} (axes QYXC)"
        doubt = f"{taken}; if its last axis is columns, give --axes, as in --axes TZYX"
        return "QYXC", doubt if channels[0] > MAX_CHANNELS else ""
    instead = "CYX" if count <= MAX_CHANNELS else "YXC"
    which = "first" if count <= MAX_CHANNELS else "last"
    return "QYX", f"taken as {pages} (axes QYX); if the {which} axis is channels, give --axes {instead}"


def _join_as_guessed(pages: list[Pixels]) -> NDArray[Any]:
    """Return pages (M, N[, C]) as (M, N), (M, N, C) or (P, M, N[, C])."""
    is_stack = len(pages) > 1 or (pages[0].ndim == 3 and pages[0].shape[2] > MAX_CHANNELS)
    if is_stack and pages[0].ndim == 2 and pages[0].shape[1] <= MAX_CHANNELS:  # columns would be read as channels
        pages = [page[..., None] for page in pages]
    return np.stack(pages) if is_stack else pages[0]
