"""Masks as they travel between the page and the server: one bit a pixel, compressed."""

from __future__ import annotations

import zlib
from typing import NamedTuple

import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.masking import Mask


class Window(NamedTuple):
    """A rectangle of pixels: its first column and row, and the number of its columns and rows."""

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def of(cls, mask: Mask) -> Window:
        """Return the smallest window that holds all that a mask (M, N) marks; of no pixels if it marks nothing."""
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if not len(rows):
            return cls(0, 0, 0, 0)
        left, top = int(columns[0]), int(rows[0])
        return cls(left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)

    @classmethod
    def parse(cls, text: str, shape: tuple[int, ...]) -> Window:
        """Return the window of ``left,top,width,height`` in an image of this shape.

        Raises
        ------
        InputError
            If the text is no window, or the window does not lie in the image.
        """
        parts = text.split(",")
        if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
            raise InputError("X-Window must be left,top,width,height in pixels")
        window = cls(*map(int, parts))
        if window.left + window.width > shape[1] or window.top + window.height > shape[0]:
            raise InputError(f"X-Window {text} does not lie in the {shape[1]} x {shape[0]} pixels of the image")
        return window

    def __str__(self) -> str:
        return f"{self.left},{self.top},{self.width},{self.height}"

    @property
    def slices(self) -> tuple[slice, slice]:
        """The rows and the columns of the window."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


def pack(mask: Mask) -> bytes:
    """Return a mask (M, N) as bits: those of a row from the highest on, each row in whole bytes, all in zlib's format.

    The compression is the fastest, for the bytes do not leave this machine.
    """
    return zlib.compress(np.packbits(mask, axis=1).tobytes(), 1)


def unpack(data: bytes, shape: tuple[int, int]) -> Mask:
    """Return the mask (M, N) of this shape that `pack` made ``data`` of.

    Raises
    ------
    InputError
        If the data are damaged or those of a mask of another size. No more is unpacked than the mask takes.
    """
    rows, columns = shape
    size = rows * -(-columns // 8)
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(data, size + 1)
    except zlib.error as error:
        raise InputError(f"the mask's bits cannot be unpacked ({error})") from None
    if len(raw) != size or not unpacker.eof:
        raise InputError(f"the mask's bits are not those of {columns} x {rows} pixels")
    bits = np.frombuffer(raw, np.uint8).reshape(rows, -1)
    return np.unpackbits(bits, axis=1, count=columns).view(np.bool_)


def limit(shape: tuple[int, ...]) -> int:
    """Return the most bytes that a mask of this shape takes; what cannot be compressed gets a little larger."""
    size = shape[0] * -(-shape[1] // 8)
    return size + size // 1000 + 1024
