import io
import os

import numpy as np
import pytest
from PIL import Image

from inrr_cli import InputError
from inrr_cli.imaging.atomic import write_all_atomically, write_atomically
from inrr_cli.imaging.metadata import Metadata
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.reading import read_picture
from inrr_cli.imaging.writing import check_destination, check_holds, write_picture


@pytest.mark.parametrize("fixture", ["grey", "colour"])
def test_png_keeps_pixels_and_profile(tmp_path, request, fixture):
    pixels = request.getfixturevalue(fixture)
    path = tmp_path / "a.png"
    write_picture(path, Picture([pixels], [None], Metadata("JPEG", icc_profile=b"a colour profile")))
    read = read_picture(path)
    assert (read.pixels == pixels).all()
    assert read.pixels.dtype == np.uint8
    assert read.metadata.icc_profile == b"a colour profile"
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_jpeg_is_read_upright(tmp_path, grey):
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees clockwise
    Image.fromarray(grey).save(tmp_path / "a.jpg", exif=exif, quality=100)
    pixels = read_picture(tmp_path / "a.jpg").pixels
    assert pixels.shape == grey.shape[::-1]
    assert np.abs(pixels.astype(int) - np.rot90(grey, -1)).max() < 12


def test_unreadable_files_are_refused(tmp_path, grey):
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "empty.png").write_bytes(b"")
    Image.fromarray(grey).save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:900])
    Image.new("CMYK", (8, 8)).save(tmp_path / "cmyk.jpg")
    (tmp_path / "a.exr").write_bytes(b"v/1\1" + bytes(99))
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(99))
    for name, message in [
        ("none.png", "no such file"),
        ("text.png", "not an image"),
        ("empty.png", "is empty$"),
        ("cut.png", "damaged"),
        ("cmyk.jpg", "its pixels are CMYK; convert"),
        ("a.exr", "is OpenEXR, which cannot be read here; convert it to a .tif"),
        ("a.heic", "is HEIC, which cannot be read here; convert it"),
        (".", "is a folder"),
    ]:
        with pytest.raises(InputError, match=message):
            read_picture(tmp_path / name)


def test_pictures_larger_than_the_free_memory_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    Image.new("L", (300, 200)).save(path)  # 60,000 bytes of pixels in a small file
    for free, message in [(59_999, "a.png: needs 0.0 GB of memory"), (10, "a.png: does not fit in the 0.0 GB")]:
        monkeypatch.setattr("inrr_cli.imaging.reading.free_memory", lambda free=free: free)
        with pytest.raises(InputError, match=message):
            read_picture(path)
    monkeypatch.setattr("inrr_cli.imaging.reading.free_memory", lambda: 60_000)
    assert read_picture(path).pixels.shape == (200, 300)


def test_destinations_that_cannot_be_written_are_refused(tmp_path):
    (tmp_path / "old.png").write_bytes(b"old")
    (tmp_path / "folder.png").mkdir()
    for path, message in [
        (tmp_path / "a.gif", "cannot write '.gif'"),
        (tmp_path / "no" / "a.png", "a.png: the folder .*no does not exist; create it first$"),
        (tmp_path / "folder.png", "is a folder"),
        (tmp_path / "old.png", "--force"),
    ]:
        with pytest.raises(InputError, match=message):
            check_destination(path, force=False)
    check_destination(tmp_path / "old.png", force=True)
    check_destination(tmp_path / "new.JPG", force=False)


@pytest.mark.parametrize(
    ("shape", "dtype", "kind", "suffix"),
    [
        ((4, 5), "uint16", "JPEG", ".png"),
        ((4, 5), "float32", "PNG", ".tif"),
        ((4, 5), "int64", "TIFF", ".npy"),
        ((4, 70_000), "uint8", "JPEG", ".png"),
        ((4, 5, 7), "uint8", "WEBP", ".tif"),
    ],
)
def test_the_error_names_a_format_that_can_hold_the_picture(tmp_path, shape, dtype, kind, suffix):
    picture = Picture.of(np.zeros(shape, dtype))
    with pytest.raises(InputError, match=f"{kind} cannot hold .*; write a {suffix}$"):
        check_holds(kind, tmp_path / "a", picture)
    write_picture(tmp_path / f"a{suffix}", picture)
    assert read_picture(tmp_path / f"a{suffix}").pixels.dtype == dtype


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    path.write_bytes(b"old")

    def fail(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(InputError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_several_files_are_written_together_or_not_at_all(tmp_path, monkeypatch):
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"old")
    write_all_atomically({first: b"1", second: b"2"})
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")
    second.unlink()
    fsync, calls = os.fsync, []

    def fail_at_the_second(fd):
        calls.append(fd)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        fsync(fd)

    monkeypatch.setattr("os.fsync", fail_at_the_second)
    with pytest.raises(InputError, match=r"b: cannot write: No space left"):
        write_all_atomically({first: b"3", second: b"4"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"1"}


def test_a_file_that_appears_takes_the_new_ones_of_its_run_back(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    second.write_bytes(b"somebody else's")
    with pytest.raises(InputError, match="b: has appeared in the meantime"):
        write_all_atomically({first: b"1", second: b"2"}, replace=False)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"b": b"somebody else's"}


def test_metadata_too_large_for_a_jpeg_is_refused(tmp_path, grey):
    picture = Picture([grey], [None], Metadata("PNG", xmp=bytes(70_000)))
    with pytest.raises(InputError, match="JPEG cannot hold 70,000 bytes of XMP"):
        write_picture(tmp_path / "a.jpg", picture)
    write_picture(tmp_path / "a.jpg", Picture([grey], [None], Metadata("PNG", xmp=bytes(60_000))))
    assert Image.open(io.BytesIO((tmp_path / "a.jpg").read_bytes())).info["xmp"] == bytes(60_000)
