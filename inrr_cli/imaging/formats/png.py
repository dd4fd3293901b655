"""PNG: every depth, grey, colour, palette and alpha; chunks that say something come back as they are."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.imaging.picture import About, Picture, Pixels, orientation_of, split_alpha, upright, upright_exif

SIGNATURE = b"\x89PNG\r\n\x1a\n"
STRUCTURE = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
OF_OTHER_COLOURS = {b"hIST", b"bKGD", b"sBIT", b"sPLT"}  # mean nothing without the palette
GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
INCH = 0.0254
PROFILE_MOST = 2**24  # bytes


def sizes(data: bytes) -> list[tuple[int, int]]:
    """Rows and columns that the header announces."""
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise ValueError("no header")
    width, height = struct.unpack(">II", data[16:24])
    return [(height, width)]


def read(data: bytes) -> Picture:
    """Decode a PNG."""
    import imagecodecs

    chunks = list(_chunks(data))
    _, header = chunks[0]
    bits, colours = header[8], header[9]
    if any(name == b"acTL" for name, _ in chunks):
        raise InputError("is an animation; give one of its frames")
    held = dict(reversed(chunks))
    pixels = np.asarray(imagecodecs.png_decode(data))
    alike = colours in (GREY, GREY_ALPHA, RGB, RGB_ALPHA) and b"tRNS" not in held
    pixels = pixels.reshape(*sizes(data)[0], -1)
    has_alpha = colours in (GREY_ALPHA, RGB_ALPHA) or b"tRNS" in held
    if has_alpha and pixels.shape[2] not in (2, 4):  # the decoder left the transparent colour to us
        pixels = np.concatenate([pixels, _opacity(pixels, held[b"tRNS"], bits)[..., None]], 2)
    seen, alpha = split_alpha(pixels, has_alpha)
    exif = held.get(b"eXIf")
    orientation = orientation_of(exif)
    kept = [(n, d) for n, d in chunks if n not in STRUCTURE and (alike or n not in OF_OTHER_COLOURS)]
    about = About(
        "PNG",
        orientation,
        _profile(held.get(b"iCCP")),
        exif,
        dpi=_density(held.get(b"pHYs")),
        details={"chunks": kept, "bits": bits if colours == GREY and alike else max(8, bits)},
    )
    turned = None if alpha is None else upright(alpha, orientation)
    return Picture([upright(seen, orientation)], [turned], about)


def write(picture: Picture, texts: dict[str, str], scale: float = 1.0) -> bytes:
    """Encode the only page as PNG, with further ``texts``; its density is ``scale`` times that of what was read."""
    import imagecodecs

    about = picture.about
    same = about.format == "PNG"
    pixels = picture.stored(0, turned=same)
    bits = about.details.get("bits", 8) if same else 8
    if bits < 8 and pixels.ndim == 2:
        encoded = _encode_few_bits(pixels, bits)
    else:
        encoded = bytes(imagecodecs.png_encode(pixels, level=6))
    kept = about.details.get("chunks", []) if same else _foreign_chunks(about)
    if scale != 1:
        kept = [(name, _denser(content, scale) if name == b"pHYs" else content) for name, content in kept]
    kept = [*kept, *((b"tEXt", f"{key}\0{text}".encode("latin-1", "replace")) for key, text in texts.items())]
    end = len(SIGNATURE) + 25  # of the header
    return b"".join([encoded[:end], *(_chunk(name, content) for name, content in kept), encoded[end:]])


def _foreign_chunks(about: About) -> list[tuple[bytes, bytes]]:
    """Return what another format said of the picture."""
    chunks = []
    if about.icc_profile:
        chunks.append((b"iCCP", b"ICC profile\0\0" + zlib.compress(about.icc_profile)))
    if about.dpi:
        chunks.append((b"pHYs", struct.pack(">IIB", *(round(dots / INCH) for dots in about.dpi), 1)))
    if about.exif:
        exif = upright_exif(about.exif) or b""
        chunks.append((b"eXIf", exif.removeprefix(b"Exif\0\0")))
    if about.xmp:
        chunks.append((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + about.xmp))
    return chunks


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each chunk."""
    if not data.startswith(SIGNATURE):
        raise ValueError("no PNG signature")
    place = len(SIGNATURE)
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        name, content = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        place += 12 + length
        if place > len(data) or zlib.crc32(name + content) != struct.unpack_from(">I", data, place - 4)[0]:
            raise ValueError(f"chunk {name.decode('latin-1')} is damaged")
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
    if chunk is None:
        return None
    try:
        return zlib.decompressobj().decompress(chunk.partition(b"\0")[2][1:], PROFILE_MOST)
    except zlib.error:
        return None


def _denser(content: bytes, scale: float) -> bytes:
    """Return a pHYs chunk for a picture ``scale`` times larger."""
    x, y = struct.unpack(">II", content[:8])
    return struct.pack(">II", round(x * scale), round(y * scale)) + content[8:]


def _density(chunk: bytes | None) -> tuple[float, float] | None:
    """Return the dots to an inch of a pHYs chunk in metres."""
    if chunk is None or len(chunk) != 9 or chunk[8] != 1:
        return None
    x, y = struct.unpack(">II", chunk[:8])
    return x * INCH, y * INCH
