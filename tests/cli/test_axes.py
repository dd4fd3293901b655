"""``--axes`` end to end: what is taken is said, planes are restored together, and files come back in their layout."""

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from checks import QUICK, ok, refused

from inrr_cli import make_mask

NET = ("--reg", "none", "--net", "siren", "--steps", 5, "--width", 16, "--device", "cpu")


@pytest.fixture
def cube(grey):
    """Six bands, (48, 64, 6) float32, of three parts."""
    parts = np.stack([grey, grey[::-1], grey[:, ::-1]], 2) / np.float32(255)
    return (parts @ np.random.default_rng(0).random((3, 6))).astype(np.float32)


def test_an_array_with_axes_has_channels_not_pages(run, cube):
    mask = make_mask(cube.shape[:2], "random", rate=0.3)
    np.save("cube.npy", np.where(mask[..., None], np.nan, cube).astype(np.float32))
    np.save("truth.npy", cube)
    ask = ("inpaint", "cube.npy", "--mask", "nan", "--axes", "yxc", "--reference", "truth.npy", "--json", *QUICK)
    result = ok(run(*ask, "--save-mask", "mask.npy", "--uncertainty", "sigma.tif"))
    assert "cube.npy: axes YXC: 48 rows, 64 columns, 6 channels" in result.stderr.splitlines()
    record = json.loads(result.stdout)
    assert (record["channels"], record["pages"], record["missing_pixels"]) == (6, 1, mask.sum())
    restored = np.load("cube_restored.npy")
    assert restored.shape == cube.shape
    assert (restored[~mask] == cube[~mask]).all()
    assert np.isfinite(restored).all()
    assert tifffile.imread("sigma.tif").shape == cube.shape
    # the mask that was saved is a mask of the image
    again = json.loads(ok(run(*ask[:3], "mask.npy", *ask[4:], "--force")).stdout)
    assert again["missing_pixels"] == mask.sum()


def test_the_order_of_the_axes_makes_no_difference(run, cube):
    mask = make_mask(cube.shape[:2], "random", rate=0.3)
    np.save("mask.npy", mask)
    for axes, order in (("YXC", (0, 1, 2)), ("CYX", (2, 0, 1)), ("YCX", (0, 2, 1))):
        np.save("cube.npy", cube.transpose(order))
        ok(run("inpaint", "cube.npy", "--mask", "mask.npy", "--axes", axes, "-o", f"{axes}.npy", *QUICK))
        assert (np.load(f"{axes}.npy") == np.load("YXC.npy").transpose(order)).all()


def test_a_guess_is_warned_of_and_a_photograph_is_not(run, cube, files):
    np.save("cube.npy", np.moveaxis(cube, 2, 0))
    np.save("mask.npy", make_mask(cube.shape[:2], "random", rate=0.05))
    result = ok(run("inpaint", "cube.npy", "--mask", "mask.npy", "-o", "a.npy", *NET))
    warning = (
        "inrr: warning: cube.npy: taken as 6 pages of 48 rows x 64 columns (axes QYX); "
        "if the last axis is channels, give --axes YXC"
    )
    assert result.stderr.splitlines()[0] == warning
    assert np.load("a.npy").shape == (6, 48, 64)
    result = ok(run("inpaint", "cube.npy", "--mask", "mask.npy", "--axes", "QYX", "-o", "b.npy", *NET))
    assert result.stderr.splitlines()[0] == "cube.npy: axes QYX: 6 pages, 48 rows, 64 columns"
    assert (np.load("a.npy") == np.load("b.npy")).all()
    result = ok(run("inpaint", files["colour"], "--mask", files["colour_mask"], "-o", "c.png", *NET))
    assert "axes" not in result.stderr


@pytest.mark.parametrize("command", [("inpaint", "--mask", "nan"), ("superres", "--scale", 2)])
def test_axes_that_do_not_fit_are_refused_and_nothing_is_written(run, cube, command):
    verb, *options = command
    np.save("cube.npy", cube)
    tifffile.imwrite("cube.tif", cube, photometric="minisblack", planarconfig="contig", metadata=None)
    before = set(Path().iterdir())
    for axes, message in (("YXX", "X occurs twice"), ("TZC", "must both occur"), ("1", "must be letters")):
        refused(run(verb, "none.npy", *options, "--axes", axes), message)  # before the file is read
        refused(run(verb, "cube.npy", *options, "--axes", axes), message)
    refused(
        run(verb, "cube.npy", *options, "--axes", "TZYX"),
        "cube.npy: --axes TZYX names 4 axes, but the image has 3: its shape is (48, 64, 6)",
    )
    refused(run(verb, "cube.tif", *options, "--axes", "YXT"), "the samples of a pixel are channels, C")
    assert set(Path().iterdir()) == before


