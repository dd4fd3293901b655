"""EXIF orientation: turn pixels upright and back, and read or reset the orientation in a block of EXIF."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np

from inrr_cli.imaging.formats.tiff_ifd import EXIF_PREFIX, read_block
from inrr_cli.imaging.formats.tiff_tags import ORIENTATION
from inrr_cli.imaging.value_range import Pixels

# from stored pixels to upright ones, by orientation
_TURNS: dict[int, Callable[[Pixels], Pixels]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[:, ::-1],
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a.swapaxes(0, 1)[::-1],
}


def turn_upright(stored: Pixels, orientation: int) -> Pixels:
    """Turn stored pixels (M, N[, C]) upright."""
    return np.ascontiguousarray(_TURNS[orientation](stored))


def turn_back(upright: Pixels, orientation: int) -> Pixels:
    """Undo `turn_upright`."""
    inverse = {6: 8, 8: 6}.get(orientation, orientation)  # quarter turns; each other turn undoes itself
    return np.ascontiguousarray(_TURNS[inverse](upright))


def read_orientation(exif: bytes | None) -> int:
    """Return the orientation in a block of EXIF, with or without its prefix; 1 if no valid one is there."""
    offset, order = _find_value(exif or b"")
    value = struct.unpack_from(order + "H", exif, offset)[0] if exif and offset else 1
    return value if value in _TURNS else 1


def reset_orientation(exif: bytes) -> bytes:
    """Return a block of EXIF with orientation 1 and all other bytes as they are.

    Pillow's Exif would encode the block anew, which moves maker notes away from the offsets that they refer to.
    """
    offset, order = _find_value(exif)
    return exif[:offset] + struct.pack(order + "H", 1) + exif[offset + 2 :] if offset else exif


def _find_value(exif: bytes) -> tuple[int, str]:
    """Return the offset of the orientation in a block of EXIF, 0 if none is there, and the byte order."""
    entries, order = read_block(exif)
    prefix = len(exif) - len(exif.removeprefix(EXIF_PREFIX))
    found = (entry for entry in entries if (entry.tag, entry.kind, entry.count) == (ORIENTATION, 3, 1))
    return next((prefix + entry.offset for entry in found), 0), order
