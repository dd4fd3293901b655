"""PNG: every depth, grey, colour, palette and alpha; chunks that say something come back as they are."""

from __future__ import annotations

import logging
import struct
import zlib
from collections.abc import Iterator

import imagecodecs
import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.imaging.formats.tiff_ifd import PREFIX
from inrr_cli.imaging.picture import (
    IDENTITY,
    Metadata,
    Picture,
    Pixels,
    PixelTransform,
    Size,
    orientation_of,
    split_alpha,
    upright,
    upright_exif,
)

SIGNATURE = b"\x89PNG\r\n\x1a\n"
STRUCTURE = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"hIST"}  # a histogram is one of the palette
OF_STORED_COLOURS = {b"bKGD", b"sBIT"}  # their length goes with the kind of pixels
GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 4, GREY_ALPHA: 2, RGB_ALPHA: 4}
INCH = 0.0254
TEXT_MOST = 2**24  # bytes of a profile or of XMP
XMP = b"XML:com.adobe.xmp\0"

logging.getLogger("imagecodecs").setLevel(logging.CRITICAL)  # what libpng has to say is for no user


def sizes(data: bytes) -> list[Size]:
    """Return what the header announces."""
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise ValueError("no header")
    width, height, bits, colours = struct.unpack(">IIBB", data[16:26])
    return [Size(height, width, height * width * CHANNELS.get(colours, 4) * (2 if bits == 16 else 1))]


def read(data: bytes) -> Picture:
    """Decode a PNG."""
    chunks = list(_chunks(data))
    _, header = chunks[0]
    bits, colours = header[8], header[9]
    held = dict(reversed(chunks))
    if b"acTL" in held:
        raise InputError("is an animation; give one of its frames")
    size = sizes(data)[0]
    pixels = np.asarray(imagecodecs.png_decode(data)).reshape(size.rows, size.columns, -1)
    has_alpha = colours in (GREY_ALPHA, RGB_ALPHA) or b"tRNS" in held
    if has_alpha and pixels.shape[2] not in (2, 4):  # the decoder left the transparent colour to us
        pixels = np.concatenate([pixels, _opacity(pixels, held[b"tRNS"], bits)[..., None]], 2)
    seen, alpha = split_alpha(pixels, has_alpha)
    exif = held.get(b"eXIf")
    orientation = orientation_of(exif)
    alike = colours != PALETTE and b"tRNS" not in held
    kept = [(n, d) for n, d in chunks if n not in STRUCTURE and (alike or n not in OF_STORED_COLOURS)]
    few = bits < 8 and colours == GREY and alike
    metadata = Metadata(
        "PNG",
        orientation,
        _profile(held.get(b"iCCP")),
        exif,
        _xmp(chunks),
        _density(held.get(b"pHYs")),
        step=255 / (2**bits - 1) if few else None,
        details={"chunks": kept, "bits": bits if few else 8},
    )
    turned = None if alpha is None else upright(alpha, orientation)
    return Picture([upright(seen, orientation)], [turned], metadata)


def write(picture: Picture, texts: dict[str, str], transform: PixelTransform = IDENTITY) -> bytes:
    """Encode the only page as PNG, with further ``texts``; its density follows from how it is ``transform``."""
    metadata = picture.metadata
    same = metadata.format == "PNG"
    pixels = picture.stored(0, turned=same)
    bits = metadata.details.get("bits", 8) if same else 8
    if bits < 8 and pixels.ndim == 2:
        encoded = _encode_few_bits(pixels, bits)
    else:
        encoded = bytes(imagecodecs.png_encode(pixels, level=6))
    kept = metadata.details.get("chunks", []) if same else _foreign_chunks(metadata)
    if transform != IDENTITY:
        kept = [(name, _denser(content, transform) if name == b"pHYs" else content) for name, content in kept]
    kept = [*kept, *((b"tEXt", f"{key}\0{text}".encode("latin-1", "replace")) for key, text in texts.items())]
    end = len(SIGNATURE) + 25  # of the header
    return b"".join([encoded[:end], *(_chunk(name, content) for name, content in kept), encoded[end:]])


