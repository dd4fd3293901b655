"""PGM, PPM, PFM, TGA, QOI, GIF, JPEG 2000, JPEG XL and AVIF."""

import io
from contextlib import suppress
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from image_checks import HOLE, assert_only_hole_differs
from PIL import Image
from sample_files import PROFILE, SIZE, exif, pillow_bytes, samples_of

from inrr_cli import InputError
from inrr_cli.imaging.reading import decode, read_picture
from inrr_cli.imaging.writing import check_holds, encode, lossless_suffix

GREY, GREY_ALPHA, RGB, RGBA = (samples_of("uint8", (*SIZE, n) if n > 1 else SIZE) for n in (1, 2, 3, 4))
DEEP = {n: samples_of("uint16", (*SIZE, n) if n > 1 else SIZE) for n in (1, 2, 3, 4)}
TWELVE = DEEP[3] % 4096
FLOAT, FLOATS = samples_of("float32", SIZE), samples_of("float32", (*SIZE, 3))
SMOOTH = np.add.outer(np.arange(SIZE[0]) * 5, np.arange(SIZE[1]) * 6).astype(np.uint8)
SMOOTH_RGB = np.dstack([SMOOTH, SMOOTH[::-1], SMOOTH[:, ::-1]])


def netpbm(letter, samples, last="", comment=""):
    """Return a PGM, PPM or PFM of samples in the byte order that they have."""
    stored = samples[::-1] if letter in "fF" else samples
    last = f"{last}\n" if last else ""
    return f"P{letter}\n{comment}{SIZE[1]} {SIZE[0]}\n{last}".encode() + stored.tobytes()


def jpeg2000(samples, **options):
    return imagecodecs.jpeg2k_encode(samples, level=0, reversible=True, **options)


def jpegxl(samples):
    return imagecodecs.jpegxl_encode(samples, lossless=True)


def gif(samples, **options):
    return pillow_bytes(samples, "GIF", **options)


def read_netpbm(data):
    """Decode PGM, PPM and PFM without the code under test: the samples are the last bytes."""
    letter, (columns, rows) = data[1:2], map(int, data.split(b"\n")[1].split())
    last = float(data.split(b"\n")[2])
    dtype = np.dtype(("<f4" if last < 0 else ">f4") if letter in b"fF" else "u1" if last < 256 else ">u2")
    channels = 3 if letter in b"6F" else 1
    samples = np.frombuffer(data[-rows * columns * channels * dtype.itemsize :], dtype).reshape(rows, columns, channels)
    samples = (samples[::-1] if letter in b"fF" else samples).astype(dtype.newbyteorder("="))
    return samples[..., 0] if channels == 1 else samples


def read_by_pillow(data):
    return np.asarray(Image.open(io.BytesIO(data)))


