"""NumPy arrays: (M, N), (M, N, C) with at most four channels, or pages (P, M, N[, C])."""

from __future__ import annotations

import io
import math

import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.imaging.picture import About, Picture

CHANNELS_MOST = 4  # a last axis longer than that is one of pixels


def read(data: bytes) -> Picture:
    """Decode an array; no alpha."""
    array = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    if array.ndim not in (2, 3, 4) or 0 in array.shape:
        raise InputError(f"its shape is {array.shape}; it must be (M, N), (M, N, C) or (P, M, N[, C])")
    stacked = array.ndim == 4 or (array.ndim == 3 and array.shape[2] > CHANNELS_MOST)
    pages = list(array) if stacked else [array]
    if array.dtype.byteorder not in "=|":
        pages = [page.astype(page.dtype.newbyteorder("=")) for page in pages]
    details = {"stacked": stacked, "dtype": array.dtype}
    shaped = [page[..., 0] if page.ndim == 3 and page.shape[2] == 1 else page for page in pages]
    details["axis"] = pages[0].ndim == 3
    return Picture([np.ascontiguousarray(page) for page in shaped], [None] * len(pages), About("NPY", details=details))


def sizes(data: bytes) -> list[tuple[int, int]]:
    """Rows and columns of a page, as the header announces."""
    buffer = io.BytesIO(data)
    version = np.lib.format.read_magic(buffer)
    reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = reader(buffer)
    if math.prod(shape) * dtype.itemsize > len(data):
        raise ValueError("it ends too early")
    stacked = len(shape) == 4 or (len(shape) == 3 and shape[2] > CHANNELS_MOST)
    rows, columns = [*shape, 1, 1, 1][int(stacked) : int(stacked) + 2]
    return [(rows, columns)]


def write(picture: Picture) -> bytes:
    """Encode all pages, of the same shape, as one array."""
    same = picture.about.format == "NPY"
    pages = [picture.stored(number, turned=same) for number in range(len(picture.pages))]
    if len({page.shape for page in pages}) > 1:
        raise InputError("an .npy file needs pages of one size; write a .tif")
    if same and picture.about.details["axis"]:
        pages = [page.reshape(*page.shape[:2], -1) for page in pages]
    stacked = picture.about.details["stacked"] if same else len(pages) > 1
    array = np.stack(pages) if stacked else pages[0]
    if same:
        array = array.astype(picture.about.details["dtype"])
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, allow_pickle=False)
    return buffer.getvalue()
