"""The series of a TIFF: which directories belong together, and which hold more pages than one."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import replace
from itertools import islice, takewhile
from typing import NamedTuple

import numpy as np
import tifffile
from tifffile import TiffPage

from inrr_cli.errors import InputError
from inrr_cli.imaging.formats import tiff_tags as tags
from inrr_cli.imaging.formats.tiff_ifd import Entry
from inrr_cli.imaging.value_range import Pixels


class Series(NamedTuple):
    """Pages that belong together.

    Attributes
    ----------
    directories : list of TiffPage
        With a page each, or one with all pages, one behind the other.
    pages : int
        Number of pages.
    contiguous : bool
        Whether the pages are stored one behind the other, as ImageJ and tifffile expect them.
    """

    directories: list[TiffPage]
    pages: int
    contiguous: bool

    @property
    def pages_each(self) -> int:
        """Return the number of pages in each directory."""
        return self.pages // len(self.directories)


def read_series(file: tifffile.TiffFile, data: bytes) -> list[Series]:
    """Return the series of a file, in its order; a page that belongs to none is one.

    Raises
    ------
    InputError
        If a description promises pages that the file does not hold, or the file is a MetaMorph stack.
    ValueError
        If the list of directories is damaged.
    """
    pages = [file.pages.get(number, aspage=True) for number in range(len(file.pages))]
    directories = [page for page in pages if isinstance(page, TiffPage)]
    if not directories:
        raise ValueError("the file has no pages")
    if file.is_stk:
        raise InputError("is a MetaMorph stack (STK); save it as a TIFF with one directory for each page")
    if _next_directory(directories[-1], data):
        raise ValueError(f"the list of pages is damaged after page {len(directories)}")
    series, start = [], 0
    while start < len(directories):
        series.append(_series_at(start, directories, len(data)))
        start += len(series[-1].directories)
    return series


def read_frames(page: TiffPage, count: int, data: bytes) -> Pixels:
    """Return the pages of a directory that holds ``count``, (count, ...); each is as ``page.asarray()`` would be."""
    assert page.dtype is not None
    dtype = page.dtype.newbyteorder(page.parent.byteorder)
    frames = np.frombuffer(data, dtype, count * page.size, page.dataoffsets[0])
    return frames.reshape(count, *page.shape)


def state_frame(entries: list[Entry], number: int) -> list[Entry]:
    """Return the tags of a directory that holds several pages for one of them, which gets a directory of its own.

    The first has the description of the series, which no longer says that directories were left out; the others have
    none.
    """
    if number:
        return [entry for entry in entries if entry.tag not in tags.SERIES]
    return [_without_truncation(entry) if entry.tag == tags.DESCRIPTION else entry for entry in entries]


def _series_at(start: int, directories: list[TiffPage], file_size: int) -> Series:
    """Return the series that begins at a directory."""
    first = directories[start]
    wanted, truncated = _promise(first)
    contiguous = first.is_contiguous and not first.is_tiled and first.predictor == first.fillorder == 1
    if wanted <= 1:
        return Series([first], 1, contiguous)
    others = takewhile(lambda page: not _promise(page)[0], islice(directories, start + 1, start + wanted))
    found = [first, *others]
    if contiguous and (truncated or len(found) == 1):
        held = (file_size - first.dataoffsets[0]) // max(first.nbytes, 1)
        if held < wanted:
            raise InputError(_broken_promise(first, wanted, max(held, 0)))
        return Series([first], wanted, True)
    if wanted > len(found):
        raise InputError(_broken_promise(first, wanted, len(found)))
    alike = len({(page.shape, page.dtype) for page in found}) == 1
    return Series(found, len(found), contiguous and alike)


def _broken_promise(page: TiffPage, wanted: int, held: int) -> str:
    where = f"the description of page {page.index + 1}"
    return f"{where} promises {wanted} pages of its size, but the file holds {held}; correct or remove the description"


def _promise(page: TiffPage) -> tuple[int, bool]:
    """Return how many pages a description by ImageJ or tifffile promises, and whether with one directory for all.

    0 pages if there is none, or it is of pages of another size.
    """
    try:
        if page.shaped_description:
            said = tifffile.tifffile.shaped_description_metadata(page.shaped_description)
            count, rest = divmod(math.prod(said["shape"]), max(page.size, 1))
            return (0 if rest else count), bool(said.get("truncated"))
        if page.imagej_description and page.index == 0:
            said = tifffile.tifffile.imagej_description_metadata(page.imagej_description)
            stack = said.get("slices", 1) * said.get("frames", 1)
            if page.samplesperpixel == said.get("channels", 1) > 1:  # Bio-Formats counts the samples of a page
                return int(stack), False
            return int(said.get("images", stack * said.get("channels", 1))), False
    except (ValueError, TypeError, KeyError):
        pass  # no description by either
    return 0, False


def _next_directory(page: TiffPage, data: bytes) -> int:
    """Return the offset of the directory after a page's."""
    big = page.parent.is_bigtiff
    counting, offset = ("Q", "Q") if big else ("H", "I")
    order = page.parent.byteorder
    (entries,) = struct.unpack_from(order + counting, data, page.offset)
    at = page.offset + struct.calcsize(order + counting) + entries * (20 if big else 12)
    if at + struct.calcsize(order + offset) > len(data):
        raise ValueError("the file ends too early")
    return int(struct.unpack_from(order + offset, data, at)[0])


def _without_truncation(entry: Entry) -> Entry:
    """Return a description by tifffile that does not say that only the first page has a directory."""
    try:
        said = json.loads(bytes(entry.value).rstrip(b"\0")) if isinstance(entry.value, bytes) else None
    except ValueError:
        return entry
    if not isinstance(said, dict) or "truncated" not in said:
        return entry
    text = json.dumps({key: value for key, value in said.items() if key != "truncated"}).encode() + b"\0"
    return replace(entry, count=len(text), value=text)
