import numpy as np
import pytest
from PIL import Image

from inrr_cli import InputError
from inrr_cli.imaging.files import (
    Picture,
    check_destination,
    read_mask,
    read_picture,
    write_atomically,
    write_picture,
)
from inrr_cli.imaging.views import overlay, side_by_side


@pytest.mark.parametrize("which", ["grey", "colour"])
def test_png_comes_back_bit_for_bit_with_its_profile(tmp_path, request, which):
    pixels = request.getfixturevalue(which)
    path = tmp_path / "a.png"
    write_picture(path, Picture(pixels, b"a colour profile"))
    read = read_picture(path)
    assert (read.pixels == pixels).all()
    assert read.pixels.dtype == np.uint8
    assert read.icc_profile == b"a colour profile"
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_jpeg_is_read_the_way_up_a_person_sees_it(tmp_path, grey):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right by 90 degrees
    Image.fromarray(grey).save(tmp_path / "a.jpg", exif=exif, quality=100)
    pixels = read_picture(tmp_path / "a.jpg").pixels
    assert pixels.shape == grey.shape[::-1]
    assert np.abs(pixels.astype(int) - np.rot90(grey, -1)).max() < 12


@pytest.mark.parametrize("mode", ["RGBA", "P", "1", "I;16", "LA"])
def test_other_kinds_of_pixels_are_refused_by_name(tmp_path, mode):
    Image.new(mode, (8, 8)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"a\.png: pixels are .*convert"):
        read_picture(tmp_path / "a.png")


def test_files_that_cannot_be_read(tmp_path, grey):
    (tmp_path / "text.png").write_text("hello")
    Image.fromarray(grey).save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:900])
    Image.fromarray(grey).save(tmp_path / "a.bmp")
    for name, message in [
        ("none.png", "no such file"),
        ("text.png", "not an image"),
        ("cut.png", "damaged"),
        ("a.bmp", "BMP is not supported"),
        (".", "is a folder"),
    ]:
        with pytest.raises(InputError, match=message):
            read_picture(tmp_path / name)


@pytest.mark.parametrize("mode", ["L", "1", "RGB", "P"])
def test_a_mask_may_be_of_any_mode(tmp_path, mode):
    missing = np.zeros((6, 8), bool)
    missing[2:4, 1:3] = True
    Image.fromarray(missing).convert(mode).save(tmp_path / "m.png")
    read, warning = read_mask(tmp_path / "m.png", (6, 8))
    assert (read == missing).all()
    assert not warning
    turned, _ = read_mask(tmp_path / "m.png", (6, 8), white_is_missing=False)
    assert (turned == ~missing).all()


def test_masks_of_other_values(tmp_path):
    labels = np.zeros((4, 4), np.uint8)
    labels[0] = 1
    Image.fromarray(labels).save(tmp_path / "labels.png")
    read, warning = read_mask(tmp_path / "labels.png", (4, 4))
    assert (read == (labels == 1)).all()
    assert not warning
    grey = np.arange(16, dtype=np.uint8).reshape(4, 4) * 17
    Image.fromarray(grey).save(tmp_path / "grey.png")
    read, warning = read_mask(tmp_path / "grey.png", (4, 4))
    assert (read == (grey >= 128)).all()
    assert "16 grey values" in warning
    with pytest.raises(InputError, match="the mask is 4 x 4 but the image is 5 x 3"):
        read_mask(tmp_path / "grey.png", (3, 5))


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