def _foreign_chunks(metadata: Metadata) -> list[tuple[bytes, bytes]]:
    """Return what another format said of the picture."""
    chunks = []
    if metadata.icc_profile:
        chunks.append((b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc_profile)))
    if metadata.dpi:
        chunks.append((b"pHYs", struct.pack(">IIB", *(min(round(dots / INCH), 2**31 - 1) for dots in metadata.dpi), 1)))
    if metadata.exif:
        chunks.append((b"eXIf", (upright_exif(metadata.exif) or b"").removeprefix(PREFIX)))
    if metadata.xmp:
        chunks.append((b"iTXt", XMP + b"\0\0\0\0" + metadata.xmp))
    return chunks


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each chunk."""
    place = len(SIGNATURE)
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        name, content = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        place += 12 + length
        if place > len(data) or zlib.crc32(name + content) != struct.unpack_from(">I", data, place - 4)[0]:
            raise ValueError(f"chunk {name.decode('latin-1')!r} is damaged")
        yield name, content
        if name == b"IEND":
            return
    raise ValueError("it ends too early")


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _encode_few_bits(pixels: Pixels, bits: int) -> bytes:
    """Encode grey (M, N) of 0 to 255 with 1, 2 or 4 bits a pixel."""
    top = 2**bits - 1
    levels = np.round(pixels * (top / 255)).astype(np.uint8)
    planes = np.unpackbits(levels[..., None], axis=2)[..., 8 - bits :].reshape(len(levels), -1)
    rows = np.packbits(planes, axis=1)
    lines = np.concatenate([np.zeros((len(rows), 1), np.uint8), rows], 1).tobytes()
    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], bits, GREY, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(name, content) for name, content in parts)


def _opacity(pixels: Pixels, key: bytes, bits: int) -> Pixels:
    """0 where all channels (M, N, C) have the transparent colour of a tRNS chunk, else the highest value."""
    colour = np.frombuffer(key, ">u2")[: pixels.shape[2]].astype(np.int64)
    if bits < 8:
        colour = colour * 255 // (2**bits - 1)
    top = np.iinfo(pixels.dtype).max
    return np.where((pixels == colour).all(2), 0, top).astype(pixels.dtype)


def _profile(chunk: bytes | None) -> bytes | None:
    """Return the ICC profile of an iCCP chunk, None if it cannot be read."""
    return None if chunk is None else _inflate(chunk.partition(b"\0")[2][1:])


def _xmp(chunks: list[tuple[bytes, bytes]]) -> bytes | None:
    """Return the XMP of an iTXt chunk, None if there is none that can be read."""
    for name, content in chunks:
        if name == b"iTXt" and content.startswith(XMP):
            packed, rest = content[len(XMP) : len(XMP) + 1] == b"\1", content[len(XMP) + 2 :]
            text = rest.partition(b"\0")[2].partition(b"\0")[2]  # after the language and the translated keyword
            return _inflate(text) if packed else text
    return None


def _inflate(packed: bytes) -> bytes | None:
    try:
        return zlib.decompressobj().decompress(packed, TEXT_MOST)
    except zlib.error:
        return None


def _denser(content: bytes, transform: PixelTransform) -> bytes:
    """Return a pHYs chunk for a picture that is ``transform`` otherwise."""
    if len(content) != 9:
        return content
    dots = struct.unpack(">II", content[:8])
    denser = (min(round(dots[0] * transform.x), 2**31 - 1), min(round(dots[1] * transform.y), 2**31 - 1))
    return struct.pack(">II", *denser) + content[8:]


def _density(chunk: bytes | None) -> tuple[float, float] | None:
    """Return the dots to an inch of a pHYs chunk in metres."""
    if chunk is None or len(chunk) != 9 or chunk[8] != 1:
        return None
    x, y = struct.unpack(">II", chunk[:8])
    return (x * INCH, y * INCH) if x and y else None
