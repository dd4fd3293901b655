"""Every format, type and number of channels keeps its known samples bit for bit and the layout of its files."""

import io
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from image_checks import assert_only_hole_differs, change_hole
from PIL import Image
from sample_files import PNG_CHANNELS, PNG_DEPTHS, SIZE, pillow_bytes, png, png_chunks, samples_of, tiff

from inrr_cli.imaging.reading import decode
from inrr_cli.imaging.writing import encode

TYPES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "float16", "float32", "float64")
LAYOUTS = {
    "one strip": {},
    "strips": {"rowsperstrip": 4},
    "tiles": {"tile": (16, 32)},
    "lzw": {"compression": "lzw", "predictor": True, "rowsperstrip": 8},
    "deflate": {"compression": "zlib", "tile": (16, 16)},
    "deflate, predicted": {"compression": "zlib", "predictor": True},
    "zstd": {"compression": "zstd", "predictor": True},
    "packbits": {"compression": "packbits"},
    "big": {"bigtiff": True},
    "big-endian": {"byteorder": ">", "compression": "lzw"},
}


@pytest.mark.parametrize(
    ("colours", "bits", "key"),
    [(c, b, key) for c, depths in PNG_DEPTHS.items() for b in depths for key in (False, True) if not (key and c > 3)],
)
@pytest.mark.parametrize("interlaced", [False, True])
def test_png_keeps_known_samples_and_depth(colours, bits, interlaced, key):
    rng = np.random.default_rng(bits)
    samples = rng.integers(0, 2**bits, (*SIZE, PNG_CHANNELS[colours]))
    palette, opacity = rng.integers(0, 256, (2**bits, 3), np.uint8), rng.integers(0, 256, 2**bits - 1, np.uint8)
    chunks = [(b"PLTE", palette.tobytes())] if colours == 3 else []
    if key:
        key_colour = samples[0, 0].astype(">u2").tobytes()
        chunks.append((b"tRNS", opacity.tobytes() if colours == 3 else key_colour))
    data = png(samples, bits, colours, chunks, interlaced)
    top = 2**bits - 1
    expected = palette[samples[..., 0]] if colours == 3 else samples * 255 // top if bits < 8 else samples
    if key:
        opaque = np.where((samples == samples[0, 0]).all(2), 0, max(top, 255))
        alpha = np.append(opacity, 255)[samples[..., 0]] if colours == 3 else opaque
        expected = np.concatenate([expected, alpha[..., None]], 2)
    expected = expected.astype(np.uint16 if bits == 16 else np.uint8)
    new = change_hole(data)
    assert_only_hole_differs(np.atleast_3d(imagecodecs.png_decode(new)), expected)
    header = png_chunks(new)[0][1]
    assert header[8] == (bits if colours != 3 and not key else max(bits, 8))
    assert header[9] == {1: 0, 2: 4, 3: 2, 4: 6}[expected.shape[2]]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(
    ("channels", "planar"), [(1, False), *((c, p) for c in (2, 3, 4, 5, 7) for p in (False, True))]
)
def test_tiff_keeps_known_samples_and_layout(dtype, channels, planar):
    samples = samples_of(dtype, (*SIZE, channels) if channels > 1 else SIZE)
    for name, layout in LAYOUTS.items():
        if dtype == "float16" and layout.get("predictor"):
            layout = layout | {"predictor": False}
        options = layout | ({"planarconfig": 2} if planar else {})
        data = tiff(samples, **options)
        new = change_hole(data)
        with tifffile.TiffFile(io.BytesIO(data)) as source, tifffile.TiffFile(io.BytesIO(new)) as file:
            read = file.asarray()
            assert_only_hole_differs(np.moveaxis(read, 0, 2) if planar else read, samples)
            for what in ("is_bigtiff", "byteorder"):
                assert getattr(file, what) == getattr(source, what), (name, what)
            one, other = source.pages[0], file.pages[0]
            for what in ("compression", "predictor", "planarconfig", "photometric", "extrasamples", "is_tiled", "tile",
                         "rowsperstrip", "bitspersample", "sampleformat"):  # fmt: skip
                assert getattr(one, what) == getattr(other, what), (name, what)


