"""Write TIFF and BigTIFF, by tifffile: in the layout of the file that was read, with its tags as they were."""

from __future__ import annotations

import io
import math
import struct
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
import tifffile
from numpy.typing import NDArray

from inrr_cli.imaging.formats import tiff_tags as tags
from inrr_cli.imaging.formats.tiff_ifd import EXIF, GPS, POINTERS, Entry, pack_directory, read_block
from inrr_cli.imaging.made_pages import MadePages
from inrr_cli.imaging.metadata import IDENTITY, Metadata, PixelTransform
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.value_range import Pixels

MAX_CLASSIC = 2**31  # bytes of pixels in a classic TIFF, whose offsets end at 2**32: room is left for tags and strips
# tifffile writes no pointers to directories: they are written under unused tags, whose numbers are changed afterwards
STAND_INS = {EXIF: 34664, GPS: 34854}
DOUBLE, RATIONALS = 12, {5: "I", 10: "i"}  # types of values
Tag = tuple[int, int, int, Any, bool]  # of tifffile: number, type, count, value, whether on the first page only


def write(picture: Picture, text: str | None, transform: PixelTransform = IDENTITY) -> bytes:
    """Encode all pages.

    Parameters
    ----------
    picture : Picture
    text : str, optional
        What was done to the picture: becomes its description, or if it has one, the last line of its history (TIFF/EP).
    transform : PixelTransform
        Resolution and georeference are changed according to it.
    """
    metadata = picture.metadata
    same_format = metadata.format == "TIFF" and "pages" in metadata.details
    details = metadata.details["pages"] if same_format else [details_of_metadata(metadata)] * len(picture.pages)
    order: Any = metadata.details["byteorder"] if same_format else read_block(metadata.exif or b"")[1]
    big = (same_format and metadata.details["bigtiff"]) or sum(page.nbytes for page in picture.pages) > MAX_CLASSIC

    def make(number: int) -> Pixels:
        pixels = picture.page_with_alpha(number, stored_orientation=same_format)
        return pixels >= 128 if details[number].get("one_bit") else pixels

    stored = MadePages(len(picture.pages), make)
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, bigtiff=big, byteorder=order) as writer:
        start = 0
        for size in metadata.details["blocks"] if same_format else [1] * len(stored):
            block, pages = stored[start : start + size], details[start : start + size]
            options = page_options(pages[0], block[0], picture.alpha[start] is not None, transform)
            if options["planarconfig"] == 2:
                block = [np.moveaxis(pixels, 2, 0) for pixels in block]
            first = page_tags(pages[0], None if start else text, order, big, transform)
            if size > 1:
                first = _mark_first_page(first, page_tags(pages[1], None, order, big, transform))
            if size > 1:  # page by page, so that the block is not in memory twice
                options |= {"shape": (size, *block[0].shape), "dtype": block[0].dtype}
            writer.write(iter(block) if size > 1 else block[0], extratags=first, **options)
            start += size
    append_directories(buffer, [page["directories"] for page in details], order, big=big)
    return buffer.getvalue()


def page_options(page: dict[str, Any], pixels: Pixels, alpha: bool, transform: PixelTransform) -> dict[str, Any]:
    """Return tifffile's options to lay out a page (M, N[, C]) as it was read."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    photometric = page.get("photometric", 2 if channels - alpha == 3 else 1)
    extra = channels - {2: 3, 5: 4}.get(photometric, 1)
    layout = page["layout"]
    options: dict[str, Any] = layout | {
        "planarconfig": layout.get("planarconfig", 1) if channels > 1 else None,
        "photometric": photometric,
        "subfiletype": page.get("subfiletype"),
        "metadata": None,
        "software": False,
    }
    if extra > 0:
        options["extrasamples"] = page.get("extrasamples", [0] * (extra - alpha) + [2] * alpha)
    if "resolution" in page:
        across, down, unit = page["resolution"]
        options |= {"resolution": (_scaled(across, transform.x), _scaled(down, transform.y)), "resolutionunit": unit}
    return options


def details_of_metadata(metadata: Metadata) -> dict[str, Any]:
    """Return the layout and tags of a page from the metadata of another format."""
    entries, _ = read_block(metadata.exif or b"")
    skipped = tags.STRUCTURE | {tags.ORIENTATION, *POINTERS}
    kept = [entry for entry in entries if isinstance(entry.value, bytes) and entry.tag not in skipped]
    for tag, kind, content in ((tags.ICC_PROFILE, 7, metadata.icc_profile), (tags.XMP, 1, metadata.xmp)):
        if content:
            kept.append(Entry(tag, kind, len(content), content))
    page = {
        "layout": {"compression": "zlib", "predictor": True},
        "tags": kept,
        "directories": [e for e in entries if isinstance(e.value, list) and e.tag in STAND_INS],
    }
    return page | ({"resolution": (*metadata.dpi, 2)} if metadata.dpi else {})


def page_tags(page: dict[str, Any], text: str | None, order: str, big: bool, transform: PixelTransform) -> list[Tag]:
    """Return the tags of a page, with ``text`` added and stand-ins for its directories."""
    entries: list[Entry] = list(page["tags"])
    if transform != IDENTITY:
        entries = _transform_ground([entry for entry in entries if not _states_size(entry)], order, transform)
    if text:
        values = {entry.tag: entry.value for entry in entries if isinstance(entry.value, bytes)}
        tag = tags.HISTORY if tags.DESCRIPTION in values else tags.DESCRIPTION
        old = values.get(tag, b"").rstrip(b"\0")
        content = (old + b"\n" if old else b"") + text.encode() + b"\0"
        entries = [entry for entry in entries if entry.tag != tag]
        entries.append(Entry(tag, 2, len(content), content))
    pointer = (16, 1, bytes(8)) if big else (4, 1, bytes(4))
    return [
        *((entry.tag, entry.kind, entry.count, _tifffile_value(entry, order), False) for entry in entries),
        *((STAND_INS[entry.tag], *pointer, False) for entry in page["directories"]),
    ]


def _tifffile_value(entry: Entry, order: str) -> Any:
    """Return an entry's value for tifffile: bytes, but numbers for rationals, whose count tifffile would double."""
    if entry.kind not in RATIONALS or not isinstance(entry.value, bytes):
        return entry.value
    return struct.unpack(f"{order}{2 * entry.count}{RATIONALS[entry.kind]}", entry.value)


