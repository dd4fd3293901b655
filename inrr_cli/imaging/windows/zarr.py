"""Zarr arrays, by window: their chunks are the segments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.imaging.metadata import Metadata
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.imaging.windows.image import WindowedImage
from inrr_cli.imaging.windows.npy import check_array
from inrr_cli.imaging.windows.samples import Segmented

LARGEST_CHUNK = 2**28  # bytes; larger ones would not leave memory bounded


def load_zarr() -> Any:
    """Import zarr.

    Raises
    ------
    InputError
        If it is not installed.
    """
    try:
        import zarr
    except ImportError:
        raise InputError("a Zarr array needs the package zarr: pip install 'inrr-cli[zarr]'") from None
    return zarr


def open_zarr(path: Path) -> WindowedImage:
    """Open an array (M, N) or (M, N, C) of Zarr format 2 or 3."""
    zarr = load_zarr()
    opened = zarr.open(str(path), mode="r")
    if not hasattr(opened, "chunks"):
        first = next(iter(sorted(opened.array_keys())), "0")
        raise InputError(f"is a group of Zarr arrays; give one of them, as in {path / first}")
    shape, dtype, chunks = tuple(opened.shape), np.dtype(opened.dtype), tuple(opened.chunks)
    check_array(shape, dtype)
    size = int(np.prod((*chunks[:2], *shape[2:]))) * dtype.itemsize
    if size > LARGEST_CHUNK:
        raise InputError(
            f"its chunks hold {size / 1e9:.1f} GB each; store it with smaller ones, as of 512 x 512 pixels"
        )

    def decode(i: int, j: int) -> Pixels:
        (high, wide), (rows, columns) = chunks[:2], shape[:2]
        part = opened[i * high : min(rows, (i + 1) * high), j * wide : min(columns, (j + 1) * wide)]
        return np.asarray(part)

    return WindowedImage(path, Segmented(shape, dtype, chunks[:2], decode), Metadata("ZARR", nodata=_fill(opened)))


def _fill(opened: Any) -> float | None:
    """Return the value of no data that an array's attributes state, in the way of xarray and GDAL."""
    value = opened.attrs.get("_FillValue")
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