@pytest.mark.slow
def test_channels_on_several_pages_are_restored_together(run, cube):
    series = np.stack([np.moveaxis(np.roll(cube[..., :3], 3 * date, 0), 2, 0) for date in range(2)])  # TCYX
    pages = series.reshape(6, 48, 64)
    masks = np.stack([make_mask((48, 64), "random", rate=0.02, seed=page) for page in range(6)])
    tifffile.imwrite("series.tif", series, photometric="minisblack", metadata={"axes": "TCYX"})
    tifffile.imwrite("masks.tif", np.where(masks, 255, 0).astype(np.uint8), photometric="minisblack")
    np.save("dates.npy", masks[:2])
    ask = ("inpaint", "series.tif", "--json", *QUICK)
    result = ok(run(*ask, "--mask", "masks.tif", "--save-mask", "m.tif", "--uncertainty", "s.tif"))
    assert "series.tif: axes TCYX: 2 dates, 3 channels, 48 rows, 64 columns" in result.stderr.splitlines()
    record = json.loads(result.stdout)
    assert (record["pages"], record["channels"]) == (2, 3)
    with tifffile.TiffFile("series_restored.tif") as file:
        assert (file.series[0].axes, file.series[0].shape) == ("TCYX", series.shape)
        restored = file.asarray().reshape(6, 48, 64)
    filled = tifffile.imread("m.tif") > 0
    assert filled.shape == tifffile.imread("s.tif").shape == pages.shape
    assert filled[masks].all()
    assert ((restored != pages) <= filled).all()
    assert [bool((page != old).any()) for page, old in zip(restored, pages, strict=True)] == [True] * 6
    # a mask for each date, one for all, and a reference with the pages of the image
    record = json.loads(ok(run(*ask, "--mask", "dates.npy", "--reference", "series.tif", "--force")).stdout)
    assert record["missing_pixels"] == masks[:2].sum()
    assert record["psnr_missing"] > 10
    refused(run(*ask, "--mask", "masks.tif", "--axes", "CYX", "--force"), "but the image has 4")
    # a file that says nothing is what the user says, and the same as an array
    tifffile.imwrite("date.tif", series[0], photometric="minisblack", metadata=None)
    np.save("one.npy", masks[0])
    ok(run("inpaint", "date.tif", "--mask", "one.npy", "--axes", "CYX", "-o", "together.tif", *QUICK))
    np.save("date.npy", np.moveaxis(series[0], 0, 2))
    ok(run("inpaint", "date.npy", "--mask", "one.npy", "-o", "together.npy", *QUICK))
    assert (np.moveaxis(tifffile.imread("together.tif"), 0, 2) == np.load("together.npy")).all()


def test_superres_keeps_the_axes(run, cube):
    quick = ("--train-steps", 5, "--rounds", 1, "--device", "cpu")
    small = cube[:24, :32, :3]
    for axes, order in (("YXC", (0, 1, 2)), ("CYX", (2, 0, 1))):
        np.save("small.npy", small.transpose(order))
        np.save("large.npy", cube[..., :3].transpose(order))
        ask = ("superres", "small.npy", "--scale", 2, "--axes", axes, "--reference", "large.npy", "-o", f"{axes}.npy")
        result = ok(run(*ask, *quick))
        assert f"small.npy: axes {axes}: " in result.stderr
        assert (np.load(f"{axes}.npy") == np.load("YXC.npy").transpose(order)).all()
        assert np.load(f"{axes}.npy").shape == cube[..., :3].transpose(order).shape
    bands = np.moveaxis(small, 2, 0)
    tifffile.imwrite("small.tif", bands, photometric="minisblack", metadata={"axes": "CYX"})
    ok(run("superres", "small.tif", "--scale", 2, "-o", "large.tif", *quick))
    assert (tifffile.imread("large.tif") == np.load("CYX.npy")).all()
