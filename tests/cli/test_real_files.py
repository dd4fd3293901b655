"""The command on the files that people have, and the options for them."""

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from checks import QUICK, ok, read, refused
from PIL import Image

from inrr_cli import make_mask


def test_a_float_map_with_nan(run, heights, tmp_path):
    tifffile.imwrite("map.tif", heights, metadata=None, compression="zlib")
    ask = ("inpaint", "map.tif", "--mask", "nan", "--save-mask", "filled.png", "--uncertainty", "sigma.tif", *QUICK)
    result = ok(run(*ask))
    assert "filling 40 of 3,072 pixels" in result.stderr
    restored, missing = tifffile.imread("map_restored.tif"), np.isnan(heights)
    assert (restored[~missing] == heights[~missing]).all()
    assert np.isfinite(restored).all()
    assert ((read("filled.png") > 0) == missing).all()
    assert (tifffile.imread("sigma.tif")[~missing] == 0).all()
    with tifffile.TiffFile("map_restored.tif") as file:
        assert file.pages[0].compression == 8
        said = file.pages[0].description
    assert said == "inrr: inrr 0.1.0 inpaint --net grid --reg patch --seed 0; 40 pixels were filled"


def test_a_restored_png_carries_the_command_as_text(run, files):
    ok(run("inpaint", files["grey"], "--mask", files["mask"], "--seed", 5, "-o", "a.png", *QUICK))
    text = Image.open("a.png").text["inrr"]
    assert text == "inrr 0.1.0 inpaint --net grid --reg patch --seed 5; 1536 pixels were filled"


@pytest.mark.parametrize("tag", ["-9999", "nan", "-3.4028234663852886e+38"])
def test_no_data_is_left_and_not_learned_from_unless_it_is_the_mask(run, heights, tag):
    values = np.nan_to_num(heights, nan=np.float32(float(tag)))
    nodata = np.isnan(heights)
    if tag == "nan":
        values[nodata] = np.nan
    tifffile.imwrite("map.tif", values, metadata=None, extratags=[(42113, 2, 0, tag, True)])
    ok(run("inpaint", "map.tif", "--mask", "nodata", "-o", "filled.tif", *QUICK))
    filled = tifffile.imread("filled.tif")
    assert (filled[~nodata] == values[~nodata]).all()
    assert np.nanmin(heights) <= filled[nodata].min() <= filled[nodata].max() <= np.nanmax(heights)
    hole = np.zeros(values.shape, bool)
    hole[30:34, 20:30] = True
    np.save("hole.npy", hole)
    result = ok(run("inpaint", "map.tif", "--mask", "hole.npy", "-o", "other.tif", *QUICK))
    assert "40 pixels outside the mask" in result.stderr
    assert "stay so" in result.stderr
    other = tifffile.imread("other.tif")
    assert other[~hole].tobytes() == values[~hole].tobytes()
    assert np.nanmin(heights) <= other[hole].min()


def test_mask_value_fills_the_pixels_of_that_value(run, grey):
    spoiled = grey.astype(np.int16) - 100
    spoiled[5:8, 5:9] = -32768
    tifffile.imwrite("a.tif", spoiled, metadata=None)
    ok(run("inpaint", "a.tif", "--mask", "value=-32768", "-o", "b.tif", *QUICK))
    restored = tifffile.imread("b.tif")
    assert restored.dtype == np.int16
    assert (restored[5:8, 5:9] > -300).all()
    spoiled = spoiled.astype(np.float64)
    spoiled[0, 0] = -1.7976931348623157e308
    tifffile.imwrite("c.tif", spoiled, metadata=None)
    refused(
        run("inpaint", "c.tif", "--mask", "value=-32768", "-o", "d.tif"), "mark it with --mask value=-1.79769313486"
    )


def test_transparent_pixels_are_filled_and_become_opaque(run, colour):
    alpha = np.full(colour.shape[:2], 200, np.uint8)
    alpha[10:15, 8:20] = 0
    Image.fromarray(np.dstack([colour, alpha])).save("cut.png")
    ok(run("inpaint", "cut.png", "--mask", "alpha", *QUICK))
    restored = read("cut_restored.png")
    assert (restored[..., 3] == np.where(alpha == 0, 255, 200)).all()
    assert (restored[alpha > 0, :3] == colour[alpha > 0]).all()
    hole = Image.new("L", (32, 40))
    hole.paste(255, (2, 20, 9, 26))
    hole.save("hole.png")
    ok(run("inpaint", "cut.png", "--mask", "hole.png", "-o", "b.png", *QUICK))
    assert (read("b.png")[..., 3] == alpha).all()
    refused(run("inpaint", "hole.png", "--mask", "alpha"), "needs an image with an alpha channel")


def test_an_alpha_that_is_nan_is_transparent(run, colour):
    alpha = np.ones(colour.shape[:2], np.float32)
    alpha[12, 9] = np.nan
    cut = np.dstack([colour / np.float32(255), alpha])
    tifffile.imwrite("cut.tif", cut, photometric="rgb", extrasamples=["unassalpha"], metadata=None)
    ok(run("inpaint", "cut.tif", "--mask", "alpha", *QUICK))
    restored = tifffile.imread("cut_restored.tif")
    assert (restored[..., 3] == 1).all()
    known = ~np.isnan(alpha)
    assert (restored[known] == cut[known]).all()


