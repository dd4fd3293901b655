"""`inrr inpaint` of an image that is read, filled and written by window."""

import json
import pickle

import numpy as np
import pytest
import tifffile
from checks import BY_WINDOW, QUICK, TIFF, TILE, ok, refused

from inrr_cli.batch.calls import InProcess
from inrr_cli.cli import windowed
from inrr_cli.imaging.windows.opening import open_windows
from inrr_cli.inpainting.windowed import tile
from inrr_cli.inpainting.windowed.scan import plan_tiles, scan
from inrr_cli.inpainting.windowed.spool import Spool
from inrr_cli.masking.windows import MaskedImage, open_masks
from inrr_cli.settings import make_settings

pytestmark = pytest.mark.usefixtures("by_place")


def compare(run, *options, image="image.tif", extra=()):
    """Fill an image in memory and by window; return both results, which must be equal bit for bit."""
    pairs = []
    for name, more in (("memory", ()), ("window", BY_WINDOW)):
        outputs = [word for option, file in extra for word in (option, f"{name}_{file}")]
        done = ok(run("inpaint", image, *options, *TILE, *QUICK, *more, *outputs, "-o", f"{name}.tif", "--json"))
        assert ("filled by window" in done.stderr) == (name == "window")
        files = [tifffile.imread(f"{name}_{file}") for _, file in extra]
        pairs.append((tifffile.imread(f"{name}.tif"), files, json.loads(done.stdout)))
    (whole, files, record), (windows, other_files, other_record) = pairs
    assert whole.dtype == windows.dtype
    assert np.array_equal(whole, windows, equal_nan=True)
    for one, other in zip(files, other_files, strict=True):
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)
    skipped = ("output", "seconds", "peak_rss_mb")
    assert record.keys() == other_record.keys()
    for key in record.keys() - set(skipped):
        assert other_record[key] == (pytest.approx(record[key]) if isinstance(record[key], float) else record[key]), key
    return windows


def test_a_grey_image_its_uncertainty_and_its_mask(run, scene):
    extra = (("--uncertainty", "sigma.tif"), ("--save-mask", "filled.tif"))
    filled = compare(run, "--mask", "mask.tif", "--reference", "image.tif", extra=extra)
    image, mask = scene
    assert np.array_equal(filled[mask == 0], image[mask == 0])
    with tifffile.TiffFile("window.tif") as file:
        page = file.pages.first
        assert (page.tilelength, page.tilewidth, page.compression, page.predictor) == (32, 48, 8, 2)
        assert page.description.startswith("inrr: inrr ")


@pytest.mark.slow
def test_the_engine_fills_windows_as_it_fills_tiles(run, scene):
    colours = np.stack([np.roll(scene[0], 3 * channel, 1) for channel in range(3)], 2)
    tifffile.imwrite("colour.tif", colours, photometric="rgb", **TIFF)
    compare(run, "--mask", "mask.tif", image="colour.tif", extra=(("--uncertainty", "sigma.tif"),))


def test_grow_and_known_mode(run, scene):
    tifffile.imwrite("known.tif", 255 - scene[1])
    compare(run, "--mask", "known.tif", "--mask-mode", "known", "--grow", 2)


@pytest.mark.parametrize("options", [(), ("--per-channel",)])
def test_channels_with_their_own_masks_and_alpha(run, scene, options):
    rng = np.random.default_rng(0)
    image = np.stack([np.roll(scene[0], 7 * channel, 1) for channel in range(3)] + [scene[0] | 1], 2)
    mask = np.where(rng.random((150, 200, 3)) < 0.02, np.uint8(255), np.uint8(0))
    mask[..., 2] &= scene[1]
    tifffile.imwrite("rgba.tif", image, photometric="rgb", extrasamples=[2], tile=(64, 64), metadata=None)
    tifffile.imwrite("samples.tif", mask, photometric="rgb", tile=(64, 64))
    filled = compare(run, "--mask", "samples.tif", *options, image="rgba.tif", extra=(("--save-mask", "filled.tif"),))
    assert np.array_equal(filled[..., 3], image[..., 3])


def test_floats_with_gaps_and_no_data(run, scene):
    values = scene[0].astype(np.float32) * 3 - 100
    values[10:14, 100:130] = np.nan
    values[100:110, 10:30] = -9999
    nodata = [(42113, 2, 0, "-9999", True), (33550, 12, 3, (2.0, 2.0, 0.0), True)]
    tifffile.imwrite("map.tif", values, rowsperstrip=11, compression="lzw", extratags=nodata, metadata=None)
    tifffile.imwrite("true.tif", scene[0].astype(np.float32) * 3 - 100)
    filled = compare(
        run, "--mask", "nan", "--reference", "true.tif", image="map.tif", extra=(("--uncertainty", "sigma.tif"),)
    )
    assert np.isfinite(filled).all()
    assert (filled[100:110, 10:30] == -9999).all()
    with tifffile.TiffFile("window.tif") as file:
        assert file.pages.first.tags[33550].value == (2.0, 2.0, 0.0)
        assert file.pages.first.tags[42113].value == "-9999"
    done = ok(run("inpaint", "map.tif", "--mask", "nan", *TILE, *QUICK, *BY_WINDOW, "-o", "b.tif"))
    assert (
        "200 pixels outside the mask hold the nodata value -9999 and stay so; --mask nodata fills them" in done.stderr
    )
    compare(run, "--mask", "nodata", "--mask", "nan", "--force", image="map.tif")


