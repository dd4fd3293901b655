"""The command on every format: what goes in comes out, with a name that says what it is."""

import io
import subprocess
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from checks import QUICK, ok, read, refused
from PIL import Image

HOLE = np.s_[20:24, 30:38]


def pillow(kind, **options):
    def encode(pixels):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, kind, **options)
        return buffer.getvalue()

    return encode


def pgm(pixels):
    return b"P5\n%d %d\n65535\n" % pixels.shape[::-1] + pixels.astype(">u2").tobytes()


def pfm(pixels):
    return b"Pf\n%d %d\n-1\n" % pixels.shape[::-1] + pixels[::-1].astype("<f4").tobytes()


FORMATS = {  # bytes of an image, pixels of bytes, type, channels
    "pgm": (pgm, lambda data: np.frombuffer(data[-48 * 64 * 2 :], ">u2").reshape(48, 64), "uint16", 1),
    "pfm": (pfm, lambda data: np.frombuffer(data[-48 * 64 * 4 :], "<f4").reshape(48, 64)[::-1], "float32", 1),
    "ppm": (pillow("PPM"), lambda data: np.asarray(Image.open(io.BytesIO(data))), "uint8", 3),
    "tga": (pillow("TGA"), lambda data: np.asarray(Image.open(io.BytesIO(data))), "uint8", 4),
    "qoi": (imagecodecs.qoi_encode, imagecodecs.qoi_decode, "uint8", 4),
    "jp2": (lambda pixels: imagecodecs.jpeg2k_encode(pixels, level=0, reversible=True), imagecodecs.jpeg2k_decode,
            "uint16", 3),
    "jxl": (lambda pixels: imagecodecs.jpegxl_encode(pixels, lossless=True), imagecodecs.jpegxl_decode, "float32", 3),
}  # fmt: skip


@pytest.fixture
def pixels(grey):
    """Return a function from type and channels to a picture, (48, 64[, C])."""

    def make(dtype, channels):
        values = np.dstack([np.roll(grey, number, 1) for number in range(channels)])
        scale = {"uint8": 1, "uint16": 200, "float32": 0.01}[dtype]
        return (values[..., 0] if channels == 1 else values).astype(dtype) * np.dtype(dtype).type(scale)

    return make


@pytest.fixture(autouse=True)
def mask(run):
    hole = np.zeros((48, 64), np.uint8)
    hole[HOLE] = 255
    Image.fromarray(hole).save("m.png")
    return hole > 0


@pytest.mark.parametrize("name", FORMATS)
def test_every_known_sample_comes_back_in_the_same_format(run, pixels, mask, name):
    encode, decode, dtype, channels = FORMATS[name]
    image = pixels(dtype, channels)
    Path(f"a.{name}").write_bytes(encode(image))
    ok(run("inpaint", f"a.{name}", "--mask", "m.png", *QUICK))
    restored = decode(Path(f"a_restored.{name}").read_bytes())
    assert restored.shape == image.shape
    assert restored.dtype.name == dtype
    assert (restored[~mask] == image[~mask]).all()
    assert (restored[mask] != image[mask]).any()
    if channels < 4:
        ok(run("inpaint", f"a.{name}", "--mask", "m.png", "-o", "b.tif", *QUICK))
        assert (tifffile.imread("b.tif") == restored).all()


@pytest.mark.parametrize("name", ["gif", "avif"])
def test_what_is_only_read_becomes_a_png(run, pixels, mask, name):
    image = pixels("uint8", 1 if name == "gif" else 3)
    data = pillow(name.upper())(image)
    Path(f"a.{name}").write_bytes(data)
    ok(run("inpaint", f"a.{name}", "--mask", "m.png", *QUICK))
    restored = read("a_restored.png")
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("L" if restored.ndim == 2 else "RGB"))
    assert (restored[~mask] == expected[~mask]).all()
    refused(
        run("inpaint", f"a.{name}", "--mask", "m.png", "-o", f"b.{name}"), f"cannot write '.{name}' files; use .png"
    )


def test_pixels_that_a_format_cannot_hold_are_refused_before_the_work(run, pixels):
    Image.fromarray(pixels("uint8", 4)).save("a.png")
    for name, lack in (("pgm", "3 channels and alpha"), ("ppm", "3 channels and alpha"), ("pfm", "uint8 samples")):
        refused(run("inpaint", "a.png", "--mask", "m.png", "-o", f"b.{name}"), f"{name.upper()} cannot hold {lack}")


def test_a_tga_goes_through_standard_input_and_output(pixels, mask):
    image = pixels("uint8", 3)
    ask = [sys.executable, "-m", "inrr_cli", "inpaint", "-", "--mask", "m.png", "-o", "-", *map(str, QUICK)]
    for name in ("tga", "qoi"):
        encode, decode, *_ = FORMATS[name]
        done = subprocess.run([*ask, "--format", name], input=encode(image), capture_output=True, check=True)
        assert (decode(done.stdout)[~mask] == image[~mask]).all()
    cut = subprocess.run([*ask, "--format", "png"], input=encode(image)[:-300], capture_output=True)
    assert cut.returncode == 2
    assert cut.stdout == b""
    assert cut.stderr.count(b"\n") == 1


def test_masks_may_have_these_formats(run, grey, mask):
    Image.fromarray(grey).save("a.png")
    Image.fromarray(mask).save("m.pbm")  # ink is black
    Path("m.pgm").write_bytes(b"P5\n64 48\n1\n" + mask.astype(np.uint8).tobytes())
    ok(run("inpaint", "a.png", "--mask", "m.pgm", "-o", "b.png", *QUICK))
    ok(run("inpaint", "a.png", "--mask", "m.pbm", "-o", "c.png", *QUICK))
    assert (read("b.png") == read("c.png")).all()
    assert (read("b.png")[~mask] == grey[~mask]).all()