def test_lost_lines_and_dead_pixels_are_named_and_filled(run, grey):
    spoiled = grey.copy()
    spoiled[20], spoiled[:, 31] = 255, 0
    spoiled[9, 9] = 255
    Image.fromarray(spoiled).save("scan.png")
    ask = ("inpaint", "scan.png", "--mask", "lines", "--mask", "dead", "--save-mask", "filled.png", *QUICK)
    result = ok(run(*ask))
    assert "lost rows 20 and columns 31" in result.stderr
    assert "dead or hot pixels" in result.stderr
    filled, restored = read("filled.png") > 0, read("scan_restored.png")
    assert filled[20].all()
    assert filled[:, 31].all()
    assert filled[9, 9]
    assert filled.sum() < 130
    assert (restored[~filled] == spoiled[~filled]).all()
    assert np.abs(restored[filled].astype(int) - grey[filled]).mean() < 21  # spoiled, it is 156


def test_a_scratch_is_counted_shown_and_filled(run):
    columns, rows = np.meshgrid(np.arange(120), np.arange(100))
    truth = (100 + rows / 2 + 20 * np.sin(columns / 20)).astype(np.uint8)
    scratch = (np.abs(rows - columns / 2 - 20) < 1.2) & (columns > 15) & (columns < 100)
    Image.fromarray(np.where(scratch, 250, truth).astype(np.uint8)).save("old.png")
    result = ok(run("inpaint", "old.png", "--mask", "scratches", "--preview", "seen.png"))
    assert "1 curve and 0 specks" in result.stderr
    assert read("seen.png").shape == (100, 120, 3)
    ok(run("inpaint", "old.png", "--mask", "scratches", "--save-mask", "filled.png", *QUICK))
    filled, restored = read("filled.png") > 0, read("old_restored.png")
    assert filled[scratch].mean() > 0.95
    assert np.abs(restored[scratch].astype(int) - truth[scratch]).mean() < 5  # scratched, it is 100
    Image.fromarray(truth).save("new.png")
    assert "no scratches, hairs or dust" in run("inpaint", "new.png", "--mask", "scratches").stderr


def test_no_data_does_not_hide_a_lost_line(run, heights):
    spoiled = np.nan_to_num(heights, nan=-9999)
    spoiled[40] += 60
    tifffile.imwrite("map.tif", spoiled, metadata=None, extratags=[(42113, 2, 0, "-9999", True)])
    result = ok(run("inpaint", "map.tif", "--mask", "lines", "--preview", "seen.png"))
    assert "lost rows 40\n" in result.stderr
    for wrong, right in (("ndata", "nodata"), ("line", "lines")):
        refused(run("inpaint", "map.tif", "--mask", wrong), f"--mask {wrong}: no such file; did you mean '{right}'?")


def test_grow_and_max_distance(run, files, grey):
    hole = np.zeros(grey.shape, np.uint8)
    hole[10:30, 20:44] = 255
    Image.fromarray(hole).save("hole.png")
    ask = ("inpaint", files["grey"], "--mask", "hole.png", "--force", *QUICK)
    ok(run(*ask, "--grow", 2, "--save-mask", "grown.png"))
    expected = np.zeros(grey.shape, bool)
    expected[8:32, 18:46] = True
    assert ((read("grown.png") > 0) == expected).all()
    ok(run(*ask, "--max-distance", 3, "-o", "near.png", "--save-mask", "rim.png"))
    rim = read("rim.png") > 0
    inside = np.zeros(grey.shape, bool)
    inside[13:27, 23:41] = True
    assert (rim == ((hole > 0) & ~inside)).all()
    assert (read("near.png")[inside] == grey[inside]).all()
    refused(run(*ask, "--max-distance", 0), "--max-distance must be above 0")


def test_preview_writes_nothing_else(run, files, heights):
    tifffile.imwrite("map.tif", heights, metadata=None)
    before = set(Path().iterdir())
    result = ok(run("inpaint", "map.tif", "--mask", "nan", "--preview", "seen.png"))
    assert "40 pixels to fill; nothing was restored" in result.stdout
    assert {path.name for path in set(Path().iterdir()) - before} == {"seen.png"}
    view = read("seen.png")
    assert view.shape == (48, 64, 3)
    assert (view[11, 25] != view[11, 10]).any()
    refused(run("inpaint", "map.tif", "--mask", "nan", "--preview", "map.tif"), "cannot write '.tif'")
    ask = ("inpaint", files["grey"], "--mask", files["mask"], "--force")
    refused(run(*ask, "--preview", files["mask"]), "is an input or another output too")