def test_tiff_keeps_one_bit_white_is_zero_and_cmyk():
    bits = samples_of(bool, SIZE)
    new = change_hole(tiff(bits))
    assert_only_hole_differs(tifffile.imread(io.BytesIO(new)), bits)
    assert tifffile.TiffFile(io.BytesIO(new)).pages[0].bitspersample == 1
    grey = samples_of("uint8", SIZE)
    new = change_hole(tiff(grey, photometric="miniswhite"))
    assert_only_hole_differs(tifffile.imread(io.BytesIO(new)), grey)
    assert tifffile.TiffFile(io.BytesIO(new)).pages[0].photometric == 0
    inks = samples_of("uint16", (*SIZE, 4))
    new = change_hole(tiff(inks, photometric="separated", extratags=[(332, 3, 1, 1, True)]))
    assert_only_hole_differs(tifffile.imread(io.BytesIO(new)), inks)
    page = tifffile.TiffFile(io.BytesIO(new)).pages[0]
    assert (page.photometric, page.extrasamples, page.tags.valueof(332)) == (5, (), 1)


@pytest.mark.parametrize("dtype", [*TYPES, "int64", "uint64", ">u2", ">f4", "<f8"])
@pytest.mark.parametrize("shape", [SIZE, (*SIZE, 1), (*SIZE, 2), (*SIZE, 3), (*SIZE, 4), (3, *SIZE), (2, *SIZE, 3)])
def test_npy_keeps_known_samples_shape_and_type(dtype, shape):
    samples = samples_of(np.dtype(dtype).newbyteorder("="), shape).astype(dtype)
    buffer = io.BytesIO()
    np.save(buffer, samples)
    read = np.load(io.BytesIO(change_hole(buffer.getvalue())))
    stacked = len(shape) == 4 or (len(shape) == 3 and shape[2] == SIZE[1])
    assert read.shape == samples.shape
    for new, old in zip(read, samples, strict=True) if stacked else [(read, samples)]:
        assert_only_hole_differs(new, old)


@pytest.mark.parametrize(("kind", "channels"), [("BMP", 1), ("BMP", 3), ("WEBP", 3), ("WEBP", 4)])
def test_bmp_and_lossless_webp_keep_known_samples(kind, channels):
    samples = samples_of("uint8", (*SIZE, channels))
    samples = samples[..., 0] if channels == 1 else samples
    data = pillow_bytes(samples, kind, **({"lossless": True, "exact": True} if kind == "WEBP" else {}))
    new = change_hole(data)
    assert_only_hole_differs(np.asarray(Image.open(io.BytesIO(new))), samples)


def test_bmp_with_a_palette_or_one_bit_is_decoded():
    samples = samples_of("uint8", SIZE) // 64
    indexed = Image.fromarray(samples, "L").convert("P")
    indexed.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120])
    buffer = io.BytesIO()
    indexed.save(buffer, "BMP")
    assert_only_hole_differs(
        np.asarray(Image.open(io.BytesIO(change_hole(buffer.getvalue())))), np.asarray(indexed.convert("RGB"))
    )
    bits = samples_of(bool, SIZE)
    new = change_hole(pillow_bytes(bits, "BMP"))
    assert_only_hole_differs(
        np.asarray(Image.open(io.BytesIO(new)).convert("L")), np.where(bits, 255, 0).astype(np.uint8)
    )


@pytest.mark.parametrize("options", [{"quality": 90}, {"quality": 50, "subsampling": 0}, {"progressive": True}])
@pytest.mark.parametrize("channels", [1, 3])
def test_lossy_pictures_are_written_to_png_as_decoded(channels, options):
    pixels = np.asarray(Image.effect_noise(SIZE[::-1], 60).convert("RGB"))[..., : 3 if channels == 3 else 1].squeeze()
    for kind in ("JPEG", "WEBP"):
        data = pillow_bytes(pixels, kind, **options)
        decoded = np.asarray(Image.open(io.BytesIO(data)))
        picture = decode(data, Path("a"))
        assert picture.metadata.lossy
        assert (np.atleast_3d(imagecodecs.png_decode(encode(picture, "PNG"))) == np.atleast_3d(decoded)).all()
