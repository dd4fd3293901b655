"""Masks that the page asks for: those of the command line where it has them."""

import io
from urllib.parse import unquote

import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage.segmentation import flood

from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.reading import read_picture
from inrr_cli.masking.from_image import mask_from_image
from inrr_cli.masking.selection import widen
from inrr_cli.page import bits
from inrr_cli.page.finding import FIRST_SIDE, change, find_similar


def as_whole(mask, window, shape):
    whole = np.zeros(shape[:2], bool)
    whole[window.slices] = mask
    return whole


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32", "colour"])
def test_similar_pixels_are_those_of_a_flood(seed, kind):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 4, (40, 50, 3) if kind == "colour" else (40, 50)).astype(np.uint8) * 10
    pixels = pixels if kind in ("uint8", "colour") else pixels.astype(kind)
    if kind == "colour":
        pixels[..., 1:] = pixels[..., :1]
    y, x = rng.integers(0, 40), rng.integers(0, 50)
    found = as_whole(*find_similar(pixels, x, y, 12.5), pixels.shape)
    channel = pixels[..., 0] if pixels.ndim == 3 else pixels
    assert np.array_equal(found, flood(channel.astype(float), (y, x), tolerance=12.5, connectivity=1))


def test_similar_pixels_are_followed_beyond_the_first_window():
    pixels = np.zeros((20, 8 * FIRST_SIDE), np.uint8)
    pixels[::2] = pixels[10, 100:] = pixels[10, :90] = 255
    pixels[9, -1] = 255  # joins two long rows at their far end
    found = as_whole(*find_similar(pixels, 120, 10, 3), pixels.shape)
    assert np.array_equal(found, flood(pixels, (10, 120), connectivity=1))
    assert found[8, 5]


def test_the_tolerance_holds_in_each_channel_and_at_the_ends_of_a_type():
    pixels = np.array([[[0, 0, 0], [5, 0, 0], [5, 5, 6], [255, 255, 255], [250, 255, 255]]], np.uint8)
    assert as_whole(*find_similar(pixels, 0, 0, 5), pixels.shape).tolist() == [[True, True, False, False, False]]
    assert as_whole(*find_similar(pixels, 3, 0, 5), pixels.shape).tolist() == [[False, False, False, True, True]]
    signed = np.array([[-128, -125, 127]], np.int8)
    assert as_whole(*find_similar(signed, 0, 0, 4), signed.shape).tolist() == [[True, True, False]]


def test_what_is_no_number_is_like_its_kind():
    pixels = np.array([[np.nan, np.inf, 1, np.nan]])
    assert as_whole(*find_similar(pixels, 0, 0, 5), pixels.shape).tolist() == [[True, True, False, False]]
    assert as_whole(*find_similar(pixels, 2, 0, 5), pixels.shape).tolist() == [[False, False, True, False]]


@pytest.mark.parametrize("by", [1, 3])
def test_growing_is_that_of_the_command_and_shrinking_that_of_what_is_not_painted(by):
    mask = np.random.default_rng(by).random((40, 60)) < 0.01
    mask[:3, :3] = mask[30:, 40:] = True
    assert np.array_equal(change(mask, by), widen(mask, by))
    assert np.array_equal(change(mask, -by), ~widen(~mask, by))
    block = np.zeros((40, 60), bool)
    block[10:20, 10:30] = True
    assert np.array_equal(change(change(block, by), -by), block)


def test_what_touches_the_border_does_not_shrink_from_there():
    mask = np.zeros((10, 10), bool)
    mask[:, :4] = True
    assert np.array_equal(change(mask, -1), np.arange(10) < np.full((10, 1), 3))


@pytest.mark.parametrize("by", [-2, 0, 2])
def test_masks_of_nothing_and_of_all_do_not_change(by):
    for mask in (np.zeros((5, 6), bool), np.ones((5, 6), bool)):
        assert np.array_equal(change(mask, by), mask)


