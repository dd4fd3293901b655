"""QOI, JPEG 2000, JPEG XL and AVIF, by imagecodecs: one page; AVIF's metadata, by Pillow."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

import imagecodecs
import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.imaging.formats import load_format
from inrr_cli.imaging.metadata import Metadata
from inrr_cli.imaging.orientation import read_orientation
from inrr_cli.imaging.picture import PageSize, Picture, split_alpha
from inrr_cli.imaging.value_range import Pixels

QOI_END = bytes(7) + b"\1"
CODESTREAM = b"\xff\x4f\xff\x51"  # markers that begin JPEG 2000: SOC, SIZ
CODING_STYLE = b"\xff\x52"  # marker COD
NAMED_COLOURS = {12: "CMYK", 14: "CIELab"}  # of JPEG 2000's colour box, that are neither grey nor RGB
SYCC = 18  # luma and chroma, which become RGB
RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}  # of JPEG XL: width, height
PLAIN_BOXES = {b"jP  ", b"JXL ", b"ftyp", b"jp2h", b"jp2c", b"jxlc", b"jxlp", b"jxll", b"jbrd", b"jxli"}  # no metadata


def sizes(data: bytes) -> list[PageSize]:
    """Return the size of the page from the header."""
    rows, columns, bytes_per_pixel = _size_of(data, _kind(data))
    return [PageSize(rows, columns, rows * columns * bytes_per_pixel)]


def read(data: bytes) -> Picture:
    """Decode a file."""
    kind = _kind(data)
    metadata = FORMATS[kind].metadata(data)
    pixels = np.asarray(FORMATS[kind].decode(data))
    (size,) = sizes(data)
    if pixels.ndim not in (2, 3) or sorted(pixels.shape[:2]) != sorted(size[:2]):
        raise InputError("is an animation or a stack; give one of its frames")
    if bits := metadata.details.get("scaled_from"):
        pixels = np.round(pixels * (65535 / (2**bits - 1))).astype(np.uint16)
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    colours, alpha = split_alpha(pixels, pixels.shape[2] in (2, 4), metadata.orientation)
    return Picture([colours], [alpha], metadata)


def write(picture: Picture, kind: str) -> bytes:
    """Encode the only page without loss as QOI, JPEG2000 or JPEGXL, without metadata."""
    pixels = np.ascontiguousarray(picture.page_with_alpha(0, stored_orientation=picture.metadata.format == kind))
    details = picture.metadata.details if picture.metadata.format == kind else {}
    if kind == "QOI":
        encoded = bytearray(imagecodecs.qoi_encode(pixels))
        encoded[13] = details.get("colour_space", 0)
        return bytes(encoded)
    if kind == "JPEGXL":
        return bytes(imagecodecs.jpegxl_encode(pixels, lossless=True))
    bits = details.get("bits", 8 * pixels.itemsize)
    pixels = np.minimum(pixels, pixels.dtype.type(2**bits - 1))  # only what was filled can be higher
    wrapper = "j2k" if details.get("bare") else "jp2"
    return bytes(imagecodecs.jpeg2k_encode(pixels, level=0, reversible=True, bitspersample=bits, codecformat=wrapper))


def header(data: bytes) -> tuple[int, int, int, str]:
    """Return rows, columns, channels and type of what `write` made."""
    kind = _kind(data)
    if kind == "JPEGXL":
        pixels = imagecodecs.jpegxl_decode(data)
        return (*pixels.shape[:2], 1 if pixels.ndim == 2 else pixels.shape[2], pixels.dtype.name)
    if kind == "QOI":
        columns, rows, channels = struct.unpack_from(">IIB", data, 4)
        return rows, columns, channels, "uint8"
    rows, columns, channels, bits = _jpeg2000_header(data)
    return rows, columns, channels, "uint8" if bits <= 8 else "uint16"


def _kind(data: bytes) -> str:
    """Return the name of a file's format."""
    return next(kind for kind, form in FORMATS.items() if form.matches(data[:64]))


