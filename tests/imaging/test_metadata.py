"""Metadata survives reading and writing, field by field."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from image_checks import change_hole, tags_of
from PIL import Image, ImageOps
from sample_files import PROFILE, SIZE, exif, pillow_bytes, png, png_chunks, samples_of, tiff

from inrr_cli.errors import InputError
from inrr_cli.imaging.metadata import PixelTransform
from inrr_cli.imaging.orientation import read_orientation, reset_orientation
from inrr_cli.imaging.reading import decode
from inrr_cli.imaging.writing import encode

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
GEO = [
    (33550, 12, 3, (0.5, 0.25, 0.0), True),
    (33922, 12, 6, (0.0, 0.0, 0.0, 440720.0, 3751320.0, 0.0), True),
    (34735, 3, 8, (1, 1, 0, 1, 1024, 0, 1, 1), True),
    (34736, 12, 2, (6378137.0, 298.257223563), True),
    (34737, 2, 8, "WGS 84|", True),
    (42112, 2, 30, "<GDALMetadata></GDALMetadata>", True),
    (42113, 2, 6, "-9999", True),
]
OTHERS = [
    (269, 2, 4, "doc", True),
    (271, 2, 6, "Maker", True),
    (305, 2, 9, "software", True),
    (700, 1, len(XMP), XMP, True),
    (33723, 7, 5, b"\x1c\x02\0\0\0", True),
    (34377, 7, 4, b"8BIM", True),
    (34675, 7, len(PROFILE), PROFILE, True),
    (65000, 5, 2, (1, 3, 22, 7), True),
    (65001, 10, 1, (-1, 3), True),
    (65002, 11, 3, (1.5, -2.5, 0.125), True),
]


def test_png_chunks_are_kept_unchanged_and_in_order():
    content = b"Author\0" + "Jörg".encode("latin-1")
    chunks = [
        (b"gAMA", struct.pack(">I", 45455)),
        (b"iCCP", b"profile\0\0" + zlib.compress(PROFILE)),
        (b"sBIT", b"\x0c\x0c\x0c"),
        (b"bKGD", bytes(6)),
        (b"pHYs", struct.pack(">IIB", 11811, 5906, 1)),
        (b"eXIf", exif()[6:]),
        (b"tEXt", content),
        (b"zTXt", b"Comment\0\0" + zlib.compress(b"long")),
        (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
        (b"tIME", bytes([7, 234, 1, 2, 3, 4, 5])),
        (b"prVt", b"private"),
    ]
    data = png(samples_of("uint16", (*SIZE, 3)), 16, 2, chunks)
    picture = decode(data, Path("a"))
    assert picture.metadata.icc_profile == PROFILE
    assert picture.metadata.xmp == XMP
    assert picture.metadata.dpi == pytest.approx((300, 150), abs=0.02)
    written = encode(picture, "PNG", texts={"inrr": "what was done"})
    found = [part for part in png_chunks(written) if part[0] not in (b"IHDR", b"IDAT", b"IEND")]
    assert found == [*chunks, (b"tEXt", b"inrr\0what was done")]
    assert Image.open(io.BytesIO(written)).text["inrr"] == "what was done"


def test_chunks_that_belong_to_a_palette_are_left_out_with_it():
    chunks = [(b"PLTE", bytes(range(12))), (b"bKGD", b"\1"), (b"hIST", bytes(8)), (b"tEXt", b"Title\0t")]
    data = png(samples_of("uint8", (*SIZE, 1)) % 4, 8, 3, chunks)
    names = [name for name, _ in png_chunks(change_hole(data))]
    assert names == [b"IHDR", b"tEXt", b"IDAT", b"IEND"]


@pytest.mark.parametrize(
    "options", [{}, {"bigtiff": True}, {"byteorder": ">"}, {"tile": (16, 16), "compression": "zstd"}]
)
@pytest.mark.parametrize("dtype", ["float32", "int16"])
def test_tiff_tags_are_kept_with_those_of_geotiff(options, dtype):
    data = tiff(
        samples_of(dtype, SIZE), extratags=GEO + OTHERS, description="a map", datetime="2026:01:02 03:04:05",
        resolution=((72009, 1000), (3, 7)), resolutionunit=3, **options,
    )  # fmt: skip
    picture = decode(data, Path("a"))
    assert picture.metadata.nodata == -9999
    assert picture.metadata.icc_profile == PROFILE
    written = encode(picture, "TIFF", texts={"inrr": "what was done"})
    old, new = tags_of(data), tags_of(written)
    assert new.pop(37395)[2] == b"inrr: what was done\0"
    assert new == old
    assert len(old) == len(GEO) + len(OTHERS) + 5


def test_a_text_becomes_the_description_of_a_tiff_or_a_line_of_its_history():
    first = encode(decode(tiff(samples_of("uint8", SIZE)), Path("a")), "TIFF", texts={"inrr": "once"})
    assert tags_of(first)[270][2] == b"inrr: once\0"
    second = encode(decode(first, Path("a")), "TIFF", texts={"inrr": "twice"})
    third = encode(decode(second, Path("a")), "TIFF", texts={"inrr": "thrice"})
    assert tags_of(third)[270][2] == b"inrr: once\0"
    assert tags_of(third)[37395][2] == b"inrr: twice\ninrr: thrice\0"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_read_upright_and_written_as_it_was(orientation):
    pixels = samples_of("uint8", (*SIZE, 3))
    block = exif(orientation)
    files = {
        "JPEG": pillow_bytes(np.repeat(np.repeat(pixels, 8, 0), 8, 1), "JPEG", exif=block, quality=95, subsampling=0),
        "PNG": png(pixels, 8, 2, [(b"eXIf", block[6:])]),
        "WEBP": pillow_bytes(pixels, "WEBP", exif=block, lossless=True),
        "TIFF": tiff(pixels, extratags=[(274, 3, 1, orientation, True)]),
    }
    for kind, data in files.items():
        seen = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
        picture = decode(data, Path("a"))
        assert (picture.pixels == seen).all(), kind
        written = encode(picture, kind)
        with Image.open(io.BytesIO(written)) as again:
            assert again.getexif().get(0x0112, 1) == orientation
            shown = np.asarray(ImageOps.exif_transpose(again))
        if kind != "JPEG":
            assert (shown == seen).all(), kind
        assert np.abs(shown.astype(int) - seen).mean() < 6, kind
        with Image.open(io.BytesIO(encode(picture, "PNG"))) as other:
            assert (np.asarray(ImageOps.exif_transpose(other)) == seen).all(), kind


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("sampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_written_as_jpeg_keeps_tables_sampling_and_every_segment(orientation, sampling, progressive):
    pixels = np.asarray(Image.effect_noise((64, 48), 40).convert("RGB"))
    photoshop = b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\0"
    segment = b"\xff\xed" + struct.pack(">H", len(photoshop) + 2) + photoshop
    options = {"quality": 71, "subsampling": sampling, "progressive": progressive}
    data = pillow_bytes(
        pixels, "JPEG", exif=exif(orientation), icc_profile=PROFILE, xmp=XMP, comment=b"a comment", dpi=(300, 200),
        extra=segment, **options,
    )  # fmt: skip
    picture = decode(data, Path("a"))
    with Image.open(io.BytesIO(data)) as old, Image.open(io.BytesIO(encode(picture, "JPEG"))) as new:
        assert new.quantization == old.quantization
        assert new.layer == old.layer
        assert sorted(new.applist) == sorted(old.applist)
        assert new.info == old.info
    with Image.open(io.BytesIO(encode(picture, "JPEG", quality=30))) as new:
        assert new.quantization != old.quantization
        assert new.info["exif"] == old.info["exif"]


def test_metadata_of_a_jpeg_is_written_to_other_formats():
    pixels = np.asarray(Image.effect_noise((64, 48), 40).convert("RGB"))
    data = pillow_bytes(pixels, "JPEG", exif=exif(6), icc_profile=PROFILE, xmp=XMP, dpi=(300, 200))
    picture = decode(data, Path("a"))
    for kind in ("PNG", "TIFF", "WEBP"):
        with Image.open(io.BytesIO(encode(picture, kind))) as new, Image.open(io.BytesIO(data)) as old:
            assert new.size == (48, 64)
            assert new.info["icc_profile"] == PROFILE
            assert new.info["xmp"].rstrip(b"\0") == XMP
            if kind != "WEBP":
                assert new.info["dpi"] == pytest.approx((300, 200), abs=0.02)
            one, other = old.getexif(), new.getexif()
            assert other.get(0x0112, 1) == 1
            for directory in (0x8769, 0x8825):
                assert dict(other.get_ifd(directory)) == dict(one.get_ifd(directory)) != {}
            assert (other[0x010F], other[0x0132]) == ("Maker", "2026:01:02 03:04:05")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_exif_and_gps_directories_of_a_tiff_are_kept(order, big):
    jpeg = decode(pillow_bytes(samples_of("uint8", SIZE), "JPEG", exif=exif(1, order)), Path("a"))
    data = encode(jpeg, "TIFF")
    assert data[:2] == (b"II" if order == "<" else b"MM")
    picture = decode(data, Path("a"))
    picture.metadata.details["bigtiff"] = big
    pages = [picture.pixels[::-1].copy()]
    new = encode(picture.with_pages(pages), "TIFF")
    with tifffile.TiffFile(io.BytesIO(data)) as old, tifffile.TiffFile(io.BytesIO(new)) as file:
        assert file.is_bigtiff == big
        for directory in ("ExifTag", "GPSTag"):
            assert file.pages[0].tags[directory].value == old.pages[0].tags[directory].value != {}
    with Image.open(io.BytesIO(encode(picture, "PNG"))) as out:
        assert out.getexif().get_ifd(0x8769)[0xA434] == "a lens of some length"


def test_an_enlarged_map_keeps_its_place_on_the_ground():
    data = tiff(samples_of("uint8", SIZE), extratags=GEO, resolution=(100, 100), resolutionunit=2)
    picture = decode(data, Path("a"))
    large = picture.with_pages([np.repeat(np.repeat(picture.pixels, 2, 0), 4, 1)[6:, 8:]])
    with tifffile.TiffFile(io.BytesIO(encode(large, "TIFF", transform=PixelTransform(4, 2, 8, 6)))) as file:
        tags = file.pages[0].tags
        assert tags[33550].value == (0.125, 0.125, 0.0)
        assert tags[33922].value == (-8.0, -6.0, 0.0, 440720.0, 3751320.0, 0.0)
        assert (tags[282].value, tags[283].value) == ((400, 1), (200, 1))


def test_the_resolution_of_a_rotated_picture_is_scaled_along_its_stored_axes():
    data = tiff(samples_of("uint8", SIZE), extratags=[(274, 3, 1, 6, True)], resolution=(100, 50), resolutionunit=2)
    picture = decode(data, Path("a"))
    with tifffile.TiffFile(io.BytesIO(encode(picture, "TIFF", transform=PixelTransform(4, 2)))) as file:
        assert (file.pages[0].tags[282].value, file.pages[0].tags[283].value) == ((200, 1), (200, 1))


def test_an_enlarged_map_with_a_matrix_keeps_its_place_on_the_ground():
    matrix = np.array([[0.5, 0.1, 0, 440720], [-0.1, 0.25, 0, 3751320], [0, 0, 0, 0], [0, 0, 0, 1]])
    data = tiff(samples_of("uint8", SIZE), extratags=[(34264, 12, 16, tuple(matrix.ravel()), True)])
    picture = decode(data, Path("a"))
    with tifffile.TiffFile(io.BytesIO(encode(picture, "TIFF", transform=PixelTransform(4, 2, 8, 6)))) as file:
        enlarged = np.reshape(file.pages[0].tags[34264].value, (4, 4))
    for column, row in ((0, 0), (5, 3)):  # of the enlarged map
        before = np.array([(column + 8) / 4, (row + 6) / 2, 0, 1])
        assert (enlarged @ [column, row, 0, 1])[:2] == pytest.approx((matrix @ before)[:2])


@pytest.mark.parametrize(
    "block", [None, b"", b"Exif\0\0", b"II*\0\x08\0\0\0\xff\xff", b"MM\0*\0\0\0\x08\0\1" + b"\x01\x12" * 9, b"junk"]
)
def test_damaged_exif_has_no_orientation(block):
    assert read_orientation(block) == 1


def test_resetting_the_orientation_changes_two_bytes():
    for block, order in ((exif(6), "<H"), (exif(6, ">")[6:], ">H")):
        offset = block.index(struct.pack(order, 6), block.index(struct.pack(order, 0x0112)))
        assert reset_orientation(block) == block[:offset] + struct.pack(order, 1) + block[offset + 2 :]
        assert read_orientation(reset_orientation(block)) == 1


def with_tag(tmp_path, pixels, code, value, **options):
    """Write a TIFF with another value in one tag."""
    path = tmp_path / "odd.tif"
    tifffile.imwrite(path, pixels, metadata=None, **options)
    with tifffile.TiffFile(path, mode="r+b") as file:
        file.pages[0].tags[code].overwrite(value)
    return path


def test_rgb_with_one_sample_is_reported_as_damage(tmp_path):
    path = with_tag(tmp_path, np.zeros((8, 9), np.uint8), 262, 2, photometric="minisblack")
    with pytest.raises(InputError, match=r"page 1 is RGB of 1 samples"):
        decode(path.read_bytes(), path)


@pytest.mark.parametrize("meaning", [255, (0, 0, 2)])
def test_a_further_sample_of_unknown_meaning_is_kept(tmp_path, meaning):
    pixels = np.arange(8 * 9 * 4, dtype=np.uint16).reshape(8, 9, 4)
    path = with_tag(tmp_path, pixels, 338, meaning, photometric="rgb", extrasamples=[0])
    again = decode(encode(decode(path.read_bytes(), path), "TIFF"), path)
    assert (again.page_with_alpha(0, stored_orientation=False) == pixels).all()


POINT_KEYS = (34735, 3, 8, (1, 1, 0, 1, 1025, 0, 1, 2), True)  # GTRasterTypeGeoKey = RasterPixelIsPoint
AREA_KEYS = (34735, 3, 8, (1, 1, 0, 1, 1025, 0, 1, 1), True)


def centres_on_the_ground(geotags, count, *, is_point):
    """Ground coordinates of the centres of the first pixels of a row and a column, (count, 2), by GeoTIFF's rules."""
    pixels = np.arange(count) + (0.0 if is_point else 0.5)
    if 34264 in geotags:
        matrix = np.array(geotags[34264]).reshape(4, 4)
        return np.stack([matrix[0, 0] * pixels + matrix[0, 3], matrix[1, 1] * pixels + matrix[1, 3]], 1)
    i, j, _, x, y, _ = geotags[33922]
    across, down, _ = geotags[33550]
    return np.stack([x + (pixels - i) * across, y - (pixels - j) * down], 1)


