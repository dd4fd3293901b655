"""Steps that several tests of files share."""

import io
import struct
from pathlib import Path

import numpy as np
import tifffile

from inrr_cli.imaging.reading import decode
from inrr_cli.imaging.writing import encode

HOLE = np.s_[3:6, 2:9]
# tags that say how pixels are stored, and pointers to directories
STRUCTURE_TAGS = {256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 317, 322, 323, 324, 325, 338, 339, 34665, 34853}


def change_hole(data):
    """Decode a file, change the samples in the hole of each page, and encode the pages in the file's format."""
    picture = decode(data, Path("a"))
    pages = [page.copy() for page in picture.pages]
    for page in pages:
        page[HOLE] = picture.as_held(page[HOLE][::-1, ::-1], np.ones((1, 1), bool))
    return encode(picture.with_pages(pages), picture.metadata.format)


def assert_only_hole_differs(new, old):
    """Check that two pages agree bit for bit outside the hole and differ in it."""
    assert new.shape == old.shape
    assert new.dtype == old.dtype
    known = np.ones(old.shape[:2], bool)
    known[HOLE] = False
    assert new[known].tobytes() == old[known].tobytes()
    assert new.tobytes() != old.tobytes()


def tags_of(data, page=0):
    """Return type, count and bytes of each tag of a TIFF page, without those in STRUCTURE_TAGS."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        order, big, start = file.byteorder, file.is_bigtiff, file.pages.get(page, aspage=True).offset
    counting, step, inline = ("Q", 20, 8) if big else ("H", 12, 4)
    (entries,) = struct.unpack_from(order + counting, data, start)
    start += struct.calcsize(counting)
    found = {}
    for entry in range(start, start + entries * step, step):
        tag, kind = struct.unpack_from(order + "HH", data, entry)
        (count,) = struct.unpack_from(order + ("Q" if big else "I"), data, entry + 4)
        length = count * {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 10: 8, 11: 4, 12: 8, 16: 8}[kind]
        offset = entry + step - inline
        if length > inline:
            (offset,) = struct.unpack_from(order + ("Q" if big else "I"), data, offset)
        if tag not in STRUCTURE_TAGS:
            found[tag] = (kind, count, data[offset : offset + length])
    return found
