"""NumPy arrays: (M, N), (M, N, C) with at most four channels, or pages (P, M, N[, C])."""

from __future__ import annotations

import io
import math

import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.imaging.metadata import Metadata
from inrr_cli.imaging.picture import PageSize, Picture

MAX_CHANNELS = 4  # RGBA; a longer last axis of three is taken for columns


def sizes(data: bytes) -> list[PageSize]:
    """Return the size of each page from the header."""
    shape, dtype = read_header(data)
    if dtype.kind not in "biuf" or dtype.itemsize > 8:
        raise InputError(f"the array holds {dtype}; convert it to integers or floats of at most 64 bits")
    if len(shape) not in (2, 3, 4) or min(shape) < 1:
        raise InputError(f"the array's shape is {shape}; it must be (M, N), (M, N, C) or (P, M, N[, C])")
    if math.prod(shape) * dtype.itemsize > len(data):
        raise ValueError("the file ends too early")
    page = shape[1:] if _is_stack(shape) else shape
    count = shape[0] if _is_stack(shape) else 1
    return [PageSize(page[0], page[1], math.prod(page) * dtype.itemsize)] * count


def read(data: bytes) -> Picture:
    """Decode an array as a picture without alpha."""
    array = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    stack = _is_stack(array.shape)
    pages = [page.astype(page.dtype.newbyteorder("="), order="C") for page in (array if stack else [array])]
    details = {"stack": stack, "dtype": array.dtype, "channel_axis": pages[0].ndim == 3}
    pages = [page[..., 0] if page.ndim == 3 and page.shape[2] == 1 else page for page in pages]
    return Picture(pages, [None] * len(pages), Metadata("NPY", details=details))


def write(picture: Picture) -> bytes:
    """Encode all pages, which have one shape, as one array: in the layout of the file that was read, if it was .npy."""
    details = picture.metadata.details if picture.metadata.format == "NPY" else {}
    pages = [picture.page_with_alpha(number, stored_orientation=bool(details)) for number in range(len(picture.pages))]
    if len({page.shape for page in pages}) > 1:
        raise InputError("a .npy file needs pages of one size; write a .tif")
    many_channels = pages[0].ndim == 3 and pages[0].shape[2] > MAX_CHANNELS
    stack = details.get("stack", len(pages) > 1 or many_channels)
    narrow = stack and pages[0].ndim == 2 and pages[0].shape[1] <= MAX_CHANNELS  # columns would be read as channels
    if details.get("channel_axis", narrow):
        pages = [page.reshape(*page.shape[:2], -1) for page in pages]
    array = np.stack(pages) if stack else pages[0]
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array.astype(details.get("dtype", array.dtype), copy=False), allow_pickle=False)
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


def _is_stack(shape: tuple[int, ...]) -> bool:
    return len(shape) == 4 or (len(shape) == 3 and shape[2] > MAX_CHANNELS)
