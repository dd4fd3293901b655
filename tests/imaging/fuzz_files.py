"""Whole and damaged files of the fuzz program."""

import io
import struct
import zlib
from functools import cache

import imagecodecs
import numpy as np
import tifffile
from PIL import Image
from sample_files import (
    PNG_CHANNELS,
    PNG_DEPTHS,
    PROFILE,
    exif,
    pack_chunk,
    pillow_bytes,
    png,
    png_chunks,
    samples_of,
    tiff,
)

SIZE = (13, 11)


@cache
def seeds():
    """Return undamaged files of every format, by name."""
    files = {}
    rng = np.random.default_rng(0)
    for colour_type, depths in PNG_DEPTHS.items():
        for bits in depths:
            samples = rng.integers(0, 2**bits, (*SIZE, PNG_CHANNELS[colour_type]))
            chunks = [(b"PLTE", rng.bytes(3 * 2**bits)), (b"tRNS", rng.bytes(2**bits))] if colour_type == 3 else []
            files[f"p{colour_type}-{bits}.png"] = png(samples, bits, colour_type, chunks)
    chunks = [(b"eXIf", exif(6)[6:]), (b"iCCP", b"p\0\0" + zlib.compress(PROFILE)), (b"pHYs", bytes(8) + b"\1")]
    files["metadata.png"] = png(samples_of("uint8", (*SIZE, 3)), 8, 2, chunks, interlaced=True)
    grey, rgb, rgba = (samples_of("uint8", (*SIZE, n) if n > 1 else SIZE) for n in (1, 3, 4))
    for number, (kind, pixels, options) in enumerate([
        ("JPEG", grey, {}), ("JPEG", rgb, {"exif": exif(6), "icc_profile": PROFILE, "xmp": b"<x/>"}),
        ("JPEG", rgb, {"progressive": True, "subsampling": 2, "exif": exif(3, ">")}), ("WEBP", rgb, {}),
        ("WEBP", rgba, {"lossless": True, "exif": exif(8), "icc_profile": PROFILE}), ("BMP", grey, {}),
        ("BMP", rgb, {}), ("BMP", grey > 99, {}),
    ]):  # fmt: skip
        suffix = {"JPEG": "jpg", "WEBP": "webp", "BMP": "bmp"}[kind]
        files[f"c{number}.{suffix}"] = pillow_bytes(pixels, kind, **options)
    with io.BytesIO() as buffer:
        Image.fromarray(rgb).save(buffer, "WEBP", save_all=True, append_images=[Image.fromarray(rgb[::-1].copy())])
        files["animated.webp"] = buffer.getvalue()
    files |= (
        tiffs()
        | arrays()
        | {
            "grey.pgm": b"P5 11 13 1023\n" + (samples_of("uint16", SIZE) % 1024).astype(">u2").tobytes(),
            "rgb.ppm": pillow_bytes(rgb, "PPM"),
            "rgb.pfm": b"PF\n11 13\n-1\n" + rgb.astype("<f4").tobytes(),
            "rgba.qoi": imagecodecs.qoi_encode(rgba),
            "rgb.jp2": imagecodecs.jpeg2k_encode(rgb, level=0, reversible=True),
            "rgba.jxl": imagecodecs.jpegxl_encode(rgba, lossless=True),
            "palette.gif": pillow_bytes(grey, "GIF"),
            "rgb.avif": pillow_bytes(rgb, "AVIF"),
        }
    )
    return files


def tiffs():
    """Return TIFF files of every layout and type, by name."""
    tags = [(42113, 2, 4, "nan", True), (33550, 12, 3, (1.0, 1.0, 0.0), True), (274, 3, 1, 6, True)]
    layouts = [
        {}, {"compression": "lzw", "predictor": True}, {"compression": "zlib", "tile": (16, 16)}, {"bigtiff": True},
        {"byteorder": ">", "rowsperstrip": 3}, {"compression": "zstd", "extratags": tags}, {"compression": "packbits"},
    ]  # fmt: skip
    found = {}
    for number, dtype in enumerate(("uint8", "uint16", "int16", "uint32", "float16", "float32", "float64", "int8")):
        for channels in (1, 3, 4, 5):
            layout = dict(layouts[(number + channels) % len(layouts)])
            if dtype == "float16":
                layout.pop("predictor", None)
            samples = samples_of(dtype, (*SIZE, channels) if channels > 1 else SIZE)
            found[f"{dtype}-{channels}.tif"] = tiff(samples, **layout, **({"planarconfig": 2} if channels == 5 else {}))
    stack = samples_of("uint16", (3, *SIZE))
    found["imagej.tif"] = tiff(stack, pages=True, imagej=True, metadata={"axes": "ZYX"})
    found["ome.tif"] = tiff(stack, pages=True, ome=True, metadata={"axes": "CYX"})
    found["shaped.tif"] = tiff(stack.astype("float32"), pages=True, metadata={})
    found["bits.tif"] = tiff(samples_of(bool, SIZE))
    found["palette.tif"] = tiff(stack[0] % 256, photometric="palette", colormap=samples_of("uint16", (3, 65536)))
    with io.BytesIO() as buffer:
        tifffile.imwrite(buffer, samples_of("uint8", (32, 32, 3)), compression="jpeg", photometric="rgb", metadata=None)
        found["jpeg.tif"] = buffer.getvalue()
    return found


