"""Read TIFF and BigTIFF, by tifffile: any type of sample, any number of channels and pages, and every tag."""

from __future__ import annotations

import io
import logging
import math
from typing import Any

import numpy as np
import tifffile
from tifffile import TiffPage

from inrr_cli.errors import InputError
from inrr_cli.imaging.formats.tiff_ifd import EXIF, GPS, IFD, pack_block, read_directory
from inrr_cli.imaging.formats.tiff_tags import (
    LOSSLESS,
    NODATA,
    ORIENTATION,
    PROFILE,
    STRUCTURE,
    SUB_IFDS,
    XMP,
)
from inrr_cli.imaging.picture import Metadata, Picture, Pixels, Size, split_alpha, upright

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK, YCBCR = 0, 1, 2, 5, 6
JPEG = 7
COLOURS = {RGB: 3, YCBCR: 3, CMYK: 4}  # samples; 1 of the others
EXTRA_SAMPLES = (0, 1, 2)  # of which the writer knows a meaning
DTYPES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "float16", "float32", "float64")
# what a camera says of a picture beside its EXIF directory: maker, model, software, date, artist, copyright
OF_CAMERAS = (271, 272, 305, 306, 315, 33432)

logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # damage is told as an error of ours


def sizes(data: bytes) -> list[Size]:
    """Return what the tags of each page announce."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        found = []
        for page in _pages(file)[0]:
            depth = page.imagedepth * page.samplesperpixel * max(1, page.bitspersample // 8)
            found.append(Size(page.imagelength, page.imagewidth, page.imagelength * page.imagewidth * depth))
        return found


def read(data: bytes) -> Picture:
    """Decode all pages."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        found, reduced = _pages(file)
        turns = {_orientation(page) for page in found}
        if len(turns) > 1:
            raise InputError("its pages are turned in different ways; turn them the same way up")
        turn = turns.pop()
        split = [split_alpha(_decode(page, len(data)), _has_alpha(page)) for page in found]
        pages = [upright(seen, turn) for seen, _ in split]
        alphas = [None if alpha is None else upright(alpha, turn) for _, alpha in split]
        first, kept = found[0], [_keep(page, data, file) for page in found]
        if len(found) == 1 and (more := _further_frames(file, first, turn)):
            pages, alphas, kept = [*pages, *more], [None] * (1 + len(more)), kept + [kept[0]] * len(more)
        contiguous = (file.is_imagej or file.is_shaped) and first.is_contiguous and not first.is_tiled
        metadata = Metadata(
            "TIFF",
            turn,
            first.tags.valueof(PROFILE),
            _exif(kept[0], file.byteorder),
            first.tags.valueof(XMP) if isinstance(first.tags.valueof(XMP), bytes) else None,
            _density(first),
            nodata=_nodata(first),
            lossy=any(page.compression not in LOSSLESS for page in found),
            step=255.0 if first.bitspersample == 1 else None,
            white_is_zero=first.photometric == WHITE_IS_ZERO,
            left_out=("reduced copies",) if reduced or any(SUB_IFDS in page.tags for page in found) else (),
            details={
                "pages": kept,
                "bigtiff": file.is_bigtiff,
                "byteorder": file.byteorder,
                "contiguous": bool(contiguous) and len({(p.shape, p.dtype) for p in pages}) == 1,
            },
        )
    return Picture(pages, alphas, metadata)


def _pages(file: tifffile.TiffFile) -> tuple[list[TiffPage], bool]:
    """All pages, each with its own tags, and whether there are smaller copies of them besides."""
    pages = [file.pages.get(number, aspage=True) for number in range(len(file.pages))]
    whole = [page for page in pages if isinstance(page, TiffPage) and not page.is_reduced]
    found = whole or [page for page in pages if isinstance(page, TiffPage)]
    if not found:
        raise ValueError("it has no pages")
    return found, len(found) < len(pages)


def _decode(page: TiffPage, size: int) -> Pixels:
    """Return a page of a file of ``size`` bytes as (M, N[, C])."""
    name = getattr(page.photometric, "name", page.photometric)
    known = (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK)
    if (page.photometric not in known and (page.photometric, page.compression) != (YCBCR, JPEG)) or page.imagedepth > 1:
        raise InputError(f"page {page.index + 1} is {name}; convert it to grey or RGB")
    if page.samplesperpixel < COLOURS.get(page.photometric, 1):
        raise ValueError(f"page {page.index + 1} is {name} of {page.samplesperpixel} samples")
    one_bit = page.bitspersample == 1 and page.samplesperpixel == 1
    whole = page.dtype is not None and page.dtype.name in DTYPES and page.bitspersample in (8, 16, 32, 64)
    if not (one_bit or whole):
        kind = f"{page.bitspersample}-bit {page.dtype}"
        raise InputError(f"its samples are {kind}; convert them to one of {', '.join(DTYPES)}")
    _check_segments(page, size)
    array = page.asarray()
    if one_bit:
        array = array.astype(np.uint8) * np.uint8(255)
    if page.axes == "SYX":
        array = np.moveaxis(array, 0, 2)
    elif page.axes not in ("YX", "YXS"):
        raise InputError(f"a page has the axes {page.axes}; give (rows, columns) or (rows, columns, channels)")
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    return array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array


