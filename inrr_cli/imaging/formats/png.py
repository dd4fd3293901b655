"""PNG: every depth, grey, colour, palette and alpha; chunks of metadata are kept as they are."""

from __future__ import annotations

import logging
import struct
import zlib
from collections.abc import Iterator

import imagecodecs
import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.imaging.formats.tiff_ifd import EXIF_PREFIX
from inrr_cli.imaging.metadata import IDENTITY, Metadata, PixelTransform
from inrr_cli.imaging.orientation import read_orientation, reset_orientation
from inrr_cli.imaging.picture import PageSize, Picture, split_alpha
from inrr_cli.imaging.value_range import Pixels

SIGNATURE = b"\x89PNG\r\n\x1a\n"
STRUCTURE = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"hIST"}  # written anew; hIST is a histogram of the palette
TYPE_DEPENDENT = {b"bKGD", b"sBIT"}  # their length depends on the colour type
# whose fourth letter says that they depend on the pixels, but which hold for other pixels too; others, such as macOS's
# iDOT with places in the compressed data, do not (PNG specification, section 14)
STILL_TRUE = set(b"iCCP gAMA cHRM sRGB sBIT bKGD tIME cICP mDCV cLLI pCAL sCAL".split())
GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6  # colour types of the header
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 4, GREY_ALPHA: 2, RGB_ALPHA: 4}  # of decoded pixels at most
METRES_PER_INCH = 0.0254
MAX_TEXT = 2**24  # bytes of a profile or of XMP, against decompression bombs
XMP_KEYWORD = b"XML:com.adobe.xmp\0"

logging.getLogger("imagecodecs").setLevel(logging.CRITICAL)  # libpng's messages are not for users


def _may_be_copied(name: bytes) -> bool:
    return name in STRUCTURE or name in STILL_TRUE or name[3:].islower()


def sizes(data: bytes) -> list[PageSize]:
    """Return the size of the page from the header."""
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise ValueError("no header")
    width, height, bits, colour_type = struct.unpack(">IIBB", data[16:26])
    return [PageSize(height, width, height * width * CHANNELS.get(colour_type, 4) * (2 if bits == 16 else 1))]


def read(data: bytes, *, indices: bool = False) -> Picture:
    """Decode a PNG; with ``indices`` one with a palette to its indices (M, N), to be written with the palette again."""
    chunks = list(read_chunks(data))
    _, header = chunks[0]
    bits, colour_type = header[8], header[9]
    first = dict(reversed(chunks))  # the first chunk of each name
    if b"acTL" in first:
        raise InputError("is an animation; give one of its frames")
    size = sizes(data)[0]
    indexed = indices and colour_type == PALETTE
    pixels = _read_indices(chunks) if indexed else np.asarray(imagecodecs.png_decode(data))
    pixels = pixels.reshape(size.rows, size.columns, -1)
    has_alpha = (colour_type in (GREY_ALPHA, RGB_ALPHA) or b"tRNS" in first) and not indexed
    if has_alpha and pixels.shape[2] not in (2, 4):  # the decoder does not apply a transparent colour
        pixels = np.concatenate([pixels, _opacity(pixels, first[b"tRNS"], bits)[..., None]], 2)
    exif = first.get(b"eXIf")
    keeps_type = colour_type != PALETTE and b"tRNS" not in first
    low_depth = bits < 8 and colour_type == GREY and keeps_type
    dropped = STRUCTURE - {b"PLTE", b"tRNS"} if indexed else STRUCTURE if keeps_type else STRUCTURE | TYPE_DEPENDENT
    kept = [(name, content) for name, content in chunks if name not in dropped and _may_be_copied(name)]
    details = {"chunks": kept, "bits": bits if low_depth or indexed else 8}
    if colour_type == PALETTE and not indexed:
        details["colours"] = np.frombuffer(first[b"PLTE"], np.uint8).reshape(-1, 3)
    metadata = Metadata(
        "PNG",
        read_orientation(exif),
        _icc_profile(first.get(b"iCCP")),
        exif,
        _xmp(chunks),
        _density(first.get(b"pHYs")),
        step=255 / (2**bits - 1) if low_depth else None,
        details=details | ({"palette": True} if indexed else {}),
    )
    colours, alpha = split_alpha(pixels, has_alpha, metadata.orientation)
    return Picture([colours], [alpha], metadata)


def write(picture: Picture, texts: dict[str, str], transform: PixelTransform = IDENTITY) -> bytes:
    """Encode the only page.

    Parameters
    ----------
    picture : Picture
    texts : dict
        Texts to add, by keyword, in Latin-1.
    transform : PixelTransform
        The resolution is scaled by it.
    """
    metadata = picture.metadata
    same_format = metadata.format == "PNG"
    pixels = picture.page_with_alpha(0, stored_orientation=same_format)
    bits = metadata.details.get("bits", 8) if same_format else 8
    if same_format and "palette" in metadata.details:
        encoded = _encode_levels(pixels, bits, PALETTE)
    elif bits < 8 and pixels.ndim == 2:  # of grey from 0 to 255
        encoded = _encode_levels(np.round(pixels * ((2**bits - 1) / 255)).astype(np.uint8), bits, GREY)
    else:
        encoded = bytes(imagecodecs.png_encode(pixels, level=6))
    chunks = metadata.details.get("chunks", []) if same_format else _chunks_of_metadata(metadata)
    if transform != IDENTITY:
        chunks = [(name, _scale_density(d, transform) if name == b"pHYs" else d) for name, d in chunks]
    chunks = [*chunks, *((b"tEXt", f"{key}\0{text}".encode("latin-1", "replace")) for key, text in texts.items())]
    header_end = len(SIGNATURE) + 25
    return b"".join([encoded[:header_end], *(_pack_chunk(*chunk) for chunk in chunks), encoded[header_end:]])


