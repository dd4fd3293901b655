"""Read TIFF and BigTIFF, by tifffile: any number of channels and pages, and every tag."""

from __future__ import annotations

import io
import logging
import math
from typing import Any

import numpy as np
import tifffile
from tifffile import TiffPage

from inrr_cli.errors import InputError
from inrr_cli.imaging.formats import tiff_tags as tags
from inrr_cli.imaging.formats.tiff_ifd import EXIF, GPS, IFD_TYPE, pack_block, read_directory
from inrr_cli.imaging.metadata import Metadata
from inrr_cli.imaging.orientation import turn_upright
from inrr_cli.imaging.picture import PageSize, Picture, split_alpha
from inrr_cli.imaging.value_range import Pixels

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK, YCBCR = 0, 1, 2, 5, 6  # photometric interpretations
JPEG = 7  # compression
COLOUR_SAMPLES = {RGB: 3, YCBCR: 3, CMYK: 4}  # 1 for the others
WRITABLE_EXTRA_SAMPLES = (0, 1, 2)  # unspecified, associated alpha, unassociated alpha
DTYPES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "float16", "float32", "float64")
CAMERA_TAGS = (271, 272, 305, 306, 315, 33432)  # maker, model, software, date, artist, copyright

logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # damage is reported as an InputError instead


def sizes(data: bytes) -> list[PageSize]:
    """Return the size of each page from its tags."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        found = []
        for page in _full_pages(file)[0]:
            depth = page.imagedepth * page.samplesperpixel * max(1, page.bitspersample // 8)
            found.append(PageSize(page.imagelength, page.imagewidth, page.imagelength * page.imagewidth * depth))
        return found


def read(data: bytes) -> Picture:
    """Decode all pages."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        found, has_copies = _full_pages(file)
        orientations = {_orientation(page) for page in found}
        if len(orientations) > 1:
            raise InputError("its pages have different orientations; turn them the same way up")
        orientation = orientations.pop()
        split = [split_alpha(_decode(page, len(data)), _has_alpha(page), orientation) for page in found]
        pages, alphas = [colours for colours, _ in split], [alpha for _, alpha in split]
        first, kept = found[0], [_kept_details(page, data, file) for page in found]
        if len(found) == 1 and (more := _further_frames(file, first, orientation)):
            pages, alphas, kept = [*pages, *more], [None] * (1 + len(more)), kept + [kept[0]] * len(more)
        contiguous = (file.is_imagej or file.is_shaped) and first.is_contiguous and not first.is_tiled
        xmp = first.tags.valueof(tags.XMP)
        metadata = Metadata(
            "TIFF",
            orientation,
            first.tags.valueof(tags.ICC_PROFILE),
            _exif(kept[0], file.byteorder),
            xmp if isinstance(xmp, bytes) else None,
            _density(first),
            nodata=_nodata(first),
            lossy=any(page.compression not in tags.LOSSLESS for page in found),
            step=255.0 if first.bitspersample == 1 else None,
            white_is_zero=first.photometric == WHITE_IS_ZERO,
            left_out=("reduced copies",) if has_copies or any(tags.SUB_IFDS in page.tags for page in found) else (),
            details={
                "pages": kept,
                "bigtiff": file.is_bigtiff,
                "byteorder": file.byteorder,
                "contiguous": bool(contiguous) and len({(p.shape, p.dtype) for p in pages}) == 1,
            },
        )
    return Picture(pages, alphas, metadata)


def _full_pages(file: tifffile.TiffFile) -> tuple[list[TiffPage], bool]:
    """Return all pages of full size, and whether the file has reduced copies of them."""
    pages = [file.pages.get(number, aspage=True) for number in range(len(file.pages))]
    full = [page for page in pages if isinstance(page, TiffPage) and not page.is_reduced]
    found = full or [page for page in pages if isinstance(page, TiffPage)]
    if not found:
        raise ValueError("the file has no pages")
    return found, len(found) < len(pages)


def _decode(page: TiffPage, file_size: int) -> Pixels:
    """Return a page as (M, N[, C])."""
    name = getattr(page.photometric, "name", page.photometric)
    known = (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK)
    if (page.photometric not in known and (page.photometric, page.compression) != (YCBCR, JPEG)) or page.imagedepth > 1:
        raise InputError(f"page {page.index + 1} is {name}; convert it to grey or RGB")
    if page.samplesperpixel < COLOUR_SAMPLES.get(page.photometric, 1):
        raise ValueError(f"page {page.index + 1} is {name} of {page.samplesperpixel} samples")
    one_bit = page.bitspersample == 1 and page.samplesperpixel == 1
    supported = page.dtype is not None and page.dtype.name in DTYPES and page.bitspersample in (8, 16, 32, 64)
    if not (one_bit or supported):
        kind = f"{page.bitspersample}-bit {page.dtype}"
        raise InputError(f"its samples are {kind}; convert them to one of {', '.join(DTYPES)}")
    _check_segments(page, file_size)
    array = page.asarray()
    if one_bit:
        array = array.astype(np.uint8) * np.uint8(255)
    if page.axes == "SYX":
        array = np.moveaxis(array, 0, 2)
    elif page.axes not in ("YX", "YXS"):
        raise InputError(f"a page has the axes {page.axes}; give (rows, columns) or (rows, columns, channels)")
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    return array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array


