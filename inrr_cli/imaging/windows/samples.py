"""Samples of an image on disk that are read by window: by segments that are decoded, or by rows of plain bytes."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import partial
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from inrr_cli.imaging.value_range import Pixels

Item = TypeVar("Item")

CACHE, LARGEST_CACHE = 96 * 2**20, 2**29  # bytes of decoded segments: neighbouring windows share some
CACHED_ROWS = 640  # of strips, which all windows in a row of tiles share


class Samples(Protocol):
    """The samples of an image as they are stored.

    Attributes
    ----------
    shape : (int, int) or (int, int, int)
        Rows, columns and channels; without channels if each pixel is one sample.
    dtype : dtype
        In the byte order of this machine.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def read(self, rows: slice, columns: slice) -> Pixels:
        """Return a window (h, w[, C]), whose slices lie in the image, as an array of its own."""


class Cache(Generic[Item]):
    """What was used last, of at most so many bytes together; the newest is kept whatever its size.

    Parameters
    ----------
    capacity : int
        Bytes.
    size : callable
        The bytes that something takes.
    """

    def __init__(self, capacity: int, size: Callable[[Item], int]) -> None:
        self._capacity, self._size, self._held = capacity, size, 0
        self._items: OrderedDict[Hashable, Item] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Item]) -> Item:
        """Return what belongs to a key; it is made if it is not here."""
        if key in self._items:
            self._items.move_to_end(key)
            return self._items[key]
        item = make()
        self._items[key] = item
        self._held += self._size(item)
        while self._held > self._capacity and len(self._items) > 1:
            self._held -= self._size(self._items.popitem(last=False)[1])
        return item


class Segmented:
    """Samples in segments of one size, tiles, strips or chunks, which are decoded whole.

    Parameters
    ----------
    shape : (int, int[, int])
    dtype : dtype
    segment : (int, int)
        Rows and columns of a segment.
    decode : callable
        From the row and the column of a segment in their grid to its samples; those beyond the image may be there.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        segment: tuple[int, int],
        decode: Callable[[int, int], Pixels],
    ) -> None:
        self.shape, self.dtype, self.segment = shape, dtype.newbyteorder("="), segment
        self._decode = decode
        is_strip = segment[1] >= shape[1]
        wanted = CACHED_ROWS * math.prod(shape[1:]) * dtype.itemsize if is_strip else CACHE
        self._cache: Cache[Pixels] = Cache(min(LARGEST_CACHE, max(CACHE, wanted)), lambda array: array.nbytes)

    def read(self, rows: slice, columns: slice) -> Pixels:
        """Return a window (h, w[, C]), from the segments that it touches."""
        window = np.empty((rows.stop - rows.start, columns.stop - columns.start, *self.shape[2:]), self.dtype)
        high, wide = self.segment
        for i in range(rows.start // high, math.ceil(rows.stop / high)):
            for j in range(columns.start // wide, math.ceil(columns.stop / wide)):
                segment = self._cache.get((i, j), partial(self._decode, i, j))
                to_rows, from_rows = _shared(rows, i * high, high)
                to_columns, from_columns = _shared(columns, j * wide, wide)
                window[to_rows, to_columns] = segment[from_rows, from_columns]
        return window


class Plain:
    """Samples that lie in a file row by row, neither packed nor cut.

    They are read, not mapped: mapped pages would count as memory of this process.
    """

    def __init__(self, path: Path, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype = shape, dtype.newbyteorder("=")
        self._path, self._stored, self._offset = path, dtype, offset

    def read(self, rows: slice, columns: slice) -> Pixels:
        """Return a window (h, w[, C]): a piece of each of its rows."""
        window = np.empty((rows.stop - rows.start, columns.stop - columns.start, *self.shape[2:]), self._stored)
        pixel = math.prod(self.shape[2:]) * self._stored.itemsize
        with self._path.open("rb", buffering=0) as file:
            for row, piece in zip(range(rows.start, rows.stop), window, strict=True):
                file.seek(self._offset + (row * self.shape[1] + columns.start) * pixel)
                if file.readinto(piece.view(np.uint8).data) != piece.nbytes:
                    raise ValueError("the file ends too early")
        return window.astype(self.dtype, copy=False)


def _shared(span: slice, start: int, length: int) -> tuple[slice, slice]:
    """Return what a span shares with a segment from ``start``: in the span's coordinates, and in the segment's."""
    first, last = max(span.start, start), min(span.stop, start + length)
    return slice(first - span.start, last - span.start), slice(first - start, last - start)