def arrays():
    """Return .npy files of every type and number of axes, by name."""
    found = {}
    shapes = [SIZE, (*SIZE, 3), (2, *SIZE), (2, *SIZE, 3), (*SIZE, 1), (5,), (1, 1), (1, 30), (0, 5)]
    for number, dtype in enumerate(("u1", ">u2", "i2", "f4", "f8", "f2", "i8", "?", "c8")):
        with io.BytesIO() as buffer:
            values = samples_of("f8" if dtype == "c8" else np.dtype(dtype).newbyteorder("="), (400,))
            np.save(buffer, np.resize(values, shapes[number]).astype(dtype))
            found[f"array{number}.npy"] = buffer.getvalue()
    with io.BytesIO() as buffer:
        np.save(buffer, np.array([[{}, 1]], object), allow_pickle=True)
        found["pickle.npy"] = buffer.getvalue()
    return found


def damage(data, rng):
    """Damage a file at random; return the damaged bytes and the kind of damage."""
    kind = rng.choice(("flip", "flip", "cut", "number", "number", "splice", "chunk", "grow", "zeros", "empty", "noise"))
    new = bytearray(data)
    if kind == "flip":
        for _ in range(rng.choice((1, 1, 2, 5, 30))):
            new[rng.randrange(min(len(new), rng.choice((40, 200, 10**9))))] = rng.randrange(256)
    elif kind == "cut":
        del new[rng.randrange(len(new)) :]
    elif kind == "number":
        at = rng.randrange(max(1, min(len(new), rng.choice((60, 400, 10**9))) - 4))
        value = rng.choice((0, 1, 2, 255, 65535, 2**31 - 1, 2**31, 2**32 - 1, 70000, at))
        size = rng.choice((2, 4))
        new[at : at + size] = struct.pack(rng.choice("<>") + "I", value)[:size]
    elif kind == "splice":
        other = rng.choice(list(seeds().values()))
        new = new[: rng.randrange(len(new))] + other[rng.randrange(len(other)) :]
    elif kind == "chunk" and data.startswith(b"\x89PNG"):
        return change_chunk(data, rng), kind
    elif kind == "grow":
        new += rng.randbytes(rng.randrange(1, 300))
    elif kind == "zeros":
        at = rng.randrange(len(new))
        new[at : at + rng.randrange(1, 60)] = bytes(rng.randrange(1, 60))
    elif kind == "empty":
        new = bytearray()
    elif kind == "noise":
        new = new[: rng.randrange(12)] + rng.randbytes(rng.randrange(400))
    return bytes(new), kind


def change_chunk(data, rng):
    """Change, double, remove or insert a chunk of a PNG, with correct checksums."""
    chunks = png_chunks(data)
    at = rng.randrange(len(chunks))
    name, content = chunks[at]
    change = rng.randrange(4)
    if change == 0:
        new = bytearray(content or b"x")
        new[rng.randrange(len(new))] = rng.randrange(256)
        chunks[at] = (name, bytes(new))
    elif change == 1:
        chunks.insert(rng.randrange(len(chunks)), chunks[at])
    elif change == 2:
        del chunks[at]
    else:
        names = (b"tRNS", b"PLTE", b"IHDR", b"eXIf", b"iCCP", b"pHYs", b"acTL", b"iTXt", b"sBIT")
        chunks.insert(rng.randrange(1, len(chunks)), (rng.choice(names), rng.randbytes(rng.randrange(20))))
    return data[:8] + b"".join(pack_chunk(*chunk) for chunk in chunks)