def _check_segments(page: TiffPage, file_size: int) -> None:
    """Raise ValueError unless the file holds all strips or tiles; those with offset and length 0 are empty."""
    offsets, lengths = page.dataoffsets, page.databytecounts
    if not len(offsets) == len(lengths) == math.prod(page.chunked):
        raise ValueError(f"page {page.index + 1} has {len(offsets)} strips or tiles, not {math.prod(page.chunked)}")
    if any(offset + length > file_size for offset, length in zip(offsets, lengths, strict=True) if offset or length):
        raise ValueError(f"page {page.index + 1} ends too early")


def _has_alpha(page: TiffPage) -> bool:
    """Return whether the last sample is opacity."""
    return page.samplesperpixel in (2, 4) and bool(page.extrasamples) and int(page.extrasamples[-1]) in (1, 2)


def _orientation(page: TiffPage) -> int:
    value = page.tags.valueof(tags.ORIENTATION, default=1)
    return int(value) if isinstance(value, int) and 1 <= value <= 8 else 1


def _kept_details(page: TiffPage, data: bytes, file: tifffile.TiffFile) -> dict[str, Any]:
    """Return the layout and tags of a page, which the writer uses again."""
    layout: dict[str, Any] = {"compression": tags.LOSSLESS.get(page.compression, "zlib")}
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
        "tags": [entry for entry in entries if entry.tag not in tags.STRUCTURE and entry.kind != IFD_TYPE],
        "directories": [entry for entry in entries if entry.tag in (EXIF, GPS)],
    }
    if 254 in page.tags:
        kept["subfiletype"] = int(page.subfiletype)
    extra = page.samplesperpixel - COLOUR_SAMPLES.get(page.photometric, 1)
    meanings = [int(meaning) for meaning in page.extrasamples]
    if len(meanings) == extra > 0 and set(meanings) <= set(WRITABLE_EXTRA_SAMPLES):
        kept["extrasamples"] = meanings
    across, down, unit = _resolution(page)
    if _is_rational(across) and _is_rational(down) and unit in (1, 2, 3):
        kept["resolution"] = (across, down, int(unit))
    return kept


def _exif(page: dict[str, Any], order: str) -> bytes | None:
    """Return a page's EXIF and GPS directories and camera tags as an EXIF block for files of other formats."""
    if not page["directories"]:
        return None
    return pack_block([*page["directories"], *(entry for entry in page["tags"] if entry.tag in CAMERA_TAGS)], order)


def _further_frames(file: tifffile.TiffFile, page: TiffPage, orientation: int) -> list[Pixels]:
    """Return the pages after the first of a stack that has only one directory."""
    if not (file.is_imagej or file.is_shaped) or not page.is_contiguous or _has_alpha(page):
        return []
    if len(file.series) != 1 or file.series[0].size <= page.size:
        return []
    frames = file.series[0].asarray().reshape(-1, *page.shape)
    if page.axes == "SYX":
        frames = np.moveaxis(frames, 1, 3)
    frames = frames.astype(frames.dtype.newbyteorder("="), copy=False)
    return [turn_upright(frame, orientation) for frame in frames[1:]]


def _nodata(page: TiffPage) -> float | None:
    """Return the value of GDAL's nodata tag."""
    value = page.tags.valueof(tags.NODATA)
    try:
        return None if value is None else float(str(value).strip("\0 "))
    except ValueError:
        return None


def _resolution(page: TiffPage) -> tuple[Any, Any, Any]:
    """Return the raw resolution along columns and rows, and its unit (2 is the inch, 3 the centimetre)."""
    across, down = page.tags.valueof(tags.X_RESOLUTION), page.tags.valueof(tags.Y_RESOLUTION)
    return across, down, page.tags.valueof(tags.RESOLUTION_UNIT, default=2)


def _density(page: TiffPage) -> tuple[float, float] | None:
    """Return the pixels per inch."""
    across, down, unit = _resolution(page)
    factor = {2: 1.0, 3: 2.54}.get(unit)
    if factor is None or not _is_rational(across) or not _is_rational(down):
        return None
    x, y = across[0] / across[1] * factor, down[0] / down[1] * factor
    return (x, y) if x > 0 and y > 0 else None


def _is_rational(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and bool(value[1])