def _size_of(data: bytes, kind: str) -> tuple[int, int, int]:
    """Return rows, columns, and the bytes of a pixel, of which JPEG XL's are a guess."""
    if kind == "QOI":
        columns, rows, channels = struct.unpack_from(">IIB", data, 4)
        return rows, columns, channels
    if kind == "JPEG2000":
        rows, columns, components, bits = _jpeg2000_header(data)
        return rows, columns, components * ((bits + 7) // 8)
    if kind == "JPEGXL":
        return (*_jpegxl_size(data), 4)
    with load_format("pillow").open_image(data, ("AVIF",)) as image:
        return image.height, image.width, len(image.getbands()) * (1 if _avif_bits(data) == 8 else 2)


def _qoi_metadata(data: bytes) -> Metadata:
    if not data.rstrip(b"\n").endswith(QOI_END):  # the decoder would repeat the last pixel
        raise ValueError("the file ends too early")
    return Metadata("QOI", details={"colour_space": data[13]})


def _jpeg2000_metadata(data: bytes) -> Metadata:
    _, _, _, bits = _jpeg2000_header(data)
    top = dict(_boxes(data)) if not data.startswith(CODESTREAM) else {}
    profile, colours = None, 0
    for name, content in _boxes(top.get(b"jp2h", b"")):
        if name == b"colr" and content[:1] == b"\1":
            (colours,) = struct.unpack_from(">I", content, 3)
            if colours in NAMED_COLOURS:
                raise InputError(f"its pixels are {NAMED_COLOURS[colours]}; convert them to grey or RGB")
        elif name == b"colr" and content[:1] == b"\2":
            profile = content[3:]
    style = data.index(CODING_STYLE, data.index(CODESTREAM))
    return Metadata(
        "JPEG2000",
        icc_profile=profile,
        white=None if bits in (8, 16) else 2.0**bits - 1,
        lossy=data[style + 13] == 0 or colours == SYCC,  # 0 is the irreversible wavelet
        left_out=_metadata_boxes(top),
        details={"bits": bits, "bare": not top},
    )


def _jpegxl_metadata(data: bytes) -> Metadata:
    boxes = dict(_boxes(data)) if data.startswith(b"\0\0\0\x0c") else {}
    return Metadata("JPEGXL", left_out=("colour profiles", *_metadata_boxes(boxes)))


def _avif_metadata(data: bytes) -> Metadata:
    with load_format("pillow").open_image(data, ("AVIF",)) as image:
        frames, info = getattr(image, "n_frames", 1), image.info
    if frames > 1:
        raise InputError(f"is an animation of {frames} frames; give one of its frames")
    exif, bits = info.get("exif"), _avif_bits(data)
    return Metadata(
        "AVIF", read_orientation(exif), info.get("icc_profile"), exif, info.get("xmp"), lossy=True,
        details={} if bits == 8 else {"scaled_from": bits},
    )  # fmt: skip


def _avif_bits(data: bytes) -> int:
    """Return the bits of a sample, from the property ``pixi``, which comes before the pixels."""
    at = data.find(b"pixi")
    return int(data[at + 9]) if at >= 0 and data[at + 9] in (10, 12) else 8


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name and content of each box of ISO's base format."""
    offset = 0
    while offset + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, offset)
        head = 8
        if length == 1 and offset + 16 <= len(data):
            (length,), head = struct.unpack_from(">Q", data, offset + 8), 16
        end = offset + length if length else len(data)
        if end < offset + head or end > len(data):
            raise ValueError("the file ends too early")
        yield name, data[offset + head : end]
        offset = end


def _metadata_boxes(boxes: dict[bytes, bytes]) -> tuple[str, ...]:
    """Return the boxes that a file written from this one will lack."""
    names = sorted(name.decode("latin-1").strip() for name in boxes.keys() - PLAIN_BOXES)
    return (f"the boxes {', '.join(names)}",) if names else ()


def _jpeg2000_header(data: bytes) -> tuple[int, int, int, int]:
    """Return rows, columns, components and their bits from the marker SIZ."""
    at = data.index(CODESTREAM) + 4
    right, bottom, left, top = struct.unpack_from(">4I", data, at + 4)
    (components,) = struct.unpack_from(">H", data, at + 36)
    depths = {data[at + 38 + 3 * number] for number in range(components)}
    if len(depths) != 1 or max(depths) & 127 > 15:
        raise InputError("its components have several depths or more than 16 bits; convert them to one of 8 or 16")
    return bottom - top, right - left, components, (depths.pop() & 127) + 1


def _jpegxl_size(data: bytes) -> tuple[int, int]:
    """Return rows and columns from SizeHeader, whose bits come lowest first (ISO/IEC 18181-1, D.2)."""
    stream = data
    if not data.startswith(b"\xff\x0a"):
        at = data.index(b"\xff\x0a", data.index(b"jxl", 32))  # in the first box jxlc or jxlp
        stream = data[at:]
    value = int.from_bytes(stream[2:16], "little")
    used = 0

    def take(count: int) -> int:
        nonlocal used
        used += count
        return (value >> (used - count)) & ((1 << count) - 1)

    small = take(1)

    def side() -> int:
        return 8 * (1 + take(5)) if small else 1 + take((9, 13, 18, 30)[take(2)])

    rows, ratio = side(), take(3)
    wide, high = RATIOS.get(ratio, (0, 1))
    return rows, rows * wide // high if wide else side()


class _Format(NamedTuple):
    matches: Callable[[bytes], bool]
    decode: Callable[[bytes], Pixels]
    metadata: Callable[[bytes], Metadata]


FORMATS = {
    "QOI": _Format(lambda head: head.startswith(b"qoif"), imagecodecs.qoi_decode, _qoi_metadata),
    "JPEG2000": _Format(
        lambda head: head.startswith((b"\0\0\0\x0cjP  ", CODESTREAM)), imagecodecs.jpeg2k_decode, _jpeg2000_metadata
    ),
    "JPEGXL": _Format(
        lambda head: head.startswith((b"\xff\x0a", b"\0\0\0\x0cJXL ")), imagecodecs.jpegxl_decode, _jpegxl_metadata
    ),
    "AVIF": _Format(lambda head: head[4:8] == b"ftyp", imagecodecs.avif_decode, _avif_metadata),
}
