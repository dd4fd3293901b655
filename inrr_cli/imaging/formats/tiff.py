"""Read TIFF and BigTIFF, by tifffile: any number of channels and pages, and every tag."""

from __future__ import annotations

import io
import logging
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import tifffile
from tifffile import TiffPage

from inrr_cli.errors import InputError
from inrr_cli.imaging.formats import load_format
from inrr_cli.imaging.formats import tiff_tags as tags
from inrr_cli.imaging.formats.tiff_axes import read_axes
from inrr_cli.imaging.formats.tiff_ifd import EXIF, GPS, IFD_TYPE, pack_block, read_directory
from inrr_cli.imaging.formats.tiff_series import Series, read_frames, read_series, state_frame
from inrr_cli.imaging.metadata import Metadata
from inrr_cli.imaging.orientation import turn_back
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
        for page, count in _full_pages(read_series(file, data))[0]:
            depth = page.imagedepth * page.samplesperpixel * max(1, page.bitspersample // 8)
            size = PageSize(page.imagelength, page.imagewidth, page.imagelength * page.imagewidth * depth)
            found += [size] * count
        return found


def read(data: bytes) -> Picture:
    """Decode all pages."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        found, metadata = read_metadata(file, data)
        split = [
            split_alpha(pixels, has_alpha(page), metadata.orientation)
            for page, count in found
            for pixels in _decode(page, count, data)
        ]
    return Picture([colours for colours, _ in split], [alpha for _, alpha in split], metadata)


def read_metadata(file: tifffile.TiffFile, data: bytes) -> tuple[list[tuple[TiffPage, int]], Metadata]:
    """Return the directories of full size with the number of their pages, and the metadata of the whole file.

    Raises
    ------
    InputError
        If the pages have different orientations.
    """
    series = read_series(file, data)
    found, has_copies = _full_pages(series)
    orientations = {_orientation(page) for page, _ in found}
    if len(orientations) > 1:
        raise InputError("its pages have different orientations; turn them the same way up")
    first = found[0][0]
    kept = [details for page, count in found for details in _kept_details(page, count, data, file)]
    xmp = first.tags.valueof(tags.XMP)
    return found, Metadata(
        "TIFF",
        orientations.pop(),
        first.tags.valueof(tags.ICC_PROFILE),
        _exif(kept[0], file.byteorder),
        xmp if isinstance(xmp, bytes) else None,
        _density(first),
        nodata=_nodata(first),
        lossy=any(page.compression not in tags.LOSSLESS or page.photometric == YCBCR for page, _ in found),
        step=255.0 if all(details["one_bit"] for details in kept) else None,
        white_is_zero=first.photometric == WHITE_IS_ZERO,
        left_out=("reduced copies",) if has_copies or any(tags.SUB_IFDS in page.tags for page, _ in found) else (),
        stored_axes=read_axes(file, [page for page, _ in found], len(kept)),
        details={
            "pages": kept,
            "bigtiff": file.is_bigtiff,
            "byteorder": file.byteorder,
            "blocks": [1] * len(kept) if has_copies else _blocks(series),
        },
    )


def _full_pages(series: list[Series]) -> tuple[list[tuple[TiffPage, int]], bool]:
    """Return the directories of full size with the number of their pages, and whether there are reduced copies too."""
    found = [(page, part.pages_each) for part in series for page in part.directories]
    full = [(page, count) for page, count in found if not page.is_reduced]
    return full or found, 0 < len(full) < len(found)


def _blocks(series: list[Series]) -> list[int]:
    """Return the numbers of pages that are to be stored one behind the other."""
    return [size for part in series for size in ([part.pages] if part.contiguous else [1] * part.pages)]


def check_page(page: TiffPage, file_size: int) -> bool:
    """Check that the samples of a directory can be read, and lie in a file of this size; return whether they are bits.

    Raises
    ------
    InputError
        If they are of a kind that is not supported.
    ValueError
        If the directory is damaged.
    """
    name = getattr(page.photometric, "name", page.photometric)
    known = (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK, YCBCR)
    if page.photometric not in known or page.imagedepth > 1:
        raise InputError(f"page {page.index + 1} is {name}; convert it to grey or RGB")
    if page.samplesperpixel < COLOUR_SAMPLES.get(page.photometric, 1):
        raise ValueError(f"page {page.index + 1} is {name} of {page.samplesperpixel} samples")
    one_bit = page.bitspersample == 1 and page.samplesperpixel == 1
    depths = (8, 12) if page.compression == JPEG else (8, 16, 32, 64)
    supported = page.dtype is not None and page.dtype.name in DTYPES and page.bitspersample in depths
    if not (one_bit or supported):
        kind = f"{page.bitspersample}-bit {page.dtype}"
        raise InputError(f"its samples are {kind}; convert them to one of {', '.join(DTYPES)}")
    if page.axes not in ("YX", "YXS", "SYX"):
        raise InputError(f"a page has the axes {page.axes}; give (rows, columns) or (rows, columns, channels)")
    _check_segments(page, file_size)
    return one_bit


def _decode(page: TiffPage, count: int, data: bytes) -> Iterator[Pixels]:
    """Yield the pages of a directory as (M, N[, C])."""
    one_bit = check_page(page, len(data))
    if page.photometric == YCBCR and page.compression != JPEG:
        yield _decode_ycbcr(page, data)
        return
    for array in [page.asarray()] if count == 1 else read_frames(page, count, data):
        if one_bit:
            array = array.astype(np.uint8) * np.uint8(255)
        if page.axes == "SYX":
            array = np.moveaxis(array, 0, 2)
        array = array.astype(array.dtype.newbyteorder("="), copy=False)
        yield array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array


def _decode_ycbcr(page: TiffPage, data: bytes) -> Pixels:
    """Return a page of luma and chroma as the RGB (M, N, 3) that Pillow makes of it."""
    if page.compression == 1 and page.subsampling != (1, 1):  # libtiff reads it, but Pillow does not ask libtiff
        raise InputError(f"page {page.index + 1} is YCbCr with fewer samples of chroma; convert it to RGB")
    with load_format("pillow").open_image(data, ("TIFF",)) as image:
        image.seek(page.index)
        return turn_back(np.asarray(image.convert("RGB")), _orientation(page))  # Pillow turns a TIFF upright


def _check_segments(page: TiffPage, file_size: int) -> None:
    """Raise ValueError unless the file holds all strips or tiles; those with offset and length 0 are empty."""
    offsets, lengths = page.dataoffsets, page.databytecounts
    if not len(offsets) == len(lengths) == math.prod(page.chunked):
        raise ValueError(f"page {page.index + 1} has {len(offsets)} strips or tiles, not {math.prod(page.chunked)}")
    if any(offset + length > file_size for offset, length in zip(offsets, lengths, strict=True) if offset or length):
        raise ValueError(f"page {page.index + 1} ends too early")


def has_alpha(page: TiffPage) -> bool:
    """Return whether the last sample is opacity."""
    return page.samplesperpixel in (2, 4) and bool(page.extrasamples) and int(page.extrasamples[-1]) in (1, 2)


def _orientation(page: TiffPage) -> int:
    value = page.tags.valueof(tags.ORIENTATION, default=1)
    return int(value) if isinstance(value, int) and 1 <= value <= 8 else 1


def _kept_details(page: TiffPage, count: int, data: bytes, file: tifffile.TiffFile) -> list[dict[str, Any]]:
    """Return the layout and tags of each page of a directory, which the writer uses again."""
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
        "one_bit": page.bitspersample == 1,
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
    return [kept] if count == 1 else [kept | {"tags": state_frame(kept["tags"], number)} for number in range(count)]


def _exif(page: dict[str, Any], order: str) -> bytes | None:
    """Return a page's EXIF and GPS directories and camera tags as an EXIF block for files of other formats."""
    if not page["directories"]:
        return None
    return pack_block([*page["directories"], *(entry for entry in page["tags"] if entry.tag in CAMERA_TAGS)], order)


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
