import numpy as np
import pytest
from PIL import Image

from inrr_cli import InputError
from inrr_cli.imaging.atomic import write_atomically
from inrr_cli.imaging.picture import Metadata, Picture
from inrr_cli.imaging.preview import overlay, side_by_side
from inrr_cli.imaging.writing import check_destination, read_picture, write_picture


@pytest.mark.parametrize("which", ["grey", "colour"])
def test_png_comes_back_bit_for_bit_with_its_profile(tmp_path, request, which):
    pixels = request.getfixturevalue(which)
    path = tmp_path / "a.png"
    write_picture(path, Picture([pixels], [None], Metadata("JPEG", icc_profile=b"a colour profile")))
    read = read_picture(path)
    assert (read.pixels == pixels).all()
    assert read.pixels.dtype == np.uint8
    assert read.metadata.icc_profile == b"a colour profile"
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_jpeg_is_read_the_way_up_a_person_sees_it(tmp_path, grey):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right by 90 degrees
    Image.fromarray(grey).save(tmp_path / "a.jpg", exif=exif, quality=100)
    pixels = read_picture(tmp_path / "a.jpg").pixels
    assert pixels.shape == grey.shape[::-1]
    assert np.abs(pixels.astype(int) - np.rot90(grey, -1)).max() < 12


def test_files_that_cannot_be_read(tmp_path, grey):
    (tmp_path / "text.png").write_text("hello")
    Image.fromarray(grey).save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:900])
    Image.new("CMYK", (8, 8)).save(tmp_path / "cmyk.jpg")
    Image.fromarray(grey).save(tmp_path / "a.gif")
    for name, message in [
        ("none.png", "no such file"),
        ("text.png", "not an image"),
        ("cut.png", "damaged"),
        ("cmyk.jpg", "its pixels are CMYK; convert"),
        ("a.gif", "not an image that can be read"),
        (".", "is a folder"),
    ]:
        with pytest.raises(InputError, match=message):
            read_picture(tmp_path / name)


def test_destinations_that_cannot_be_written(tmp_path):
    (tmp_path / "old.png").write_bytes(b"old")
    (tmp_path / "folder.png").mkdir()
    for path, message in [
        (tmp_path / "a.gif", "cannot write '.gif'"),
        (tmp_path / "no" / "a.png", "does not exist"),
        (tmp_path / "folder.png", "is a folder"),
        (tmp_path / "old.png", "--force"),
    ]:
        with pytest.raises(InputError, match=message):
            check_destination(path, force=False)
    check_destination(tmp_path / "old.png", force=True)
    check_destination(tmp_path / "new.JPG", force=False)


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    path.write_bytes(b"old")

    def full(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_views(grey, colour):
    missing = np.zeros(colour.shape[:2], bool)
    missing[5] = True
    view = overlay(colour, missing)
    assert (view[~missing] == colour[~missing]).all()
    assert (view[missing] != colour[missing]).any()
    assert overlay(grey, np.ones(grey.shape, bool)).shape == (*grey.shape, 3)
    assert side_by_side([colour, colour[..., 0], colour]).shape == (40, 3 * 32 + 2 * 8, 3)
