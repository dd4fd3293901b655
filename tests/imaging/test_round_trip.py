"""Every format, type and number of channels: known samples come back bit for bit, and so does how they are stored."""

import io
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from made import HOLE, PNG_CHANNELS, PNG_KINDS, coded, png, png_chunks, samples_of, tiff
from PIL import Image

from inrr_cli.imaging.writing import decode, encode

SIZE = (21, 18)
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


def filled(data):
    """Read a picture, put other values in the hole of each page, and write it as it was."""
    picture = decode(data, Path("a"))
    pages = [page.copy() for page in picture.pages]
    for page in pages:
        page[HOLE] = picture.as_held(page[HOLE][::-1, ::-1])
    return encode(picture.with_pages(pages), picture.metadata.format)


def assert_known_bits(new, old):
    assert new.shape == old.shape
    assert new.dtype == old.dtype
    known = np.ones(old.shape[:2], bool)
    known[HOLE] = False
    assert new[known].tobytes() == old[known].tobytes()
    assert new.tobytes() != old.tobytes()


@pytest.mark.parametrize(
    ("colours", "bits", "key"),
    [(c, b, key) for c, kinds in PNG_KINDS.items() for b in kinds for key in (False, True) if not (key and c > 3)],
)
@pytest.mark.parametrize("interlaced", [False, True])
def test_png(colours, bits, interlaced, key):
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
    new = filled(data)
    assert_known_bits(np.atleast_3d(imagecodecs.png_decode(new)), expected)
    header = png_chunks(new)[0][1]
    assert header[8] == (bits if colours != 3 and not key else max(bits, 8))
    assert header[9] == {1: 0, 2: 4, 3: 2, 4: 6}[expected.shape[2]]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(
    ("channels", "planar"), [(1, False), *((c, p) for c in (2, 3, 4, 5, 7) for p in (False, True))]
)
def test_tiff(dtype, channels, planar):
    samples = samples_of(dtype, (*SIZE, channels) if channels > 1 else SIZE)
    for name, layout in LAYOUTS.items():
        if dtype == "float16" and layout.get("predictor"):
            layout = layout | {"predictor": False}
        options = layout | ({"planarconfig": 2} if planar else {})
        data = tiff(samples, **options)
        new = filled(data)
        with tifffile.TiffFile(io.BytesIO(data)) as source, tifffile.TiffFile(io.BytesIO(new)) as file:
            read = file.asarray()
            assert_known_bits(np.moveaxis(read, 0, 2) if planar else read, samples)
            for what in ("is_bigtiff", "byteorder"):
                assert getattr(file, what) == getattr(source, what), (name, what)
            one, other = source.pages[0], file.pages[0]
            for what in ("compression", "predictor", "planarconfig", "photometric", "extrasamples", "is_tiled", "tile",
                         "rowsperstrip", "bitspersample", "sampleformat"):  # fmt: skip
                assert getattr(one, what) == getattr(other, what), (name, what)


def test_tiff_of_one_bit_white_is_zero_and_cmyk():
    bits = samples_of(bool, SIZE)
    new = filled(tiff(bits))
    assert_known_bits(tifffile.imread(io.BytesIO(new)), bits)
    assert tifffile.TiffFile(io.BytesIO(new)).pages[0].bitspersample == 1
    grey = samples_of("uint8", SIZE)
    new = filled(tiff(grey, photometric="miniswhite"))
    assert_known_bits(tifffile.imread(io.BytesIO(new)), grey)
    assert tifffile.TiffFile(io.BytesIO(new)).pages[0].photometric == 0
    inks = samples_of("uint16", (*SIZE, 4))
    new = filled(tiff(inks, photometric="separated", extratags=[(332, 3, 1, 1, True)]))
    assert_known_bits(tifffile.imread(io.BytesIO(new)), inks)
    page = tifffile.TiffFile(io.BytesIO(new)).pages[0]
    assert (page.photometric, page.extrasamples, page.tags.valueof(332)) == (5, (), 1)


@pytest.mark.parametrize("dtype", [*TYPES, "int64", "uint64", ">u2", ">f4", "<f8"])
@pytest.mark.parametrize("shape", [SIZE, (*SIZE, 1), (*SIZE, 2), (*SIZE, 3), (*SIZE, 4), (3, *SIZE), (2, *SIZE, 3)])
def test_npy(dtype, shape):
    samples = samples_of(np.dtype(dtype).newbyteorder("="), shape).astype(dtype)
    buffer = io.BytesIO()
    np.save(buffer, samples)
    read = np.load(io.BytesIO(filled(buffer.getvalue())))
    stacked = len(shape) == 4 or (len(shape) == 3 and shape[2] == SIZE[1])
    assert read.shape == samples.shape
    for new, old in zip(read, samples, strict=True) if stacked else [(read, samples)]:
        assert_known_bits(new, old)


@pytest.mark.parametrize(("kind", "channels"), [("BMP", 1), ("BMP", 3), ("WEBP", 3), ("WEBP", 4)])
def test_bmp_and_lossless_webp(kind, channels):
    samples = samples_of("uint8", (*SIZE, channels))
    samples = samples[..., 0] if channels == 1 else samples
    data = coded(samples, kind, **({"lossless": True, "exact": True} if kind == "WEBP" else {}))
    new = filled(data)
    assert_known_bits(np.asarray(Image.open(io.BytesIO(new))), samples)


def test_bmp_of_a_palette_and_of_one_bit():
    samples = samples_of("uint8", SIZE) // 64
    indexed = Image.fromarray(samples, "L").convert("P")
    indexed.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120])
    buffer = io.BytesIO()
    indexed.save(buffer, "BMP")
    assert_known_bits(np.asarray(Image.open(io.BytesIO(filled(buffer.getvalue())))), np.asarray(indexed.convert("RGB")))
    bits = samples_of(bool, SIZE)
    new = filled(coded(bits, "BMP"))
    assert_known_bits(np.asarray(Image.open(io.BytesIO(new)).convert("L")), np.where(bits, 255, 0).astype(np.uint8))


@pytest.mark.parametrize("options", [{"quality": 90}, {"quality": 50, "subsampling": 0}, {"progressive": True}])
@pytest.mark.parametrize("channels", [1, 3])
def test_lossy_pictures_come_back_as_decoded_in_a_png(channels, options):
    pixels = np.asarray(Image.effect_noise(SIZE[::-1], 60).convert("RGB"))[..., : 3 if channels == 3 else 1].squeeze()
    for kind in ("JPEG", "WEBP"):
        data = coded(pixels, kind, **options)
        decoded = np.asarray(Image.open(io.BytesIO(data)))
        picture = decode(data, Path("a"))
        assert picture.metadata.lossy
        assert (np.atleast_3d(imagecodecs.png_decode(encode(picture, "PNG"))) == np.atleast_3d(decoded)).all()
