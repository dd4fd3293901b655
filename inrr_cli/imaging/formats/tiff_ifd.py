"""Image file directories (IFDs) of TIFF files and EXIF blocks: unpack them and pack them again byte for byte."""

from __future__ import annotations

import struct
from dataclasses import dataclass

EXIF, GPS, INTEROPERABILITY = 34665, 34853, 40965
POINTERS = (EXIF, GPS, INTEROPERABILITY)
IFD_TYPE = 13  # of a value that is the offset of a directory
TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
MAX_DEPTH = 4  # of nested directories, because those of a damaged file may point to each other
EXIF_PREFIX = b"Exif\0\0"


@dataclass(frozen=True)
class Entry:
    """An entry of a directory.

    Attributes
    ----------
    tag, kind, count : int
        Number of the tag, type of its values, number of values.
    value : bytes or list of Entry
        The values in the file's byte order; for a pointer to a directory, its entries.
    offset : int
        Offset of the values in the data that the entry was read from.
    """

    tag: int
    kind: int
    count: int
    value: bytes | list[Entry]
    offset: int = 0


def read_directory(data: bytes, offset: int, order: str, *, big: bool = False, depth: int = 0) -> list[Entry]:
    """Unpack a directory, without entries that are damaged.

    Parameters
    ----------
    data : bytes
        File or block that offsets refer to.
    offset : int
        Offset of the directory.
    order : {"<", ">"}
    big : bool
        Whether the directory is one of a BigTIFF.
    depth : int
        Number of directories around it.
    """
    counting, entry, inline = ("Q", "HHQ", 8) if big else ("H", "HHI", 4)
    size = struct.calcsize(order + entry) + inline
    start = offset + struct.calcsize(order + counting)
    if not 0 < offset < start <= len(data) or depth >= MAX_DEPTH:
        return []
    (entries,) = struct.unpack_from(order + counting, data, offset)
    found = []
    for at in range(start, min(start + entries * size, len(data) - size + 1), size):
        tag, kind, count = struct.unpack_from(order + entry, data, at)
        length = TYPE_SIZES.get(kind, 0) * count
        value_offset = at + size - inline
        if length > inline:
            (value_offset,) = struct.unpack_from(order + ("Q" if big else "I"), data, value_offset)
        if not length or value_offset + length > len(data):
            continue
        value = data[value_offset : value_offset + length]
        if tag in POINTERS:
            inner = int.from_bytes(value, "little" if order == "<" else "big")
            found.append(Entry(tag, kind, 1, read_directory(data, inner, order, big=big, depth=depth + 1)))
        else:
            found.append(Entry(tag, kind, count, value, value_offset))
    return found


def pack_directory(entries: list[Entry], offset: int, order: str, *, big: bool = False) -> bytes:
    """Pack a directory for the offset ``offset``, followed by its values and inner directories."""
    counting, entry, pointer, inline = ("Q", "HHQ", "Q", 8) if big else ("H", "HHI", "I", 4)
    entries = sorted(entries, key=lambda item: item.tag)
    size = struct.calcsize(order + entry) + inline
    end = offset + struct.calcsize(order + counting) + size * len(entries) + inline
    head, tail = struct.pack(order + counting, len(entries)), b""
    for item in entries:
        kind, count, value = item.kind, item.count, item.value
        if isinstance(value, list) or len(value) > inline:
            tail += bytes((end + len(tail)) % 2)  # offsets are even
            start = end + len(tail)
            if isinstance(value, list):
                kind, count, value = (16 if big else 4), 1, pack_directory(value, start, order, big=big)
            tail += value
            value = struct.pack(order + pointer, start)
        head += struct.pack(order + entry, item.tag, kind, count) + value.ljust(inline, b"\0")
    return head + bytes(inline) + tail


def read_block(exif: bytes) -> tuple[list[Entry], str]:
    """Unpack the first directory of an EXIF block, with or without its prefix; return its entries and byte order."""
    block = exif.removeprefix(EXIF_PREFIX)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4], "")
    if not order or len(block) < 8:
        return [], "<"
    return read_directory(block, struct.unpack_from(order + "I", block, 4)[0], order), order


def pack_block(entries: list[Entry], order: str) -> bytes:
    """Pack an EXIF block, without the prefix."""
    return (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8) + pack_directory(entries, 8, order)
