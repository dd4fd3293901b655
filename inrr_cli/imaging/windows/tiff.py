"""TIFF and BigTIFF of one page, by window: only the tiles or strips that a window touches are decoded."""

from __future__ import annotations

import math
import mmap
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from tifffile import TiffPage

from inrr_cli.errors import InputError
from inrr_cli.imaging.formats.tiff import JPEG, YCBCR, check_page, has_alpha, read_metadata
from inrr_cli.imaging.metadata import Metadata
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.imaging.windows.image import Layout, WindowedImage
from inrr_cli.imaging.windows.samples import Plain, Samples, Segmented

LARGEST_SEGMENT = 2**28  # bytes, decoded; larger tiles and strips would not leave memory bounded
JPEG_COMPRESSIONS = (6, JPEG, 34892, 33007)


def open_tiff(path: Path) -> WindowedImage:
    """Open a file.

    Raises
    ------
    InputError
        If it has several pages or an orientation, or segments that are too large to be decoded one by one.
    """
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        with tifffile.TiffFile(stream, name=path.name) as file:
            found, metadata = read_metadata(file, data)  # type: ignore[arg-type]  # a map is sliced as bytes are
            page, count = found[0]
            one_bit = check_page(page, len(data))
            if len(found) > 1 or count > 1:
                raise InputError(f"has {max(len(found), count)} pages; by window only one is filled: save it by itself")
            if metadata.orientation != 1:
                turned = f"is stored with the orientation {metadata.orientation}"
                raise InputError(f"{turned}; by window it must be upright (1)")
            if page.photometric == YCBCR and page.compression != JPEG:
                raise InputError("is YCbCr without JPEG compression; convert it to RGB")
            samples = _samples(path, page, one_bit)
    return WindowedImage(path, samples, metadata, has_alpha(page), _layout(path, page, metadata))


def _samples(path: Path, page: TiffPage, one_bit: bool) -> Samples:
    """Return what reads the samples of a page (M, N[, S])."""
    assert page.dtype is not None
    channels = (page.samplesperpixel,) if page.samplesperpixel > 1 else ()
    shape = (page.imagelength, page.imagewidth, *channels)
    plain = page.is_contiguous and page.compression == page.predictor == page.fillorder == 1
    if plain and not page.is_tiled and not one_bit and (page.planarconfig == 1 or not channels):
        dtype = page.dtype.newbyteorder(page.parent.byteorder)
        return Plain(path, page.dataoffsets[0], shape, dtype)
    segment = _segment(page)
    size = math.prod(segment) * page.samplesperpixel * page.dtype.itemsize
    if size > LARGEST_SEGMENT:
        what = "tiles" if page.is_tiled else "strips"
        raise InputError(f"its {what} hold {size / 1e9:.1f} GB each; store it in tiles, as of 512 x 512 pixels")
    decode = _Decoder(path, page, segment, one_bit=one_bit)
    return Segmented(shape, np.dtype(np.uint8) if one_bit else page.dtype, segment, decode)


def _segment(page: TiffPage) -> tuple[int, int]:
    """Return the rows and columns of a tile or a strip."""
    if page.is_tiled:
        return page.tilelength, page.tilewidth
    return min(page.rowsperstrip or page.imagelength, page.imagelength), page.imagewidth


class _Decoder:
    """From the place of a segment in the grid of a page to its samples, of all planes."""

    def __init__(self, path: Path, page: TiffPage, segment: tuple[int, int], *, one_bit: bool) -> None:
        self.path, self.page, self.one_bit = path, page, one_bit
        self.nodata, self.decode = page.nodata, page.decode  # which are made while the file is open
        self.across = math.ceil(page.imagewidth / segment[1])
        self.each = self.across * math.ceil(page.imagelength / segment[0])
        self.is_planar = page.planarconfig == 2 and page.samplesperpixel > 1
        self.empty = (*segment, *((page.samplesperpixel,) if page.samplesperpixel > 1 else ()))
        self.tables: dict[str, Any] = {}
        if page.compression in JPEG_COMPRESSIONS:
            self.tables = {"jpegtables": page.jpegtables, "jpegheader": page.jpegheader}

    def __call__(self, i: int, j: int) -> Pixels:
        number = i * self.across + j
        if not self.is_planar:
            return self._decode(number, self.empty)
        planes = range(self.page.samplesperpixel)
        return np.stack([self._decode(number + plane * self.each, self.empty[:2]) for plane in planes], 2)

    def _decode(self, number: int, empty: tuple[int, ...]) -> Pixels:
        """Return the samples of a segment (h, w[, S]); one that the file leaves out holds no data, or 0."""
        page = self.page
        encoded = read_segment(self.path, page, number)
        segment = self.decode(encoded or None, number, **self.tables)[0]
        if segment is None:
            array = np.full(empty, self.nodata, page.dtype)
        else:
            array = segment[0] if len(empty) == 3 else segment[0, ..., 0]
        return array.astype(np.uint8) * np.uint8(255) if self.one_bit else array


def read_segment(path: Path, page: TiffPage, number: int) -> bytes:
    """Return the encoded bytes of a segment; none if the file leaves it out.

    The file is opened each time, so that nobody need close it.
    """
    offset, length = page.dataoffsets[number], page.databytecounts[number]
    if not offset or not length:
        return b""
    with path.open("rb", buffering=0) as stream:
        stream.seek(offset)
        return stream.read(length)


def _layout(path: Path, page: TiffPage, metadata: Metadata) -> Layout | None:
    """Return how a page is stored, if the writer packs segments in the same way, so that they can be copied."""
    kept = metadata.details["pages"][0]["layout"]
    as_written = ("tile" in kept) if page.is_tiled else ("rowsperstrip" in kept)
    if metadata.lossy or kept["compression"] is None or page.fillorder != 1 or not as_written:
        return None
    planes = page.samplesperpixel if page.planarconfig == 2 and page.samplesperpixel > 1 else 1
    return Layout(_segment(page), planes, lambda number: read_segment(path, page, number))