@pytest.mark.parametrize("is_point", [True, False])
@pytest.mark.parametrize("crop", [(0, 0), (6, 2)])
@pytest.mark.parametrize("as_matrix", [False, True])
def test_enlarged_pixels_lie_around_their_source_on_the_ground(is_point, crop, as_matrix):
    matrix = (10.0, 0, 0, 600000, 0, -10, 0, 5000000, 0, 0, 0, 0, 0, 0, 0, 1)
    place = [(34264, 12, 16, matrix, True)] if as_matrix else [
        (33550, 12, 3, (10.0, 10.0, 0.0), True), (33922, 12, 6, (0.0, 0.0, 0.0, 600000.0, 5000000.0, 0.0), True)
    ]  # fmt: skip
    data = tiff(samples_of("uint8", (6, 7)), extratags=[*place, POINT_KEYS if is_point else AREA_KEYS])
    picture = decode(data, Path("a.tif"))
    large = picture.with_pages([np.zeros((20, 16), np.uint8)])
    transform = PixelTransform(4.0, 4.0, left=crop[0], top=crop[1])
    with tifffile.TiffFile(io.BytesIO(encode(large, "TIFF", transform=transform))) as file:
        after = {tag.code: tag.value for tag in file.pages[0].tags}
    before = {code: value for code, _, _, value, _ in place}
    source = centres_on_the_ground(before, 3, is_point=is_point)
    fine = centres_on_the_ground(after, 12, is_point=is_point)
    first = -np.array(crop) % 4  # of the first source pixel that lies in the crop as a whole
    number = (np.array(crop) + first) // 4
    for axis in (0, 1):
        start = first[axis]
        assert fine[start : start + 4, axis].mean() == pytest.approx(source[number[axis], axis])
    if is_point and not as_matrix and crop == (0, 0):
        assert after[33550][:2] == (2.5, 2.5)
        assert after[33922] == (0, 0, 0, 599996.25, 5000003.75, 0)