def _states_size(entry: Entry) -> bool:
    """Return whether a tag is a description by OME or tifffile that states the size of the picture."""
    text = entry.value if entry.tag == tags.DESCRIPTION and isinstance(entry.value, bytes) else b""
    return b"<OME" in text or text.lstrip().startswith(b'{"shape"')


def _transform_ground(entries: list[Entry], order: str, transform: PixelTransform) -> list[Entry]:
    """Return the tags with GeoTIFF's coordinates changed, so that each pixel keeps its place on the ground.

    A pixel p of the source is p scale + offset - first in the output; the offset is 0 if coordinates count from the
    corner of a pixel (PixelIsArea), and not if from its centre (PixelIsPoint; GTRasterTypeGeoKey of OGC GeoTIFF 1.1).
    """
    scale, first = np.array(transform[:2]), np.array(transform[2:])
    offset = (scale - 1) / 2 if _is_point_raster(entries, order) else np.zeros(2)
    pixel_size = next((_doubles(entry, order, 3) for entry in entries if entry.tag == tags.PIXEL_SCALE), None)
    transformed = []
    for entry in entries:
        length = {tags.PIXEL_SCALE: 3, tags.TIE_POINTS: 6, tags.TRANSFORMATION: 16}.get(entry.tag, 0)
        numbers = _doubles(entry, order, length) if length else None
        if numbers is None:
            transformed.append(entry)
            continue
        if entry.tag == tags.PIXEL_SCALE:
            numbers[:, :2] /= scale
        elif entry.tag == tags.TRANSFORMATION:  # 4 x 4 matrices by rows, from (column, row, 0, 1) to the ground
            matrix = numbers.reshape(-1, 4)
            matrix[:, :2] /= scale
            matrix[:, 3] += matrix[:, :2] @ (first - offset)
        else:
            numbers[:, :2] = numbers[:, :2] * scale - first
            if pixel_size is None:
                numbers[:, :2] += offset
            else:  # the tie point stays at its pixel; y on the ground falls with the row
                numbers[:, 3:5] -= offset * pixel_size[0, :2] / scale * (1, -1)
        transformed.append(replace(entry, value=numbers.astype(f"{order}f8").tobytes()))
    return transformed


def _is_point_raster(entries: list[Entry], order: str) -> bool:
    """Return whether GeoTIFF's GTRasterTypeGeoKey is RasterPixelIsPoint."""
    for entry in entries:
        if entry.tag == tags.GEO_KEYS and isinstance(entry.value, bytes):
            keys = np.frombuffer(entry.value[: len(entry.value) // 8 * 8], f"{order}u2").reshape(-1, 4)
            return bool((keys[1:, (0, 1, 3)] == (1025, 0, 2)).all(1).any())
    return False


def _doubles(entry: Entry, order: str, length: int) -> NDArray[np.float64] | None:
    """Return the value of a tag as rows of that many doubles, None for any other value."""
    if entry.kind != DOUBLE or entry.count % length or not isinstance(entry.value, bytes) or not entry.value:
        return None
    return np.frombuffer(entry.value, f"{order}f8").astype(np.float64).reshape(-1, length)


def _mark_first_page(first: list[Tag], second: list[Tag]) -> list[Tag]:
    """Return the first page's tags, those that the second page lacks marked as the first page's only."""
    repeated = {tag[:4] for tag in second}
    return [(*tag[:4], tag[:4] not in repeated) for tag in first]


def _scaled(value: Any, scale: float) -> Any:
    """Scale a resolution, a number or a (numerator, denominator)."""
    if scale == 1:
        return value
    if isinstance(value, tuple):
        value = value[0] / value[1] if value[1] else math.nan
    return value * scale if math.isfinite(value) else 1.0


def append_directories(stream: BinaryIO, directories: list[list[Entry]], order: str, *, big: bool) -> None:
    """Append the directories of each page to a TIFF, and make the stand-ins point to them."""
    if not any(directories):
        return
    stream.seek(0)
    with tifffile.TiffFile(stream) as file:
        pages = [file.pages.get(number, aspage=True) for number in range(len(file.pages))]
        places = [
            (page.tags[STAND_INS[entry.tag]], entry)
            for page, entries in zip(pages, directories, strict=True)
            for entry in entries
            if isinstance(page, tifffile.TiffPage)
        ]
    for tag, entry in places:
        assert isinstance(entry.value, list)
        end = stream.seek(0, io.SEEK_END)
        end += stream.write(bytes(end % 2))
        stream.write(pack_directory(entry.value, end, order, big=big))
        stream.seek(tag.offset)
        stream.write(struct.pack(f"{order}H", entry.tag))
        stream.seek(tag.valueoffset)
        stream.write(struct.pack(f"{order}{'Q' if big else 'I'}", end))