def _check_segments(page: TiffPage, size: int) -> None:
    """Raise ValueError unless all strips or tiles are there; those of no length at no place are empty on purpose."""
    places, lengths = page.dataoffsets, page.databytecounts
    if not len(places) == len(lengths) == math.prod(page.chunked):
        raise ValueError(f"page {page.index + 1} has {len(places)} strips or tiles, not {math.prod(page.chunked)}")
    if any(place + length > size for place, length in zip(places, lengths, strict=True) if place or length):
        raise ValueError(f"page {page.index + 1} ends too early")


def _has_alpha(page: TiffPage) -> bool:
    """Whether the last sample is opacity."""
    return page.samplesperpixel in (2, 4) and bool(page.extrasamples) and int(page.extrasamples[-1]) in (1, 2)


def _orientation(page: TiffPage) -> int:
    value = page.tags.valueof(ORIENTATION, default=1)
    return int(value) if isinstance(value, int) and 1 <= value <= 8 else 1


def _keep(page: TiffPage, data: bytes, file: tifffile.TiffFile) -> dict[str, Any]:
    """Return what is to be written again of a page."""
    layout: dict[str, Any] = {"compression": LOSSLESS.get(page.compression, "zlib")}
    if layout["compression"] is not None and page.predictor != 1:
        layout["predictor"] = int(page.predictor)
    if page.planarconfig == 2 and page.samplesperpixel > 1:
        layout["planarconfig"] = 2
    if page.is_tiled and page.tilewidth % 16 == 0 and page.tilelength % 16 == 0:
        layout["tile"] = (page.tilelength, page.tilewidth)
    elif not page.is_tiled and 0 < page.rowsperstrip < page.imagelength:
        layout["rowsperstrip"] = page.rowsperstrip
    entries = read_directory(data, page.offset, file.byteorder, big=file.is_bigtiff)
    kept: dict[str, Any] = {
        "layout": layout,
        "photometric": RGB if page.photometric == YCBCR else int(page.photometric),
        "tags": [entry for entry in entries if entry.tag not in STRUCTURE and entry.kind != IFD],
        "directories": [entry for entry in entries if entry.tag in (EXIF, GPS)],
    }
    if 254 in page.tags:
        kept["subfiletype"] = int(page.subfiletype)
    extra = page.samplesperpixel - COLOURS.get(page.photometric, 1)
    if len(page.extrasamples) == extra > 0 and all(int(sample) in EXTRA_SAMPLES for sample in page.extrasamples):
        kept["extrasamples"] = [int(sample) for sample in page.extrasamples]
    across, down = page.tags.valueof(282), page.tags.valueof(283)
    unit = page.tags.valueof(296, default=2)
    if _is_rational(across) and _is_rational(down) and unit in (1, 2, 3):
        kept["resolution"] = (across, down, int(unit))
    return kept


def _exif(page: dict[str, Any], order: str) -> bytes | None:
    """Make a block of EXIF, for a file of another format, of a page's directories and what stands beside them."""
    if not page["directories"]:
        return None
    return pack_block([*page["directories"], *(entry for entry in page["tags"] if entry.tag in OF_CAMERAS)], order)


def _further_frames(file: tifffile.TiffFile, page: TiffPage, turn: int) -> list[Pixels]:
    """Pages after the first of a file that has a directory for the first one only."""
    if not (file.is_imagej or file.is_shaped) or not page.is_contiguous or _has_alpha(page):
        return []
    if len(file.series) != 1 or file.series[0].size <= page.size:
        return []
    frames = file.series[0].asarray().reshape(-1, *page.shape)
    if page.axes == "SYX":
        frames = np.moveaxis(frames, 1, 3)
    frames = frames.astype(frames.dtype.newbyteorder("="), copy=False)
    return [upright(frame, turn) for frame in frames[1:]]


def _nodata(page: TiffPage) -> float | None:
    """Return the value of GDAL's nodata tag."""
    value = page.tags.valueof(NODATA)
    try:
        return None if value is None else float(str(value).strip("\0 "))
    except ValueError:
        return None


def _density(page: TiffPage) -> tuple[float, float] | None:
    """Dots to an inch."""
    across, down = page.tags.valueof(282), page.tags.valueof(283)
    factor = {2: 1.0, 3: 2.54}.get(page.tags.valueof(296, default=2))
    if factor is None or not _is_rational(across) or not _is_rational(down):
        return None
    x, y = across[0] / across[1] * factor, down[0] / down[1] * factor
    return (x, y) if x > 0 and y > 0 else None


def _is_rational(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and bool(value[1])