@pytest.mark.parametrize("levels", [np.uint8((0, 127, 255)), np.float32((0.1, 0.4, 0.6)), np.float32((0, 0.2, 190))])
def test_masks_of_many_greys(run, scene, levels):
    tifffile.imwrite("greys.tif", levels[(scene[1] // 255).astype(int) + (np.roll(scene[1], 9) // 255)], **TIFF)
    compare(run, "--mask", "greys.tif", extra=(("--save-mask", "filled.tif"),))
    done = ok(run("inpaint", "image.tif", "--mask", "greys.tif", *TILE, *BY_WINDOW, "-o", "c.tif"))
    assert "greys.tif: the mask has more than two grey values" in done.stderr


def test_what_a_worker_gets_is_pickled(scene, tmp_path):
    image = open_windows(tmp_path / "image.tif")
    masked, warning = open_masks(["value=0", "mask.tif"], image, 1, white_is_missing=True)
    settings = make_settings(tile=64, rounds=2)
    facts = scan(masked, 64, InProcess())
    found = plan_tiles(masked, facts, settings, InProcess())
    spool = Spool.beside(tmp_path / "out.tif")
    spool.begin("this run")
    pickled = pickle.dumps((masked, found[0], settings, spool))
    made = tile.fill_tile(*pickle.loads(pickled))
    assert (made, warning) == (spool.facts(found[0]), "")
    assert spool.holds(found[0])
    assert len(spool.read(found[0]).values) > 100


def test_a_gap_wider_than_a_margin(run, scene):
    """The window of a tile in the middle of it is widened until something is known there."""
    mask = np.zeros((150, 200), np.uint8)
    mask[:, 8:195] = 255
    tifffile.imwrite("wide.tif", mask)
    compare(run, "--mask", "wide.tif", "--mask", "value=3")


def test_planes_and_bands_of_which_nothing_is_known(run, scene):
    bands = np.stack([scene[0].astype(np.float32), np.full((150, 200), np.nan, np.float32), scene[0] * 0.5])
    tifffile.imwrite("bands.tif", bands, planarconfig="separate", photometric="minisblack", **TIFF)
    mask = np.zeros((150, 200, 3), np.uint8)
    mask[..., 0] = mask[..., 2] = scene[1]
    tifffile.imwrite("m.tif", mask, photometric="minisblack", planarconfig="contig")
    filled = compare(run, "--mask", "m.tif", image="bands.tif")
    assert np.isnan(filled[1]).all()


def test_arrays(run, scene):
    np.save("image.npy", scene[0])
    np.save("mask.npy", scene[1] > 0)
    whole, windows = ("--mask", "mask.npy", *TILE, *QUICK), BY_WINDOW
    ok(run("inpaint", "image.npy", *whole, "-o", "a.npy"))
    ok(run("inpaint", "image.npy", *whole, *windows, "-o", "b.npy"))
    assert np.array_equal(np.load("a.npy"), np.load("b.npy"))
    ok(run("inpaint", "image.npy", *whole, *windows, "-o", "b.tif"))
    assert np.array_equal(np.load("a.npy"), tifffile.imread("b.tif"))


def test_a_zarr_array(run, scene, tmp_path):
    zarr = pytest.importorskip("zarr", "3")
    for name, values in (("image", scene[0]), ("mask", scene[1])):
        array = zarr.create_array(f"{name}.zarr", shape=values.shape, dtype=values.dtype, chunks=(64, 64))
        array[...] = values
    refused(run("inpaint", "image.zarr", "--mask", "mask.zarr"), "a Zarr array is filled by window; try --tile 512")
    ok(run("inpaint", "image.tif", "--mask", "mask.tif", *TILE, *QUICK, "-o", "a.tif"))
    ok(run("inpaint", "image.zarr", "--mask", "mask.zarr", *TILE, *QUICK))
    whole = tifffile.imread("a.tif")
    assert np.array_equal(zarr.open_array("image_restored.zarr", mode="r")[...], whole)
    refused(run("inpaint", "image.zarr", "--mask", "mask.zarr", *TILE), "already exists; use --force")
    ok(run("inpaint", "image.zarr", "--mask", "mask.tif", *TILE, *QUICK, "--force"))
    ok(run("inpaint", "image.zarr", "--mask", "mask.tif", *TILE, *QUICK, "-o", "z.tif"))
    assert np.array_equal(tifffile.imread("z.tif"), whole)
    refused(
        run("inpaint", "image.tif", "--mask", "mask.tif", *TILE, *BY_WINDOW, "-o", "b.zarr"), "of a Zarr array only"
    )
    assert not list(tmp_path.glob(".inrr*"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--mask", "lines"], "filled by window, which --mask lines does not allow"),
        (["--mask", "dead"], "--mask dead does not"),
        (["--mask", "scratches"], "--mask scratches does not"),
        (["--mask", "alpha"], "--mask alpha does not"),
        (["--max-distance", 4], "--max-distance does not"),
        (["--gaps", "inner"], "--gaps inner does not"),
        (["--values", "labels"], "--values labels does not"),
        (["--values", "angle=360"], "--values angle=360 does not"),
        (["--pages", 1], "--pages does not"),
        (["--stack", "time"], "--stack time does not"),
        (["--axes", "XY"], "--axes XY does not"),
        (["--preview", "p.png"], "--preview does not"),
        (["--keep-partial"], "--keep-partial does not"),
        (["--denoise"], "--tile has no meaning for --denoise, which needs the whole image"),
        (["--reg", "inrr"], "--tile has no meaning for net siren"),
        (["--uncertainty", "s.png"], "s.png: by window only .tif is written here"),
        (["--save-mask", "s.npy"], "s.npy: by window only .tif"),
        (["-o", "out.png"], "PNG is not written by window; write a .tif"),
        (["--mask", "other.png"], "other.png: cannot be read by window; TIFF, .npy and Zarr are"),
        (["--mask", "small.tif"], "the mask is 20 x 30 but the image is 200 x 150"),
        (["--mask", "coloured.tif"], "by window a mask has one channel, or those of the image"),
        (["--mask", "nan"], "--mask nan is for floats"),
        (["--mask", "nodata"], "needs a TIFF with GDAL's nodata tag"),
        (["--mask", "everything.tif"], "the mask covers everything"),
        (["--reference", "small.tif"], "the reference is (30, 20) of uint8 but the image is (150, 200)"),
    ],
)
def test_what_cannot_be_done_by_window_is_one_line(run, scene, tmp_path, files, options, message):
    files["grey"].rename("other.png")
    tifffile.imwrite("small.tif", np.zeros((30, 20), np.uint8))
    tifffile.imwrite("coloured.tif", np.zeros((150, 200, 3), np.uint8), photometric="rgb")
    tifffile.imwrite("everything.tif", np.full((150, 200), 255, np.uint8))
    before = sorted(tmp_path.iterdir())
    refused(run("inpaint", "image.tif", "--mask", "mask.tif", *TILE, *BY_WINDOW, *options), message)
    assert sorted(tmp_path.iterdir()) == before


def test_nothing_to_fill_and_no_tile(run, scene):
    tifffile.imwrite("nothing.tif", np.zeros((150, 200), np.uint8))
    refused(run("inpaint", "image.tif", "--mask", "nothing.tif", *TILE, *BY_WINDOW), "the mask is empty")
    refused(
        run("inpaint", "image.tif", "--mask", "mask.tif", *BY_WINDOW),
        "200 x 150 pixels are more than 100; see --max-pixels, or try --tile 512",
    )


def test_what_is_large_for_the_free_memory_is_filled_by_window_if_all_can_be(run, scene, monkeypatch):
    command = ("inpaint", "image.tif", "--mask", "mask.tif", *TILE, *QUICK, "--force", "-o")
    monkeypatch.setattr(windowed, "free_memory", lambda: 1e9)
    assert "filled by window" in ok(run(*command, "a.tif")).stderr
    for options in (["--gaps", "narrow=9"], ["--save-mask", "m.png"]):
        assert "filled by window" not in ok(run(*command, "a.tif", *options)).stderr
    assert "filled by window" not in ok(run(*command, "a.png")).stderr
    monkeypatch.setattr(windowed, "free_memory", lambda: 1e10)
    assert "filled by window" not in ok(run(*command, "a.tif")).stderr


def test_no_window_is_much_larger_than_a_tile(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    image = np.random.default_rng(0).integers(90, 110, (1500, 1100)).astype(np.uint8)
    mask = np.zeros(image.shape, np.uint8)
    mask[700:703, 500:520] = 255
    tifffile.imwrite("image.tif", image, **TIFF)
    tifffile.imwrite("mask.tif", mask, **TIFF)
    sizes, select = [], MaskedImage.select

    def spy(self, rows, columns):
        sizes.append((rows.stop - rows.start) * (columns.stop - columns.start))
        return select(self, rows, columns)

    monkeypatch.setattr(MaskedImage, "select", spy)
    ok(run("inpaint", "image.tif", "--mask", "mask.tif", *TILE, *QUICK, *BY_WINDOW, "-o", "b.tif"))
    assert max(sizes) == (64 + 2 * 48) ** 2
    assert np.array_equal(tifffile.imread("b.tif")[mask == 0], image[mask == 0])
