"""Write .npy files and Zarr arrays window by window."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from inrr_cli.imaging.windows.image import WindowedImage
from inrr_cli.imaging.windows.zarr import load_zarr

BAND = 2**25  # bytes of rows that are written at once


def write_npy(path: Path, image: WindowedImage) -> None:
    """Write an array with the type of the file that was read."""
    shape, dtype = image.samples.shape, image.metadata.details["dtype"]
    step = max(1, BAND * shape[0] // (math.prod(shape) * dtype.itemsize))
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for top in range(0, shape[0], step):
            band = image.samples.read(slice(top, min(shape[0], top + step)), slice(0, shape[1]))
            file.write(np.ascontiguousarray(band, dtype).data)


def write_zarr(path: Path, source: Path, image: WindowedImage, unchanged: Callable[[slice, slice], bool]) -> None:
    """Copy the array in ``source`` to ``path``, which must not exist, and write the chunks that change.

    So all its metadata and the bytes of all other chunks are kept. The other parameters are those of `write_tiff`.
    """
    shutil.copytree(source, path)
    array = load_zarr().open_array(str(path), mode="r+")
    rows, columns = array.shape[:2]
    high, wide = (getattr(array, "shards", None) or array.chunks)[:2]  # what is written whole
    for top in range(0, rows, high):
        for left in range(0, columns, wide):
            window = slice(top, min(rows, top + high)), slice(left, min(columns, left + wide))
            if not unchanged(*window):
                array[window] = image.samples.read(*window)
