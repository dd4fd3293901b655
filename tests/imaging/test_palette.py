"""PNGs with a palette, read as indices."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inrr_cli.imaging.formats.png import PALETTE, read, read_chunks, write
from inrr_cli.imaging.reading import decode


def palette_png(bits, **options):
    """Random indices (9, 13), and a PNG of them with a palette and its transparency."""
    rng = np.random.default_rng(bits)
    indices = rng.integers(0, 2**bits, (9, 13), np.uint8)
    image = Image.fromarray(indices)
    image.putpalette(rng.integers(0, 256, 3 * 2**bits).astype(np.uint8).tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "PNG", bits=bits, transparency=bytes([0] + [255] * (2**bits - 1)), **options)
    return indices, buffer.getvalue()


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_indices_come_back_with_their_palette(bits):
    indices, data = palette_png(bits, dpi=(200, 200))
    picture = read(data, indices=True)
    assert picture.alpha == [None]
    assert (picture.pixels == indices).all()
    again = write(picture, {"inrr": "text"})
    before, after = dict(read_chunks(data)), dict(read_chunks(again))
    assert after[b"IHDR"] == before[b"IHDR"]
    assert struct.unpack(">B", after[b"IHDR"][9:10]) == (PALETTE,)
    for name in (b"PLTE", b"tRNS", b"pHYs"):
        assert after[name] == before[name]
    names = [name for name, _ in read_chunks(again)]
    assert names.index(b"PLTE") < names.index(b"tRNS") < names.index(b"IDAT")
    opened = Image.open(io.BytesIO(again))
    assert (np.asarray(opened) == indices).all()
    assert (np.asarray(opened.convert("RGBA")) == np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))).all()


def test_colours_are_read_without_indices():
    _, data = palette_png(4)
    picture = decode(data, Path("a.png"))
    assert picture.pixels.shape == (9, 13, 3)
    assert picture.alpha[0] is not None


def test_other_files_have_no_indices():
    rng = np.random.default_rng(0)
    for kind, shape in (("PNG", (9, 13)), ("PNG", (9, 13, 3)), ("BMP", (9, 13, 3))):
        pixels, buffer = rng.integers(0, 256, shape).astype(np.uint8), io.BytesIO()
        Image.fromarray(pixels).save(buffer, kind)
        assert (decode(buffer.getvalue(), Path("a"), indices=True).pixels == pixels).all()
