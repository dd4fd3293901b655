"""Write TIFF and BigTIFF, by tifffile: laid out as the file that was read, with its tags as they were."""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import tifffile

from inrr_cli.imaging.formats.tiff_ifd import EXIF, GPS, POINTERS, Entry, pack_directory, read_block
from inrr_cli.imaging.formats.tiff_tags import (
    DESCRIPTION,
    HISTORY,
    ORIENTATION,
    PIXEL_SCALE,
    PROFILE,
    STRUCTURE,
    TIE_POINTS,
    TRANSFORMATION,
    XMP,
)
from inrr_cli.imaging.picture import (
    IDENTITY,
    Metadata,
    Picture,
    Pixels,
    PixelTransform,
)

CLASSIC_MOST = 2**31  # bytes of pixels that a classic TIFF surely has room for; a larger one is a BigTIFF
# tifffile writes no pointers to directories: they go out under a number nearby and get their own afterwards
STAND_INS = {EXIF: 34664, GPS: 34854}
DOUBLE, RATIONALS = 12, {5: "I", 10: "i"}
Tag = tuple[int, int, int, Any, bool]


def write(picture: Picture, text: str | None, transform: PixelTransform = IDENTITY) -> bytes:
    """Encode all pages.

    Parameters
    ----------
    picture : Picture
    text : str, optional
        What was done: the description of a picture that has none, else the last line of its history (TIFF/EP).
    transform : PixelTransform
        How it lies over what was read: its resolution grows, and its place on the ground stays right.
    """
    metadata = picture.metadata
    same = metadata.format == "TIFF" and "pages" in metadata.details
    held = metadata.details["pages"] if same else [_foreign(metadata)] * len(picture.pages)
    order: Any = metadata.details["byteorder"] if same else read_block(metadata.exif or b"")[1]
    total = sum(page.nbytes for page in picture.pages)
    big = (same and metadata.details["bigtiff"]) or total > CLASSIC_MOST
    stored = [picture.stored(number, turned=same) for number in range(len(picture.pages))]
    if metadata.step == 255 and same:
        stored = [page >= 128 for page in stored]
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, bigtiff=big, byteorder=order) as writer:
        if same and metadata.details["contiguous"] and len(stored) > 1:
            tags = _once(_tags(held[0], text, order, big, transform), _tags(held[1], None, order, big, transform))
            writer.write(np.stack(stored), extratags=tags, **_options(held[0], stored[0], False, transform))
        else:
            for number, (pixels, page) in enumerate(zip(stored, held, strict=True)):
                alpha = picture.alpha[number] is not None
                options = _options(page, pixels, alpha, transform)
                if options["planarconfig"] == 2:
                    pixels = np.moveaxis(pixels, 2, 0)
                writer.write(pixels, extratags=_tags(page, None if number else text, order, big, transform), **options)
    if not any(page["directories"] for page in held):
        return buffer.getvalue()
    return _with_directories(buffer.getvalue(), [page["directories"] for page in held], order, big=big)


def _options(page: dict[str, Any], pixels: Pixels, alpha: bool, transform: PixelTransform) -> dict[str, Any]:
    """How tifffile is to lay out a page (M, N[, C]) as the one that was read."""
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
        options |= {"resolution": (_times(across, transform.x), _times(down, transform.y)), "resolutionunit": unit}
    return options


def _foreign(metadata: Metadata) -> dict[str, Any]:
    """Return a page's description made of what another format said of the picture."""
    entries, _ = read_block(metadata.exif or b"")
    skipped = STRUCTURE | {ORIENTATION, *POINTERS}
    tags = [entry for entry in entries if isinstance(entry.value, bytes) and entry.tag not in skipped]
    for code, kind, content in ((PROFILE, 7, metadata.icc_profile), (XMP, 1, metadata.xmp)):
        if content:
            tags.append(Entry(code, kind, len(content), content))
    page = {
        "layout": {"compression": "zlib", "predictor": True},
        "tags": tags,
        "directories": [e for e in entries if isinstance(e.value, list) and e.tag in STAND_INS],
    }
    return page | ({"resolution": (*metadata.dpi, 2)} if metadata.dpi else {})


