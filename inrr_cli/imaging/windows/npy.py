"""Arrays in .npy files, by window."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.imaging.formats.npy import MAX_CHANNELS
from inrr_cli.imaging.metadata import Metadata
from inrr_cli.imaging.windows.image import WindowedImage
from inrr_cli.imaging.windows.samples import Plain


def open_npy(path: Path) -> WindowedImage:
    """Open an array (M, N) or (M, N, C) with C at most four, which others would take for pages."""
    array = np.load(path, mmap_mode="r", allow_pickle=False)  # only its header is used
    shape, dtype, offset, is_by_rows = array.shape, array.dtype, int(array.offset), array.flags.c_contiguous
    check_array(shape, dtype)
    if not is_by_rows:
        raise InputError("the array is in Fortran's order; save it with numpy.ascontiguousarray")
    if len(shape) == 3 and shape[2] > MAX_CHANNELS:
        raise InputError(f"the array's shape is {shape}: more than {MAX_CHANNELS} channels need a TIFF or a Zarr")
    return WindowedImage(path, Plain(path, offset, shape, dtype), Metadata("NPY", details={"dtype": dtype}))


def check_array(shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> None:
    """Raise InputError unless an array can be an image of one page."""
    if len(shape) not in (2, 3) or 0 in shape:
        raise InputError(
            f"the array's shape is {shape}; by window it must be (rows, columns) or (rows, columns, channels)"
        )
    if dtype.kind not in "biuf" or dtype.itemsize > 8:
        raise InputError(f"the array holds {dtype}; convert it to integers or floats of at most 64 bits")
