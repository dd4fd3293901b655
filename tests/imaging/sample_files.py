"""Sample files of every format, encoded without the code under test."""

import io
import struct
import zlib

import numpy as np
import tifffile
from PIL import Image

SIZE = (21, 18)
PROFILE = bytes(range(256)) * 3
ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
PNG_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def pack_chunk(name, content):
    """Return a PNG chunk with its length and checksum."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(samples, bits, colour_type, chunks=(), interlaced=False):
    """Encode samples (M, N, C) as a PNG without conversion; ``chunks`` are written before the pixels."""
    rows, columns, _ = samples.shape
    passes = ADAM7 if interlaced else ((0, 0, 1, 1),)
    lines = b"".join(pack_rows(samples[y::dy, x::dx], bits) for y, x, dy, dx in passes)
    header = struct.pack(">IIBBBBB", columns, rows, bits, colour_type, 0, 0, int(interlaced))
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(pack_chunk(*part) for part in parts)


def pack_rows(samples, bits):
    """Return rows of samples (M, N, C) as a PNG holds them, each after filter type 0."""
    if 0 in samples.shape:
        return b""
    flat = samples.reshape(len(samples), -1)
    if bits == 16:
        data = [row.astype(">u2").tobytes() for row in flat]
    else:
        wide = np.unpackbits(flat.astype(np.uint8)[..., None], axis=2)[..., 8 - bits :]
        data = [row.tobytes() for row in np.packbits(wide.reshape(len(flat), -1), axis=1)]
    return b"".join(b"\0" + row for row in data)


def png_chunks(data):
    """Return the name and content of each chunk of a PNG."""
    offset, chunks = 8, []
    while offset < len(data):
        (length,) = struct.unpack_from(">I", data, offset)
        chunks.append((data[offset + 4 : offset + 8], data[offset + 8 : offset + 8 + length]))
        offset += 12 + length
    return chunks


def samples_of(dtype, shape, seed=0):
    """Return values from the whole range of a type; floats with NaN, infinities, -0 and subnormals among them."""
    rng = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return rng.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
    values = rng.normal(0, 100, shape).astype(dtype)
    values.reshape(-1)[:6] = (np.nan, np.inf, -np.inf, -0.0, np.finfo(dtype).smallest_subnormal, np.finfo(dtype).max)
    return values


def tiff(samples, **options):
    """Encode (M, N[, C]), or with ``pages`` (P, M, N[, C]), as a TIFF with tifffile's options."""
    into = {key: options.pop(key) for key in ("bigtiff", "byteorder", "imagej", "ome") if key in options}
    pages = options.pop("pages", False)
    colours = samples.ndim == 3 + pages
    options.setdefault("photometric", "rgb" if colours and samples.shape[-1] in (3, 4) else "minisblack")
    if colours:
        options.setdefault("planarconfig", 1)
    if options.get("planarconfig") == 2:
        samples = np.moveaxis(samples, -1, -3)
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, samples, **{"metadata": None, **options}, **into)
    return buffer.getvalue()


def exif(orientation=1, order="<"):
    """Return an EXIF block with a maker, an orientation, an EXIF directory (exposure, lens) and a GPS directory."""
    block = Image.Exif()
    block.endian = order
    block[0x010F], block[0x0112], block[0x0132] = "Maker", orientation, "2026:01:02 03:04:05"
    block.get_ifd(0x8769).update({0x829A: 0.005, 0xA434: "a lens of some length", 0x927C: b"maker's own note"})
    block.get_ifd(0x8825).update({1: "N", 2: (47.0, 22.0, 1.5)})
    return block.tobytes()


def pillow_bytes(pixels, kind, **options):
    """Encode pixels as JPEG, WebP or BMP."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()
