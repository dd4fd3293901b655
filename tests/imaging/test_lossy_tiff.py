"""TIFFs whose samples come through YCbCr or a JPEG of twelve bits."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from image_checks import assert_only_hole_differs, change_hole
from PIL import Image
from sample_files import SIZE

from inrr_cli import InputError
from inrr_cli.imaging.reading import decode
from inrr_cli.imaging.writing import encode

SMOOTH = np.add.outer(np.arange(SIZE[0]) * 5, np.arange(SIZE[1]) * 6).astype(np.uint8)
SMOOTH_RGB = np.dstack([SMOOTH, SMOOTH[::-1], SMOOTH[:, ::-1]])


@pytest.mark.parametrize("options", [{}, {"compression": "lzw"}, {"compression": "zlib", "tile": (16, 16)}])
def test_a_ycbcr_tiff_is_read_as_pillow_decodes_it(options):
    chroma = np.asarray(Image.fromarray(SMOOTH_RGB).convert("YCbCr"))
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for page in (chroma, chroma[::-1]):
            writer.write(page, photometric="ycbcr", metadata=None, description="a page", **options)
    picture = decode(buffer.getvalue(), Path("a"))
    assert picture.metadata.lossy
    with Image.open(io.BytesIO(buffer.getvalue())) as image:
        for number, page in enumerate(picture.pages):
            image.seek(number)
            assert (page == np.asarray(image.convert("RGB"))).all()
            assert np.abs(page.astype(int) - (SMOOTH_RGB, SMOOTH_RGB[::-1])[number]).max() < 4
    with tifffile.TiffFile(io.BytesIO(encode(picture, "TIFF"))) as file:
        assert [page.photometric for page in file.pages] == [2, 2]
        assert (file.pages[1].asarray() == picture.pages[1]).all()
        assert file.pages[0].description == "a page"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("options", [{}, {"compression": "lzw"}])
def test_a_turned_ycbcr_tiff_is_read_upright(orientation, options):
    pictures = []
    for kind, mode in (("ycbcr", "YCbCr"), ("rgb", "RGB")):
        samples, buffer = np.asarray(Image.fromarray(SMOOTH_RGB).convert(mode)), io.BytesIO()
        tags = [(274, 3, 1, orientation, True)]
        tifffile.imwrite(buffer, samples, photometric=kind, metadata=None, extratags=tags, **options)
        pictures.append(decode(buffer.getvalue(), Path("a")))
    one, other = (picture.pixels.astype(int) for picture in pictures)
    assert one.shape == other.shape
    assert np.abs(one - other).max() < 4
    assert (decode(encode(pictures[0], "TIFF"), Path("a")).pixels == one).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_a_tiff_with_a_jpeg_of_twelve_bits_is_read(channels):
    samples = (SMOOTH if channels == 1 else SMOOTH_RGB).astype(np.uint16) * 16
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer, samples, compression="jpeg", compressionargs={"bitspersample": 12, "level": 98}, bitspersample=12,
        photometric="minisblack" if channels == 1 else "rgb", metadata=None,
    )  # fmt: skip
    picture = decode(buffer.getvalue(), Path("a"))
    assert picture.metadata.lossy
    assert np.abs(picture.pixels.astype(int) - samples).max() < 300
    new = tifffile.imread(io.BytesIO(change_hole(buffer.getvalue())))
    assert_only_hole_differs(new, picture.pixels)


def subsampled(samples, compression):
    """Return a YCbCr TIFF with a sample of chroma for each 2 x 2 pixels of RGB samples (M, N, 3), M and N even."""
    luma, blue, red = np.moveaxis(np.asarray(Image.fromarray(samples).convert("YCbCr")), 2, 0)
    rows, columns = luma.shape
    squares = luma.reshape(rows // 2, 2, columns // 2, 2).transpose(0, 2, 1, 3).reshape(rows // 2, columns // 2, 4)
    data = np.dstack([squares, blue[::2, ::2], red[::2, ::2]]).tobytes()
    data = zlib.compress(data) if compression == 8 else data
    tags = [(256, columns), (257, rows), (258, 0), (259, compression), (262, 6), (273, 0), (277, 3), (278, rows),
            (279, len(data)), (284, 1), (530, 2 | 2 << 16)]  # fmt: skip
    end = 8 + 2 + 12 * len(tags) + 4
    values = {258: (3, 3, end), 273: (4, 1, end + 6), 279: (4, 1, len(data)), 530: (3, 2, 2 | 2 << 16)}
    entries = [struct.pack("<HHII", tag, *values.get(tag, (3, 1, value))) for tag, value in tags]
    directory = struct.pack("<H", len(tags)) + b"".join(entries) + bytes(4)
    return b"II*\0" + struct.pack("<I", 8) + directory + struct.pack("<3H", 8, 8, 8) + data


def test_chroma_of_fewer_samples_is_read_where_pillow_can():
    samples = SMOOTH_RGB[:20]
    pixels = decode(subsampled(samples, 8), Path("a")).pixels
    assert np.abs(pixels.astype(int) - samples).mean() < 12
    with pytest.raises(InputError, match="page 1 is YCbCr with fewer samples of chroma; convert it to RGB"):
        decode(subsampled(samples, 1), Path("a"))