LOSSLESS = {  # file, samples, format, how to read what comes back
    "pgm": (netpbm("5", GREY, 255), GREY, "PGM", read_netpbm),
    "pgm 16": (netpbm("5", DEEP[1].astype(">u2"), 65535), DEEP[1], "PGM", read_netpbm),
    "pgm of 10 bits": (netpbm("5", (DEEP[1] % 1024).astype(">u2"), 1023), DEEP[1] % 1024, "PGM", read_netpbm),
    "pgm of 4 bits": (netpbm("5", GREY % 16, 15), GREY % 16, "PGM", read_netpbm),
    "ppm": (netpbm("6", RGB, 255, "# by hand\n"), RGB, "PPM", read_netpbm),
    "ppm 16": (netpbm("6", DEEP[3].astype(">u2"), 65535), DEEP[3], "PPM", read_netpbm),
    "pfm": (netpbm("f", FLOAT.astype("<f4"), -1.0), FLOAT, "PFM", read_netpbm),
    "pfm, big-endian": (netpbm("F", FLOATS.astype(">f4"), 2.5), FLOATS, "PFM", read_netpbm),
    **{f"tga {n}": (pillow_bytes(s, "TGA"), s, "TGA", read_by_pillow)
       for n, s in enumerate((GREY, GREY_ALPHA, RGB, RGBA))},
    "tga, packed": (pillow_bytes(RGB // 99, "TGA", compression="tga_rle"), RGB // 99, "TGA", read_by_pillow),
    "tga, upward": (pillow_bytes(RGBA, "TGA", orientation=1, id_section=b"a name"), RGBA, "TGA", read_by_pillow),
    "qoi": (imagecodecs.qoi_encode(RGB), RGB, "QOI", imagecodecs.qoi_decode),
    "qoi, alpha": (imagecodecs.qoi_encode(RGBA), RGBA, "QOI", imagecodecs.qoi_decode),
    **{f"jp2 {s.shape} {s.dtype}": (jpeg2000(s), s, "JPEG2000", imagecodecs.jpeg2k_decode)
       for s in (GREY, GREY_ALPHA, RGB, RGBA, *DEEP.values())},
    "jp2 of 12 bits": (jpeg2000(TWELVE, bitspersample=12), TWELVE, "JPEG2000", imagecodecs.jpeg2k_decode),
    "j2k": (jpeg2000(RGB, codecformat="j2k"), RGB, "JPEG2000", imagecodecs.jpeg2k_decode),
    **{f"jxl {s.shape} {s.dtype}": (jpegxl(s), s, "JPEGXL", imagecodecs.jpegxl_decode)
       for s in (GREY, GREY_ALPHA, RGB, RGBA, *DEEP.values(), FLOAT, FLOATS)},
}  # fmt: skip
OTHERS = {  # what is read only, or not without loss
    "gif": gif(GREY),
    "avif": pillow_bytes(SMOOTH_RGB, "AVIF", quality=95),
    "jp2, lossy": pillow_bytes(SMOOTH_RGB, "JPEG2000", irreversible=True),
    "jxl, lossy": imagecodecs.jpegxl_encode(SMOOTH_RGB, level=90),
    "pgm, text": netpbm("2", np.frombuffer(b" ".join(b"%d" % v for v in GREY.flat), np.uint8), 255),
    "pbm": netpbm("4", np.packbits(GREY > 99, axis=1)),
}
ALL = {name: case[0] for name, case in LOSSLESS.items()} | OTHERS


def suffix_of(name):
    return Path("a.tga") if name.startswith("tga") else Path("a")


@pytest.mark.parametrize("name", LOSSLESS)
def test_known_samples_type_and_alpha_come_back(name):
    data, samples, kind, read = LOSSLESS[name]
    picture = decode(data, suffix_of(name))
    assert picture.metadata.format == kind
    assert not picture.metadata.lossy
    assert (picture.alpha[0] is not None) == (samples.ndim == 3 and samples.shape[2] in (2, 4))
    assert picture.page_with_alpha(0, stored_orientation=True).tobytes() == samples.tobytes()
    pages = [picture.pixels.copy()]
    pages[0][HOLE] = pages[0][HOLE][::-1, ::-1]
    new = encode(picture.with_pages(pages), kind)
    assert_only_hole_differs(read(new), samples)
    assert len(new) == len(data) or kind in ("TGA", "QOI", "JPEG2000", "JPEGXL", "PPM", "PFM")


@pytest.mark.parametrize("name", LOSSLESS)
def test_the_output_has_the_format_of_the_input(name):
    data, _, kind, _ = LOSSLESS[name]
    picture = decode(data, suffix_of(name))
    suffix = lossless_suffix(picture, Path("misnamed.xyz"))
    assert suffix == "." + {"JPEG2000": "jp2", "JPEGXL": "jxl"}.get(kind, kind.lower())
    check_holds(kind, Path("a"), picture)


@pytest.mark.parametrize("name", ALL)
def test_cut_files_are_refused_in_one_line(name):
    data = ALL[name]
    for length in (3, 11, 20, len(data) // 3, len(data) * 2 // 3, len(data) - 40):
        with pytest.raises(InputError) as caught:
            decode(data[:length], suffix_of(name))
        assert "\n" not in str(caught.value)
        assert str(caught.value).startswith(str(suffix_of(name)))


@pytest.mark.parametrize("name", ALL)
def test_damaged_files_are_read_or_refused(name):
    rng = np.random.default_rng(0)
    for _ in range(40):
        data = bytearray(ALL[name])
        for at in rng.integers(0, rng.choice((30, 150, len(data))), rng.integers(1, 4)):
            data[min(at, len(data) - 1)] = rng.integers(256)
        with suppress(InputError):
            decode(bytes(data), suffix_of(name), 10**6)


@pytest.mark.parametrize("name", ALL)
def test_the_first_bytes_decide_and_not_the_name(name, tmp_path):
    for suffix in (".png", ".jpg", ".tif", ""):
        if name.startswith("tga") and not ALL[name].endswith(b"TRUEVISION-XFILE.\0"):
            continue
        path = tmp_path / f"a{suffix}"
        path.write_bytes(ALL[name])
        assert read_picture(path).pixels.shape[:2] == SIZE


@pytest.mark.parametrize("name", ALL)
def test_the_number_of_pixels_is_checked_before_they_are_decoded(name, monkeypatch):
    with pytest.raises(InputError, match="18 x 21 pixels are more than 300; see --max-pixels"):
        decode(ALL[name], suffix_of(name), 300)
    monkeypatch.setattr("inrr_cli.imaging.reading.free_memory", lambda: SIZE[0] * SIZE[1] - 1)
    with pytest.raises(InputError, match=r"needs 0\.0 GB of memory"):
        decode(ALL[name], suffix_of(name))


@pytest.mark.parametrize("shape", [(8, 8), (256, 16), (257, 100), (300, 1200), (600, 600), (100, 120), (10, 9000)])
def test_the_size_of_a_jpeg_xl_is_read_from_its_header(shape):
    for dtype in ("uint8", "uint16"):  # without and with a container
        data = jpegxl(np.zeros(shape, dtype))
        with pytest.raises(InputError, match=f"a: {shape[1]} x {shape[0]} pixels are more than 9"):
            decode(data, Path("a"), 9)


def test_a_tga_without_footer_needs_its_name(tmp_path):
    data = pillow_bytes(RGB, "TGA")[:-26]
    assert decode(data, Path("a.TGA")).metadata.format == "TGA"
    with pytest.raises(InputError, match="a: not an image that can be read"):
        decode(data, Path("a"))


def test_text_and_bits_of_netpbm():
    for name, expected in (("pgm, text", GREY), ("pbm", np.where(GREY > 99, 0, 255))):
        assert (decode(OTHERS[name], Path("a")).pixels == expected).all()
    assert lossless_suffix(decode(OTHERS["pgm, text"], Path("a")), Path("a.pgm")) == ".pgm"
    assert lossless_suffix(decode(OTHERS["pbm"], Path("a")), Path("a.pbm")) == ".png"
    bits = " ".join(map(str, (GREY > 99).astype(int).flat))
    assert (decode(f"P1 18 21\n{bits}".encode(), Path("a")).pixels == np.where(GREY > 99, 0, 255)).all()


def test_what_netpbm_cannot_mean_is_refused():
    for data, message in [
        (netpbm("5", GREY, 255) + netpbm("5", GREY, 255), "holds several pictures; give one of them"),
        (netpbm("5", GREY, 100), "a sample is not within 0 and the 100"),
        (netpbm("5", GREY, 70000), "white is 70000, not 1 to 65535"),
        (b"P5\n0 4\n255\n", "has no pixels"),
        (b"P2\n2 2\n255\n1 2 3", "holds 3 samples, not 4"),
        (b"P7\nWIDTH 4\n", "is PAM, which cannot be read here"),
    ]:
        with pytest.raises(InputError, match=message):
            decode(data, Path("a"))


def test_comments_of_netpbm_are_reported():
    assert decode(LOSSLESS["ppm"][0], Path("a")).metadata.left_out == ("the comments",)
    assert decode(LOSSLESS["pgm"][0], Path("a")).metadata.left_out == ()


def test_filled_samples_stay_below_the_white_of_a_pgm():
    picture = decode(netpbm("5", (DEEP[1] % 1024).astype(">u2"), 1023), Path("a"))
    brighter = picture.pixels.copy()
    brighter[HOLE] = 2000
    new = encode(picture.with_pages([brighter]), "PGM")
    assert read_netpbm(new).max() == 1023
    assert read_by_pillow(new).shape == SIZE


def test_gif_and_avif_are_read_as_pillow_reads_them():
    for clear, mode in ((None, "L"), (GREY[0, 0], "LA")):
        data = gif(GREY) if clear is None else gif(GREY, transparency=int(clear))
        picture = decode(data, Path("a"))
        expected = np.asarray(Image.open(io.BytesIO(data)).convert(mode))
        assert (picture.page_with_alpha(0, stored_orientation=True) == expected).all()
    indexed = Image.fromarray(RGB).quantize(64)
    buffer = io.BytesIO()
    indexed.save(buffer, "GIF")
    picture = decode(buffer.getvalue(), Path("a"))
    assert (picture.pixels == np.asarray(indexed.convert("RGB"))).all()
    assert lossless_suffix(picture, Path("a.gif")) == ".png"
    for samples in (SMOOTH, SMOOTH_RGB, np.dstack([SMOOTH_RGB, SMOOTH])):
        data = pillow_bytes(samples, "AVIF", quality=90, icc_profile=PROFILE)
        picture = decode(data, Path("a"))
        assert np.abs(picture.pixels.astype(int) - (samples if samples.ndim == 2 else samples[..., :3])).max() < 20
        assert (picture.alpha[0] is not None) == (samples.ndim == 3 and samples.shape[2] == 4)
        assert picture.metadata.lossy
        assert picture.metadata.icc_profile == PROFILE
        assert lossless_suffix(picture, Path("a.avif")) == ".png"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_avif_is_read_upright(orientation):
    data = pillow_bytes(SMOOTH_RGB, "AVIF", quality=95, exif=exif(orientation))
    expected = pillow_bytes(SMOOTH_RGB, "PNG", exif=exif(orientation))
    one, other = (decode(file, Path("a")).pixels.astype(int) for file in (data, expected))
    assert one.shape == other.shape
    assert np.abs(one - other).max() < 20
    png = decode(encode(decode(data, Path("a")), "PNG"), Path("a")).pixels
    assert (png == one).all()


def test_an_avif_of_ten_bits_becomes_one_of_sixteen():
    deep = SMOOTH_RGB.astype(np.uint16) * 4
    picture = decode(imagecodecs.avif_encode(deep, bitspersample=10, level=100), Path("a"))
    assert picture.pixels.dtype == np.uint16
    assert np.abs(picture.pixels / 65535 - deep / 1023).max() < 0.02


def test_the_profile_of_a_jpeg_2000_is_read_and_other_boxes_are_named():
    data = jpeg2000(RGB)
    at = data.index(b"jp2h") - 4
    colours = (len(PROFILE) + 11).to_bytes(4, "big") + b"colr\2\0\0" + PROFILE
    old = int.from_bytes(data[at : at + 4], "big")
    header = (old - 15 + len(colours)).to_bytes(4, "big") + data[at + 4 : at + old - 15] + colours
    note = (20).to_bytes(4, "big") + b"xml <a>hello</a>"[:16]
    picture = decode(data[:at] + header + data[at + old :] + note, Path("a"))
    assert picture.metadata.icc_profile == PROFILE
    assert picture.metadata.left_out == ("the boxes xml",)
    assert Image.open(io.BytesIO(encode(picture, "PNG"))).info["icc_profile"] == PROFILE


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (gif(GREY, save_all=True, append_images=[Image.fromarray(GREY[::-1])]), "animation of 2 frames; give one"),
        (imagecodecs.avif_encode(np.stack([RGB, RGB[::-1]])), "animation of 2 frames; give one"),
        (imagecodecs.jpegxl_encode(np.stack([RGB, RGB[::-1]]), photometric="rgb"), "animation .*; give one"),
    ],
    ids=["gif", "avif", "jxl"],
)
def test_animations_are_refused(data, message):
    with pytest.raises(InputError, match=message):
        decode(data, Path("a"))


def test_a_jpeg_2000_of_cmyk_is_refused():
    data = jpeg2000(RGBA)
    at = data.index(b"colr\1\0\0") + 7
    with pytest.raises(InputError, match="its pixels are CMYK; convert them"):
        decode(data[:at] + b"\0\0\0\x0c" + data[at + 4 :], Path("a"))


def test_metadata_that_a_plain_format_cannot_hold_is_named():
    from inrr_cli.cli.outputs import lost_metadata

    picture = decode(pillow_bytes(SMOOTH_RGB, "AVIF", exif=exif(), icc_profile=PROFILE), Path("a"))
    assert lost_metadata(picture.metadata, "PNG") == []
    assert lost_metadata(picture.metadata, "JPEGXL") == ["ICC profile", "EXIF"]
