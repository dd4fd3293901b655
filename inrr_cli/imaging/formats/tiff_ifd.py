"""EXIF and GPS directories, as TIFF files and EXIF blocks hold them: taken apart and put together byte for byte.

A directory is a list of entries, an entry its tag, its type, its count and its value's bytes in the file's order, or
for a tag that points to another directory, that directory.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

EXIF, GPS, INTEROPERABILITY = 34665, 34853, 40965
IFD = 13  # type of an offset of a directory
POINTERS = (EXIF, GPS, INTEROPERABILITY)
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
DEPTH_MOST = 4  # of directories in directories; a damaged file may hold a circle
PREFIX = b"Exif\0\0"


@dataclass(frozen=True)
class Entry:
    """A tag and its value."""

    tag: int
    kind: int
    count: int
    value: bytes | list[Entry]


def read_directory(data: bytes, place: int, order: str, *, big: bool = False, depth: int = 0) -> list[Entry]:
    """Take the directory at ``place`` apart; what is damaged in it is left out.

    Parameters
    ----------
    data : bytes
        What offsets count from the start of.
    order : {"<", ">"}
    big : bool
        Whether it is one of a BigTIFF.
    """
    counting, entry, inline = ("Q", "HHQ", 8) if big else ("H", "HHI", 4)
    size = struct.calcsize(order + entry) + inline
    start = place + struct.calcsize(order + counting)
    if not 0 < place < start <= len(data) or depth >= DEPTH_MOST:
        return []
    (count,) = struct.unpack_from(order + counting, data, place)
    found = []
    for at in range(start, min(start + count * size, len(data) - size + 1), size):
        tag, kind, number = struct.unpack_from(order + entry, data, at)
        length = SIZES.get(kind, 0) * number
        where = at + size - inline
        if length > inline:
            (where,) = struct.unpack_from(order + ("Q" if big else "I"), data, where)
        if not length or where + length > len(data):
            continue
        value = data[where : where + length]
        if tag in POINTERS:
            offset = int.from_bytes(value, "little" if order == "<" else "big")
            found.append(Entry(tag, kind, 1, read_directory(data, offset, order, big=big, depth=depth + 1)))
        else:
            found.append(Entry(tag, kind, number, value))
    return found


def pack_directory(entries: list[Entry], place: int, order: str, *, big: bool = False) -> bytes:
    """Put a directory together that will stand at ``place``, with its values and its own directories after it."""
    counting, entry, offset, inline = ("Q", "HHQ", "Q", 8) if big else ("H", "HHI", "I", 4)
    entries = sorted(entries, key=lambda item: item.tag)
    size = struct.calcsize(order + entry) + inline
    end = place + struct.calcsize(order + counting) + size * len(entries) + inline
    head, tail = struct.pack(order + counting, len(entries)), b""
    for item in entries:
        kind, count = item.kind, item.count
        if isinstance(item.value, list):
            tail += bytes((end + len(tail)) % 2)
            value = struct.pack(order + offset, end + len(tail))
            tail += pack_directory(item.value, end + len(tail), order, big=big)
            kind, count = (16 if big else 4), 1
        elif len(item.value) > inline:
            tail += bytes((end + len(tail)) % 2)
            value = struct.pack(order + offset, end + len(tail))
            tail += item.value
        else:
            value = item.value
        head += struct.pack(order + entry, item.tag, kind, count) + value.ljust(inline, b"\0")
    return head + bytes(inline) + tail


def read_block(exif: bytes) -> tuple[list[Entry], str]:
    """Take a block of EXIF apart, with or without its prefix: its first directory, and the byte order."""
    block = exif.removeprefix(PREFIX)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4], "")
    if not order or len(block) < 8:
        return [], "<"
    return read_directory(block, struct.unpack_from(order + "I", block, 4)[0], order), order


def pack_block(entries: list[Entry], order: str) -> bytes:
    """Make a block of EXIF, without the prefix."""
    return (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8) + pack_directory(entries, 8, order)
