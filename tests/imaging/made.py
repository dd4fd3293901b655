"""Files of every kind for the tests, made without the code under test."""

import io
import struct
import zlib

import numpy as np
import tifffile
from PIL import Image

PROFILE = bytes(range(256)) * 3
HOLE = np.s_[3:6, 2:9]
PNG_KINDS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(samples, bits, colours, chunks=(), interlaced=False):
    """A PNG of samples (M, N, C) as they stand in it; chunks go before the pixels."""
    rows, columns, _ = samples.shape
    passes = ADAM7 if interlaced else ((0, 0, 1, 1),)
    lines = b"".join(packed(samples[y::dy, x::dx], bits) for y, x, dy, dx in passes)
    header = struct.pack(">IIBBBBB", columns, rows, bits, colours, 0, 0, int(interlaced))
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


def packed(samples, bits):
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
    place, found = 8, []
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        found.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length
    return found


def samples_of(dtype, shape, seed=0):
    """Values all over the range of a type; for floats with NaN payloads, infinities, -0 and denormals."""
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
    """A TIFF of (M, N[, C]), or with ``pages`` of several, with tifffile's options."""
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
    """EXIF with a maker, an orientation, an EXIF directory (exposure, lens) and a GPS one."""
    block = Image.Exif()
    block.endian = order
    block[0x010F], block[0x0112], block[0x0132] = "Maker", orientation, "2026:01:02 03:04:05"
    block.get_ifd(0x8769).update({0x829A: 0.005, 0xA434: "a lens of some length", 0x927C: b"maker's own note"})
    block.get_ifd(0x8825).update({1: "N", 2: (47.0, 22.0, 1.5)})
    return block.tobytes()


def coded(pixels, kind, **options):
    """A JPEG, WebP or BMP by Pillow."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()