def _chunks_of_metadata(metadata: Metadata) -> list[tuple[bytes, bytes]]:
    """Return the metadata of another format as chunks."""
    chunks = []
    if metadata.icc_profile:
        chunks.append((b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc_profile)))
    if metadata.dpi:
        per_metre = (min(round(dots / METRES_PER_INCH), 2**31 - 1) for dots in metadata.dpi)
        chunks.append((b"pHYs", struct.pack(">IIB", *per_metre, 1)))
    if metadata.exif:
        chunks.append((b"eXIf", reset_orientation(metadata.exif).removeprefix(EXIF_PREFIX)))
    if metadata.xmp:
        chunks.append((b"iTXt", XMP_KEYWORD + b"\0\0\0\0" + metadata.xmp))
    return chunks


def read_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name and content of each chunk."""
    offset = len(SIGNATURE)
    while offset + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, offset)
        name, content = data[offset + 4 : offset + 8], data[offset + 8 : offset + 8 + length]
        offset += 12 + length
        if offset > len(data) or zlib.crc32(name + content) != struct.unpack_from(">I", data, offset - 4)[0]:
            raise ValueError(f"chunk {name.decode('latin-1')!r} is damaged")
        yield name, content
        if name == b"IEND":
            return
    raise ValueError("the file ends too early")


def _pack_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _read_indices(chunks: list[tuple[bytes, bytes]]) -> Pixels:
    """Return the indices (M, N) of a PNG with a palette: the samples of the same PNG as grey, unscaled."""
    header = bytearray(chunks[0][1])
    bits, header[9] = header[8], GREY
    parts = [(b"IHDR", bytes(header)), *(chunk for chunk in chunks if chunk[0] in (b"IDAT", b"IEND"))]
    grey = np.asarray(imagecodecs.png_decode(SIGNATURE + b"".join(_pack_chunk(*part) for part in parts)))
    return np.asarray(np.round(grey * ((2**bits - 1) / 255)), np.uint8)


def _encode_levels(levels: Pixels, bits: int, colour_type: int) -> bytes:
    """Encode levels (M, N) of grey or a palette with 1, 2, 4 or 8 bits per pixel; imagecodecs cannot."""
    planes = np.unpackbits(levels[..., None], axis=2)[..., 8 - bits :].reshape(len(levels), -1)
    rows = np.packbits(planes, axis=1)
    filtered = np.pad(rows, ((0, 0), (1, 0)))  # each row starts with its filter, 0 = none
    header = struct.pack(">IIBBBBB", levels.shape[1], levels.shape[0], bits, colour_type, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(filtered.tobytes())), (b"IEND", b""))
    return SIGNATURE + b"".join(_pack_chunk(name, content) for name, content in parts)


def _opacity(pixels: Pixels, transparent: bytes, bits: int) -> Pixels:
    """Return 0 where all channels (M, N, C) equal the colour of a tRNS chunk, else the highest value."""
    colour = np.frombuffer(transparent, ">u2")[: pixels.shape[2]].astype(np.int64)
    if bits < 8:
        colour = colour * 255 // (2**bits - 1)
    return np.where((pixels == colour).all(2), 0, np.iinfo(pixels.dtype).max).astype(pixels.dtype)


def _icc_profile(chunk: bytes | None) -> bytes | None:
    """Return the ICC profile of an iCCP chunk, None if it cannot be read."""
    return None if chunk is None else _inflate(chunk.partition(b"\0")[2][1:])


def _xmp(chunks: list[tuple[bytes, bytes]]) -> bytes | None:
    """Return the XMP of an iTXt chunk, None if there is none that can be read."""
    for name, content in chunks:
        if name == b"iTXt" and content.startswith(XMP_KEYWORD):
            flag, rest = content[len(XMP_KEYWORD) : len(XMP_KEYWORD) + 1], content[len(XMP_KEYWORD) + 2 :]
            text = rest.partition(b"\0")[2].partition(b"\0")[2]  # after the language and the translated keyword
            return _inflate(text) if flag == b"\1" else text
    return None


def _inflate(compressed: bytes) -> bytes | None:
    try:
        return zlib.decompressobj().decompress(compressed, MAX_TEXT)
    except zlib.error:
        return None


def _scale_density(content: bytes, transform: PixelTransform) -> bytes:
    """Return a pHYs chunk with its pixels per unit scaled."""
    if len(content) != 9:
        return content
    dots = struct.unpack(">II", content[:8])
    scaled = (min(round(old * scale), 2**31 - 1) for old, scale in zip(dots, transform[:2], strict=True))
    return struct.pack(">II", *scaled) + content[8:]


def _density(chunk: bytes | None) -> tuple[float, float] | None:
    """Return the pixels per inch of a pHYs chunk that is in metres."""
    if chunk is None or len(chunk) != 9 or chunk[8] != 1:
        return None
    x, y = struct.unpack(">II", chunk[:8])
    return (x * METRES_PER_INCH, y * METRES_PER_INCH) if x and y else None
