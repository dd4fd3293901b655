"""Write a TIFF or BigTIFF segment by segment, laid out and tagged as the file that was read."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from inrr_cli.errors import EncodingError
from inrr_cli.imaging.formats.tiff import check_page
from inrr_cli.imaging.formats.tiff_ifd import read_block
from inrr_cli.imaging.formats.tiff_writer import (
    MAX_CLASSIC,
    append_directories,
    details_of_metadata,
    page_options,
    page_tags,
)
from inrr_cli.imaging.metadata import IDENTITY
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.imaging.windows.image import WindowedImage

TILE = (256, 256)  # of a file that was no TIFF, as GDAL's
STRIP, BAND = 2**18, 2**25  # bytes of a strip where the file that was read says nothing, and of strips made at once
ENCODING = ("compression", "predictor", "photometric", "planarconfig", "extrasamples", "metadata", "software")


def write_tiff(path: Path, image: WindowedImage, text: str | None, unchanged: Callable[[slice, slice], bool]) -> None:
    """Write an image, whose samples are read or made as they are needed.

    Parameters
    ----------
    path : Path
        File to write; what it held is lost.
    image : WindowedImage
        What to write. Its ``layout``, if any, is that of a file that holds the same samples where nothing changed:
        segments of that file are copied as they are.
    text : str, optional
        What was done, as in `inrr_cli.imaging.formats.tiff_writer.write`.
    unchanged : callable
        Whether all samples of a window, given by its rows and columns, are those of the file of the ``layout``.

    Raises
    ------
    EncodingError
        If a reader does not find the image in the file.
    """
    metadata, shape = image.metadata, image.samples.shape
    same_format = metadata.format == "TIFF"
    page = metadata.details["pages"][0] if same_format else _plain_page(image)
    order: Any = metadata.details["byteorder"] if same_format else read_block(metadata.exif or b"")[1]
    size = math.prod(shape) * image.dtype.itemsize
    big = (same_format and metadata.details["bigtiff"]) or size > MAX_CLASSIC
    options = page_options(page, np.broadcast_to(image.dtype.type(0), shape), image.has_alpha, IDENTITY)
    if "tile" not in options:
        options.setdefault("rowsperstrip", min(shape[0], max(1, STRIP * shape[0] // size)))
    segments = _Segments(image, options, order, unchanged, one_bit=page.get("one_bit", False))
    with tifffile.TiffWriter(path, bigtiff=big, byteorder=order) as writer:
        writer.write(
            iter(segments),
            shape=(shape[2], *shape[:2]) if segments.is_planar else shape,
            dtype=segments.dtype,
            extratags=page_tags(page, text, order, big, IDENTITY),
            **options,
        )
    with path.open("r+b") as stream:
        append_directories(stream, [page["directories"]], order, big=big)
    _check(path, image, segments)


def _plain_page(image: WindowedImage) -> dict[str, Any]:
    """Return the layout and tags of an image that does not come from a TIFF."""
    page = details_of_metadata(image.metadata)
    floats = image.dtype.kind == "f"
    return page | {"layout": page["layout"] | {"tile": TILE, "predictor": 3 if floats else 2}}


class _Segments:
    """The encoded tiles or strips of an image in the order of the file."""

    def __init__(
        self,
        image: WindowedImage,
        options: dict[str, Any],
        order: str,
        unchanged: Callable[[slice, slice], bool],
        *,
        one_bit: bool,
    ) -> None:
        self.image, self.order, self.unchanged, self.one_bit = image, order, unchanged, one_bit
        self.dtype = np.dtype(bool) if one_bit else image.dtype
        self.rows, self.columns = image.samples.shape[:2]
        self.tile: tuple[int, int] | None = options.get("tile")
        self.segment = self.tile or (options["rowsperstrip"], self.columns)
        self.is_planar = options["planarconfig"] == 2
        self.encoding = {name: options[name] for name in ENCODING if name in options}
        if self.is_planar:
            self.encoding |= {"planarconfig": None, "photometric": 1}
            self.encoding.pop("extrasamples", None)

    def __iter__(self) -> Iterator[bytes]:
        for plane in range(self.image.samples.shape[2]) if self.is_planar else [None]:
            for rows, columns in self._bands():
                yield from self._encode_band(rows, columns, plane)

    def _bands(self) -> Iterator[tuple[slice, slice]]:
        """Yield windows of one tile, or of several strips that are made at once, in the order of the file."""
        high, wide = self.segment
        if self.tile is None:
            row = self.columns * math.prod(self.image.samples.shape[2:]) * self.dtype.itemsize
            high *= max(1, BAND // (row * high))
        for top in range(0, self.rows, high):
            for left in range(0, self.columns, wide):
                yield slice(top, min(self.rows, top + high)), slice(left, min(self.columns, left + wide))

    def _encode_band(self, rows: slice, columns: slice, plane: int | None) -> Iterator[bytes]:
        """Yield the segments of a band; what is unchanged is copied from the file that was read."""
        layout, high = self.image.layout, self.segment[0]
        samples: Pixels | None = None
        for top in range(rows.start, rows.stop, high):
            part = slice(top, min(rows.stop, top + high))
            if layout is not None and self.unchanged(part, columns):
                yield layout.encoded(self._number(top, columns.start, plane))
                continue
            if samples is None:
                samples = self.image.samples.read(rows, columns)
            piece = samples[part.start - rows.start : part.stop - rows.start]
            yield self._encode(piece if plane is None else piece[..., plane])

    def _number(self, top: int, left: int, plane: int | None) -> int:
        high, wide = self.segment
        down, across = math.ceil(self.rows / high), math.ceil(self.columns / wide)
        return int(((plane or 0) * down + top // high) * across + left // wide)

    def _encode(self, samples: Pixels) -> bytes:
        """Return the bytes of a segment, as tifffile packs it in a file of its own."""
        if self.one_bit:
            samples = samples >= 128
        if self.tile is not None:
            missing = [(0, side - have) for side, have in zip(self.tile, samples.shape, strict=False)]
            samples = np.pad(samples, missing + [(0, 0)] * (samples.ndim - 2))
        layout = {"rowsperstrip": samples.shape[0]} if self.tile is None else {"tile": self.tile}
        buffer = io.BytesIO()
        with tifffile.TiffWriter(buffer, byteorder=self.order) as writer:  # type: ignore[arg-type]
            writer.write(samples, maxworkers=1, **self.encoding, **layout)
        buffer.seek(0)
        with tifffile.TiffFile(buffer) as file:
            page = file.pages.first
            start, length = page.dataoffsets[0], page.databytecounts[0]
        return buffer.getvalue()[start : start + length]


def _check(path: Path, image: WindowedImage, segments: _Segments) -> None:
    """Raise EncodingError unless a reader finds an image's shape and type in a file that was written."""
    samples = image.samples
    meant = (*samples.shape[:2], (samples.shape[2:] or (1,))[0])
    try:
        with tifffile.TiffFile(path) as file:
            page = file.pages.first
            check_page(page, path.stat().st_size)
            found, dtype, count = (page.imagelength, page.imagewidth, page.samplesperpixel), page.dtype, len(file.pages)
    except Exception as error:  # readers raise many types
        raise EncodingError(f"the TIFF that was made cannot be read ({error}); nothing was written") from error
    if (found, dtype, count) != (meant, segments.dtype, 1):
        raise EncodingError(f"the TIFF that was made is {found} of {dtype}, not {meant}; nothing was written")
