import numpy as np
import pytest
import tifffile
from PIL import Image

from inrr_cli import InputError
from inrr_cli.masking.from_file import read_mask, read_masks


@pytest.mark.parametrize("mode", ["L", "1", "RGB", "P"])
def test_masks_of_any_mode_are_read(tmp_path, mode):
    missing = np.zeros((6, 8), bool)
    missing[2:4, 1:3] = True
    Image.fromarray(missing).convert(mode).save(tmp_path / "m.png")
    read, warning = read_mask(tmp_path / "m.png", (6, 8))
    assert (read == missing).all()
    assert not warning
    inverted, _ = read_mask(tmp_path / "m.png", (6, 8), white_is_missing=False)
    assert (inverted == ~missing).all()


def test_the_higher_of_two_values_is_white_and_grey_is_split_at_half(tmp_path):
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


def test_transparent_pixels_of_a_mask_are_black(tmp_path):
    white = np.full((4, 5, 4), 255, np.uint8)
    white[1, :, 3] = 0
    Image.fromarray(white).save(tmp_path / "m.png")
    read, _ = read_mask(tmp_path / "m.png", (4, 5))
    assert np.flatnonzero(~read.all(1)).tolist() == [1]


def test_one_mask_serves_all_pages_or_each_page_has_its_own(tmp_path):
    masks = np.random.default_rng(0).random((3, 6, 8)) < 0.5
    np.save(tmp_path / "all.npy", masks[0])
    np.save(tmp_path / "each.npy", masks)
    shapes, numbers = [(6, 8)] * 2, [0, 2]
    read, _ = read_masks(tmp_path / "all.npy", shapes, 3, numbers)
    assert (np.stack(read) == masks[0]).all()
    read, _ = read_masks(tmp_path / "each.npy", shapes, 3, numbers)
    assert (np.stack(read) == masks[[0, 2]]).all()
    with pytest.raises(InputError, match="has 3 pages but the image has 4"):
        read_masks(tmp_path / "each.npy", shapes, 4, numbers)


def test_a_tiff_whose_zero_is_white_is_read_so_and_says_so_if_it_covers_more_than_half(tmp_path):
    missing = np.zeros((6, 8), bool)
    missing[2:4, 1:3] = True
    path = tmp_path / "m.tif"
    tifffile.imwrite(path, missing)  # as min-is-white
    read, warning = read_mask(path, (6, 8))
    assert (read == ~missing).all()
    assert "m.tif: in this TIFF 0 is white (min-is-white), and so read the mask covers 92%" in warning
    assert "add --mask-mode known" in warning
    read, warning = read_mask(path, (6, 8), white_is_missing=False)
    assert (read == missing).all()
    assert not warning
    tifffile.imwrite(path, ~missing)
    read, warning = read_mask(path, (6, 8))
    assert (read == missing).all()
    assert not warning
    assert "add --mask-mode fill" in read_mask(path, (6, 8), white_is_missing=False)[1]
    tifffile.imwrite(path, ~missing, photometric="minisblack")
    read, warning = read_mask(path, (6, 8))
    assert (read == ~missing).all()
    assert not warning
    grey = np.arange(48, dtype=np.uint8).reshape(6, 8)
    tifffile.imwrite(path, grey, photometric="miniswhite")
    assert "48 grey values; those from half of white up count as white; in this TIFF" in read_mask(path, (6, 8))[1]


def test_half_of_white_is_half_of_what_a_pgm_says_white_is(tmp_path):
    grey = np.arange(16, dtype=np.uint8).reshape(4, 4)
    (tmp_path / "m.pgm").write_bytes(b"P5\n4 4\n15\n" + grey.tobytes())
    read, warning = read_mask(tmp_path / "m.pgm", (4, 4))
    assert (read == (grey >= 8)).all()
    assert "16 grey values" in warning


@pytest.mark.parametrize(("name", "channels"), [("m.tif", 3), ("m.npy", 3), ("m.npy", 2), ("m.tif", 7), ("m.npy", 7)])
@pytest.mark.parametrize("white", [1, 200, 255])
def test_each_channel_of_a_mask_marks_its_own_samples(tmp_path, name, channels, white):
    missing = np.random.default_rng(0).random((6, 8, channels)) < 0.3
    missing[..., 0] = False
    values = missing.astype(np.uint8) * np.uint8(white)
    if name == "m.npy":
        np.save(tmp_path / name, values)
    else:
        tifffile.imwrite(tmp_path / name, values, photometric="minisblack", planarconfig="contig")
    (read,), warning = read_masks(tmp_path / name, [missing.shape], 1, [0])
    assert (read == missing).all()
    assert warning == f"{tmp_path / name}: each channel of the mask marks its own samples"
    (read,), _ = read_masks(tmp_path / name, [missing.shape], 1, [0], white_is_missing=False)
    assert (read == ~missing).all()


def test_channels_that_are_equal_are_a_mask_of_pixels(tmp_path):
    missing = np.random.default_rng(0).random((6, 8)) < 0.3
    np.save(tmp_path / "m.npy", np.repeat(missing[..., None], 3, 2))
    (read,), warning = read_masks(tmp_path / "m.npy", [(6, 8, 3)], 1, [0])
    assert (read == missing[..., None]).all()
    assert not warning


def test_the_colours_that_a_person_paints_are_grey(tmp_path):
    painted = np.zeros((6, 8, 3), np.uint8)
    painted[2:4, 1:5] = 255, 0, 0
    Image.fromarray(painted).save(tmp_path / "m.png")
    (read,), warning = read_masks(tmp_path / "m.png", [(6, 8, 3)], 1, [0])
    assert (read == (painted[..., 0] > 0)).all()
    assert not warning
    painted[5] = 255
    Image.fromarray(painted).save(tmp_path / "m.png")
    (read,), warning = read_masks(tmp_path / "m.png", [(6, 8, 3)], 1, [0])
    assert np.argwhere(read.all(1)).tolist() == [[5]]
    assert "3 grey values; those from half of white up count as white; a .tif or .npy can mark each channel" in warning
    tifffile.imwrite(tmp_path / "m.tif", painted, photometric="rgb")
    (read,), warning = read_masks(tmp_path / "m.tif", [(6, 8)], 1, [0])  # the image is grey
    assert read.shape == (6, 8)
    assert "can mark each channel" not in warning


def test_the_higher_of_two_values_in_all_channels_is_white(tmp_path):
    levels = np.zeros((6, 8, 3), np.uint8)
    levels[..., 1], levels[..., 2] = 100, 200
    levels[0, 0, 1] = 150
    np.save(tmp_path / "m.npy", levels)
    (read,), warning = read_masks(tmp_path / "m.npy", [levels.shape], 1, [0])
    assert (read == (levels >= 128)).all()
    assert "each channel of the mask marks its own samples; the mask has 4 grey values" in warning


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint32, np.uint16, np.float32])
def test_numbers_up_to_255_are_those_of_8_bits_in_any_type(tmp_path, dtype):
    mask = np.zeros((4, 5), dtype)
    mask[1], mask[2, 0] = 255, 100
    np.save(tmp_path / "mask.npy", mask)
    assert (read_mask(tmp_path / "mask.npy", (4, 5))[0] == (mask == 255)).all()


@pytest.mark.parametrize("dtype", [np.int8, np.float64])
def test_negative_numbers_mark_nothing(tmp_path, dtype):
    mask = np.zeros((4, 5), dtype)
    mask[1] = -1
    np.save(tmp_path / "mask.npy", mask)
    with pytest.raises(InputError, match="the mask has negative values; write 1 or 255"):
        read_mask(tmp_path / "mask.npy", (4, 5))