@pytest.mark.slow
def test_a_stack_takes_one_mask_for_all_pages_or_one_for_each(run, stack, grey):
    tifffile.imwrite("stack.tif", stack, imagej=True, metadata={"axes": "ZYX"})
    mask = make_mask(grey.shape, "random", rate=0.1)
    masks = np.stack([mask, np.zeros_like(mask), ~mask & make_mask(grey.shape, "random", rate=0.1, seed=1), mask[::-1]])
    np.save("one.npy", mask)
    np.save("each.npy", masks)
    ask = ("inpaint", "stack.tif", "--force", "--json", *QUICK)
    record = json.loads(ok(run(*ask, "--mask", "one.npy", "-o", "a.tif")).stdout)
    assert (record["pages"], record["missing_pixels"]) == (4, 4 * mask.sum())
    for restored, page in zip(tifffile.imread("a.tif"), stack, strict=True):
        assert (restored[~mask] == page[~mask]).all()
        assert (restored[mask] != page[mask]).any()
    result = ok(run(*ask, "--mask", "each.npy", "-o", "b.tif", "--save-mask", "m.tif", "--uncertainty", "s.tif"))
    assert "on 3 of 4 pages" in result.stderr
    assert ((tifffile.imread("m.tif") > 0) == masks).all()
    assert ((tifffile.imread("s.tif") > 0) == masks).all()
    assert (tifffile.imread("b.tif")[~masks] == stack[~masks]).all()
    ok(run(*ask, "--mask", "one.npy", "-o", "c.tif", "--pages", "2,3-4"))
    restored = tifffile.imread("c.tif")
    assert (restored[0] == stack[0]).all()
    assert [(restored[k] != stack[k]).any() for k in range(4)] == [False, True, True, True]
    with tifffile.TiffFile("c.tif") as file:
        assert file.is_imagej
    for pages, message in (("5", "has pages 1 to 4"), ("2-1", "has pages 1 to 4"), ("a", "such as 3,5-9")):
        refused(run(*ask, "--mask", "one.npy", "-o", "d.tif", "--pages", pages), message)
    refused(run(*ask, "--mask", "one.npy", "-o", "d.png"), "PNG cannot hold 4 pages; write a .tif")
    refused(run(*ask, "--mask", "one.npy", "-o", "d.tif", "--save-mask", "m.png"), "PNG cannot hold 4 pages")
    refused(run(*ask, "--mask", "one.npy", "-o", "d.tif", "--uncertainty", "s.png"), "PNG cannot hold 4 pages")
    np.save("three.npy", masks[:3])
    refused(run(*ask, "--mask", "three.npy", "-o", "d.tif"), "has 3 pages but the image has 4")


@pytest.mark.slow
def test_a_reference_stack_is_measured_over_the_pages_that_were_filled(run, stack, grey):
    tifffile.imwrite("stack.tif", stack, photometric="minisblack")
    mask = make_mask(grey.shape, "random", rate=0.2)
    np.save("m.npy", mask)
    ask = ("inpaint", "stack.tif", "--mask", "m.npy", "--reference", "stack.tif", "--pages", "2-3", "--json", *QUICK)
    record = json.loads(ok(run(*ask)).stdout)
    error = tifffile.imread("stack_restored.tif")[1:3].astype(float) - stack[1:3]
    expected = 10 * np.log10(65535**2 / (error[:, mask] ** 2).mean())
    assert record["psnr_missing"] == pytest.approx(expected, abs=1e-3)
    assert record["data_range"] == [0, 65535]


def test_per_channel_is_each_channel_by_itself(run, colour):
    Image.fromarray(colour).save("a.png")
    mask = make_mask(colour.shape[:2], "random", rate=0.2)
    np.save("m.npy", mask)
    ok(run("inpaint", "a.png", "--mask", "m.npy", "--per-channel", "-o", "each.png", *QUICK))
    for channel in range(3):
        Image.fromarray(colour[..., channel]).save("one.png")
        ok(run("inpaint", "one.png", "--mask", "m.npy", "-o", "one_restored.png", "--force", *QUICK))
        assert (read("each.png")[..., channel] == read("one_restored.png")).all()
    ok(run("inpaint", "a.png", "--mask", "m.npy", "-o", "together.png", *QUICK))
    assert (read("together.png") != read("each.png")).any()


def test_data_range_sets_the_peak_of_psnr(run, heights):
    whole = np.nan_to_num(heights, nan=0)
    np.save("a.npy", heights)
    np.save("truth.npy", whole)
    ask = ("inpaint", "a.npy", "--mask", "nan", "--reference", "truth.npy", "--force", *QUICK)
    result = ok(run(*ask))
    low, high = np.nanmin(heights), np.nanmax(heights)
    assert f"peak {high - low:g} ({low:g} to {high:g})" in result.stdout
    first = json.loads(ok(run(*ask, "--json")).stdout)
    second = json.loads(ok(run(*ask, "--json", "--data-range", "-100,900")).stdout)
    assert second["data_range"] == [-100, 900]
    gained = 20 * np.log10(1000 / (high - low))
    assert second["psnr_missing"] - first["psnr_missing"] == pytest.approx(gained, abs=1e-3)
    for text in ("5,1", "a", "1,2,3", "nan"):
        refused(run(*ask, "--data-range", text), "--data-range must be LOW,HIGH")