def _tags(page: dict[str, Any], text: str | None, order: str, big: bool, transform: PixelTransform) -> list[Tag]:
    """Tags of a page for tifffile, with a text of ours, and stand-ins for its directories."""
    entries: list[Entry] = list(page["tags"])
    if transform != IDENTITY:
        entries = [_moved(entry, order, transform) for entry in entries if not _tells_size(entry)]
    if text:
        there = {entry.tag: entry.value for entry in entries if isinstance(entry.value, bytes)}
        code = HISTORY if DESCRIPTION in there else DESCRIPTION
        said = there.get(code, b"").rstrip(b"\0")
        content = (said + b"\n" if said else b"") + text.encode() + b"\0"
        entries = [entry for entry in entries if entry.tag != code]
        entries.append(Entry(code, 2, len(content), content))
    pointer = (16, 1, bytes(8)) if big else (4, 1, bytes(4))
    return [
        *((entry.tag, entry.kind, entry.count, _plain(entry, order), False) for entry in entries),
        *((STAND_INS[entry.tag], *pointer, False) for entry in page["directories"]),
    ]


def _plain(entry: Entry, order: str) -> Any:
    """Value as tifffile takes it: bytes, but for rational numbers, of which it counts those twice."""
    if entry.kind not in RATIONALS or not isinstance(entry.value, bytes):
        return entry.value
    return struct.unpack(f"{order}{2 * entry.count}{RATIONALS[entry.kind]}", entry.value)


def _tells_size(entry: Entry) -> bool:
    """Whether a tag is a description of OME or tifffile, which would contradict another size."""
    text = entry.value if entry.tag == DESCRIPTION and isinstance(entry.value, bytes) else b""
    return b"<OME" in text or text.lstrip().startswith(b'{"shape"')


def _moved(entry: Entry, order: str, transform: PixelTransform) -> Entry:
    """Return a tag as it is for a picture that is ``transform`` so: GeoTIFF's tell where pixels lie on the ground."""
    length = {PIXEL_SCALE: 3, TIE_POINTS: 6, TRANSFORMATION: 16}.get(entry.tag, 0)
    if not length or entry.kind != DOUBLE or entry.count % length or not isinstance(entry.value, bytes):
        return entry
    numbers = np.frombuffer(entry.value, f"{order}f8").reshape(-1, length).copy()
    pixels, first = np.array(transform[:2]), np.array(transform[2:])
    if entry.tag == PIXEL_SCALE:
        numbers[:, :2] /= pixels
    elif entry.tag == TIE_POINTS:
        numbers[:, :2] = numbers[:, :2] * pixels - first
    else:  # a matrix by rows: its columns for x and y, and where the first pixel is
        matrix = numbers.reshape(-1, 4)
        matrix[:, :2] /= pixels
        matrix[:, 3] += matrix[:, :2] @ first
    return replace(entry, value=numbers.tobytes())


def _once(first: list[Tag], second: list[Tag]) -> list[Tag]:
    """Tags of the first page, those that the second has not marked as the first page's only."""
    again = {tag[:4] for tag in second}
    return [(*tag[:4], tag[:4] not in again) for tag in first]


def _times(value: Any, scale: float) -> Any:
    """Multiply a resolution, a number or a (numerator, denominator)."""
    if scale == 1:
        return value
    if isinstance(value, tuple):
        value = value[0] / value[1] if value[1] else math.nan
    return value * scale if math.isfinite(value) else 1.0


def _with_directories(data: bytes, directories: Iterable[list[Entry]], order: str, *, big: bool) -> bytes:
    """Append the directories of each page, and make the stand-ins point to them."""
    made = bytearray(data)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        pages = [file.pages.get(number, aspage=True) for number in range(len(file.pages))]
        for page, entries in zip(pages, directories, strict=True):
            for entry in entries:
                assert isinstance(page, tifffile.TiffPage)
                assert isinstance(entry.value, list)
                tag = page.tags[STAND_INS[entry.tag]]
                made += bytes(len(made) % 2)
                struct.pack_into(f"{order}H", made, tag.offset, entry.tag)
                struct.pack_into(f"{order}{'Q' if big else 'I'}", made, tag.valueoffset, len(made))
                made += pack_directory(entry.value, len(made), order, big=big)
    return bytes(made)
