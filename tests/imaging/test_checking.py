"""A file that does not hold what was meant is not written."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image
from sample_files import SIZE, png, samples_of, tiff

from inrr_cli.errors import EncodingError
from inrr_cli.imaging.checking import check_encoded
from inrr_cli.imaging.formats import load_format
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.reading import read_picture
from inrr_cli.imaging.writing import FORMATS, encode, write_picture

GREY = samples_of("uint8", SIZE)


def picture_of(*pages):
    return Picture.of(pages[0]).with_pages(list(pages), [None] * len(pages))


@pytest.mark.parametrize("kind", sorted(set(FORMATS.values())))
def test_other_sizes_channels_and_cut_files_are_noticed(kind):
    dtype, channels = ("float32" if kind == "PFM" else "uint8"), (1 if kind == "PGM" else 3)
    samples = samples_of(dtype, (*SIZE, 3))
    pixels, another = (samples[..., 0], samples) if channels == 1 else (samples, samples[..., 0])
    data = encode(Picture.of(pixels), kind)
    check_encoded(data, kind, Picture.of(pixels))
    for other in (pixels[1:], pixels[:, :-1], another):
        with pytest.raises(EncodingError, match=f"{kind} that was made .* nothing was written"):
            check_encoded(data, kind, Picture.of(other))
    with pytest.raises(EncodingError, match="cannot be read"):
        check_encoded(data[:9], kind, Picture.of(pixels))


@pytest.mark.parametrize("kind", ["TIFF", "PNG", "NPY", "PGM", "JPEG2000", "JPEGXL"])
def test_another_type_is_noticed(kind):
    data = encode(Picture.of(GREY), kind)
    with pytest.raises(EncodingError, match=r"is 18 x 21, 1 of uint8, not 18 x 21, 1 of uint16|shape"):
        check_encoded(data, kind, Picture.of(GREY.astype(np.uint16)))


def test_a_tiff_with_other_pages_or_series_is_noticed():
    stack = samples_of("uint16", (3, *SIZE))
    for data, message in [
        (tiff(stack, pages=True), "has 3 pages, not 2"),
        (tiff(stack[:2], pages=True)[:-200], "cannot be read"),
        (tiff(stack[:2], pages=True, metadata={}).replace(b'"shape": [2', b'"shape": [3'), "cannot be read"),
    ]:
        with pytest.raises(EncodingError, match=message):
            check_encoded(data, "TIFF", picture_of(*stack[:2]))


def test_a_damaged_png_is_noticed():
    data = bytearray(png(GREY[..., None], 8, 0))
    data[60] ^= 1
    with pytest.raises(EncodingError, match="chunk 'IDAT' is damaged"):
        check_encoded(bytes(data), "PNG", Picture.of(GREY))


def test_nothing_is_written_if_the_file_is_wrong(tmp_path, monkeypatch):
    path = tmp_path / "a.tif"
    path.write_bytes(b"old")
    writer = load_format("tiff_writer")
    monkeypatch.setattr(writer, "write", lambda picture, text, transform: tiff(GREY[1:]))
    with pytest.raises(EncodingError, match="page 1 of the TIFF that was made is 18 x 20"):
        write_picture(path, Picture.of(GREY))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_opaque_webp_and_turned_pictures_pass(tmp_path):
    alpha = np.full(SIZE, 255, np.uint8)
    picture = Picture([samples_of("uint8", (*SIZE, 3))], [alpha], Picture.of(GREY).metadata)
    assert Image.open(io.BytesIO(encode(picture, "WEBP"))).size == SIZE[::-1]
    turned = tiff(GREY, extratags=[(274, 3, 1, 6, True)])
    (tmp_path / "a.tif").write_bytes(turned)
    picture = read_picture(tmp_path / "a.tif")
    assert tifffile.imread(io.BytesIO(encode(picture, "TIFF"))).shape == SIZE
    assert Image.open(io.BytesIO(encode(picture, "PNG"))).size == SIZE
