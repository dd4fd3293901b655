"""NumPy arrays: (M, N), (M, N, C) with at most four channels, or pages (P, M, N[, C])."""

from __future__ import annotations

import io
import math

import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.imaging.picture import Metadata, Picture, Size

CHANNELS_MOST = 4  # a last axis longer than that is one of pixels
KINDS = "biuf"


def sizes(data: bytes) -> list[Size]:
    """Return what the header announces, for each page."""
    shape, dtype = _header(data)
    if dtype.kind not in KINDS or dtype.itemsize > 8:
        raise InputError(f"it holds {dtype}; convert it to integers or floats of at most 64 bits")
    if len(shape) not in (2, 3, 4) or min(shape) < 1:
        raise InputError(f"its shape is {shape}; it must be (M, N), (M, N, C) or (P, M, N[, C])")
    if math.prod(shape) * dtype.itemsize > len(data):
        raise ValueError("it ends too early")
    page = shape[1:] if _is_stacked(shape) else shape
    number = shape[0] if _is_stacked(shape) else 1
    return [Size(page[0], page[1], math.prod(page) * dtype.itemsize)] * number


def read(data: bytes) -> Picture:
    """Decode an array; no alpha."""
    array = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    stacked = _is_stacked(array.shape)
    pages = [page.astype(page.dtype.newbyteorder("="), order="C") for page in (array if stacked else [array])]
    details = {"stacked": stacked, "dtype": array.dtype, "axis": pages[0].ndim == 3}
    pages = [page[..., 0] if page.ndim == 3 and page.shape[2] == 1 else page for page in pages]
    return Picture(pages, [None] * len(pages), Metadata("NPY", details=details))


def write(picture: Picture) -> bytes:
    """Encode all pages, of the same shape, as one array."""
    same = picture.metadata.format == "NPY" and bool(picture.metadata.details)
    pages = [picture.stored(number, turned=same) for number in range(len(picture.pages))]
    if len({page.shape for page in pages}) > 1:
        raise InputError("an .npy file needs pages of one size; write a .tif")
    many = pages[0].ndim == 3 and pages[0].shape[2] > CHANNELS_MOST
    stacked = picture.metadata.details["stacked"] if same else len(pages) > 1 or many
    narrow = stacked and pages[0].ndim == 2 and pages[0].shape[1] <= CHANNELS_MOST
    if picture.metadata.details["axis"] if same else narrow:  # or columns would be read as channels
        pages = [page.reshape(*page.shape[:2], -1) for page in pages]
    array = np.stack(pages) if stacked else pages[0]
    if same:
        array = array.astype(picture.metadata.details["dtype"])
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _header(data: bytes) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    buffer = io.BytesIO(data)
    version = np.lib.format.read_magic(buffer)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(buffer)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(buffer)
    return tuple(shape), dtype


def _is_stacked(shape: tuple[int, ...]) -> bool:
    return len(shape) == 4 or (len(shape) == 3 and shape[2] > CHANNELS_MOST)