def test_the_routes_answer_with_these_masks(serve, files, grey):
    page = serve(files["grey"])
    mask = np.random.default_rng(0).random(grey.shape) < 0.02
    grown, _ = page.mask("/api/change?grow=2", bits.pack(mask))
    assert np.array_equal(grown, widen(mask, 2))
    part, _ = page.mask("/api/change?grow=1", bits.pack(np.ones((2, 3), bool)), x_window="10,20,3,2")
    assert part.sum() == 20
    assert part[19:23, 9:14].all()
    answer = page.ask("POST", "/api/similar?x=5&y=7&tolerance=4&low=0&high=100")
    window = bits.Window.parse(answer.headers["X-Window"], grey.shape)
    found = as_whole(bits.unpack(answer.data, (window.height, window.width)), window, grey.shape)
    assert np.array_equal(found, flood(grey.astype(float), (7, 5), tolerance=4, connectivity=1))


def test_what_is_found_is_what_the_command_finds(serve, tmp_path, grey):
    pixels = grey.astype(np.float32)
    pixels[5:8, 9:30], pixels[20] = np.nan, -9999
    tifffile.imwrite("scan.tif", pixels, extratags=[(42113, "s", 6, "-9999", True)])
    page = serve(tmp_path / "scan.tif")
    picture = read_picture(tmp_path / "scan.tif")
    sources = page.get("/api/image")["sources"]
    assert {"nan", "nodata", "lines", "dead"} <= set(sources)
    assert "alpha" not in sources
    for source in sources:
        mask, note = page.mask(f"/api/find?what={source}")
        expected, expected_note = mask_from_image(source, picture, 0)
        assert np.array_equal(mask, expected)
        assert unquote(note or "") == expected_note


def test_transparent_pixels_are_found_where_there_is_alpha(serve, tmp_path, colour):
    alpha = np.full(colour.shape[:2], 255, np.uint8)
    alpha[3:9, 4:7] = 0
    Image.fromarray(np.dstack([colour, alpha])).save(tmp_path / "layer.png")
    page = serve(tmp_path / "layer.png")
    assert page.get("/api/image")["sources"] == [
        s for s in page.get("/api/image")["sources"] if s not in ("nan", "nodata")
    ]
    assert np.array_equal(page.mask("/api/find?what=alpha")[0], alpha == 0)


def file_of(pixels, kind="PNG"):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def test_a_mask_file_is_read_as_the_command_reads_it(serve, files, grey):
    page = serve(files["grey"])
    white = np.random.default_rng(1).random(grey.shape) < 0.3
    mask, note = page.mask("/api/upload?name=m.png", file_of(white.astype(np.uint8) * 255))
    assert np.array_equal(mask, white)
    assert not note
    levels = np.where(white, 200, 90).astype(np.uint8)
    levels[0, 0] = 10
    mask, note = page.mask("/api/upload?name=m.png", file_of(levels))
    assert np.array_equal(mask, white & (levels != 10))
    assert unquote(note) == "m.png: the mask has 3 grey values; those from half of white up count as white"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "m.png: not an image"),
        (b"not an image at all" * 9, "m.png: not an image"),
        (file_of(np.zeros((9, 9), np.uint8)), "m.png: the mask is 9 x 9 but the image is 64 x 48"),
        (file_of(np.zeros((48, 64), np.uint8))[:60], "m.png: damaged"),
    ],
)
def test_a_file_that_is_no_mask_is_refused_in_one_line(serve, files, data, message):
    assert message in serve(files["grey"]).refused("POST", "/api/upload?name=m.png", 400, data)


def test_the_mask_of_the_command_line_is_painted_to_begin_with(serve, files, grey):
    page = serve(files["grey"], [str(files["mask"]), "lines"])
    mask, _ = page.mask("/api/mask")
    expected = (np.asarray(Image.open(files["mask"])) > 0) | mask_from_image("lines", Picture.of(grey), 0)[0]
    assert np.array_equal(mask, expected)
    assert page.get("/api/image")["mask_pixels"] == mask.sum()


def test_a_mask_of_channels_is_painted_by_pixels(serve, files, tmp_path, colour):
    marked = np.zeros(colour.shape, np.uint8)
    marked[3, 4, 0] = marked[3, 5] = marked[9, 9, 2] = 255
    tifffile.imwrite(tmp_path / "samples.tif", marked, photometric="rgb")
    page = serve(files["colour"], [str(tmp_path / "samples.tif")])
    assert np.array_equal(page.mask("/api/mask")[0], marked.any(2))
    assert any("painted as a whole" in note for note in page.get("/api/image")["notes"])
