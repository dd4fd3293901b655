"""``inrr inpaint --fill texture``: what is written, recorded and refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from checks import HOLE, QUICK, SHAPE, TEXTURE, names, ok, read, refused
from PIL import Image
from skimage.data import gravel

pytestmark = pytest.mark.usefixtures("textured")

MADE = 16 * 18


def test_the_record_says_what_was_made_up(run):
    result = ok(run("inpaint", "photo.png", "--mask", "mask.png", *TEXTURE, "--json", "--sidecar", "s.json"))
    record = json.loads(result.stdout)
    assert (record["fill"], record["made_up_pixels"], record["missing_pixels"]) == ("texture", MADE, MADE + 72)
    assert record["seam_ratio"] > 1.5  # which pixels at random have
    assert record["texture_ratio"] is None  # too narrow for it
    assert record["sigma_mean"] > 0
    assert json.loads(Path("s.json").read_text()) == record
    plain = json.loads(ok(run("inpaint", "photo.png", "--mask", "mask.png", *QUICK, "--json", "-o", "x.png")).stdout)
    assert (plain["fill"], plain["made_up_pixels"], plain["seam_ratio"]) == ("expected", None, None)
    assert list(plain) == list(record)


def test_a_large_hole_is_measured(run):
    Image.fromarray(gravel()[:80, :80]).save("photo.png")
    mask = np.zeros((80, 80), np.uint8)
    mask[22:58, 22:58] = 255
    Image.fromarray(mask).save("mask.png")
    record = json.loads(ok(run("inpaint", "photo.png", "--mask", "mask.png", *TEXTURE, "--json")).stdout)
    assert record["texture_ratio"] > 2
    assert record["gradient_ratio"] > 2
    assert record["patch_ratio"] > 0


def test_the_file_and_the_line_for_people_say_it(run):
    result = ok(run("inpaint", "photo.png", "--mask", "mask.png", *TEXTURE))
    assert f"made_up              {MADE}  pixels made up of copies: plausible, not measured" in result.stdout
    assert "expected error of the expected value of a filled sample" in result.stdout
    text = "--fill texture --net grid --reg patch --seed 0; 360 pixels were filled, 288 of them made up of copies"
    assert text in Image.open("photo_restored.png").text["inrr"]
    image, mask = np.dstack([read("photo.png")] * 3), np.dstack([read("mask.png")] * 3)
    mask[:3, :, 1] = 255
    tifffile.imwrite("photo.tif", image, metadata=None)
    tifffile.imwrite("mask.tif", mask)
    ok(run("inpaint", "photo.tif", "--mask", "mask.tif", *TEXTURE))
    with tifffile.TiffFile("photo_restored.tif") as file:
        assert "samples were filled, 288 pixels made up of copies: plausible" in file.pages[0].description


def test_known_samples_and_alpha_come_back_as_they_are(run):
    image, mask = read("photo.png"), read("mask.png") > 0
    alpha = np.full(SHAPE, 255, np.uint8)
    alpha[:, :6] = 9
    alpha[:3] = 0  # teaches nothing
    Image.fromarray(np.dstack([image, 255 - image, image // 2, alpha])).save("alpha.png")
    ok(run("inpaint", "alpha.png", "--mask", "mask.png", *TEXTURE))
    out, before = read("alpha_restored.png"), read("alpha.png")
    assert (out[~mask] == before[~mask]).all()
    assert (out[..., 3] == alpha).all()
    assert (out[HOLE][..., :3] != before[HOLE][..., :3]).any()


def test_a_stack_is_filled_page_by_page(run):
    page = read("photo.png").astype(np.float32)
    page[HOLE] = np.nan
    tifffile.imwrite("series.tif", np.stack([page, page + 1]), imagej=True, metadata={"axes": "TYX"})
    result = ok(run("inpaint", "series.tif", "--mask", "nan", *TEXTURE, "--json"))
    assert "stack:" not in result.stderr
    assert json.loads(result.stdout)["made_up_pixels"] == 2 * MADE
    out = tifffile.imread("series_restored.tif")
    assert np.isfinite(out).all()
    assert np.isin(out[1][HOLE].round(3), page + 1).all()


def test_nothing_comes_from_excluded_places(run):
    ok(run("inpaint", "photo.png", "--mask", "mask.png", *TEXTURE, "--exclude", "right.png", "-o", "left.png"))
    ok(run("inpaint", "photo.png", "--mask", "mask.png", *TEXTURE))
    assert read("left.png")[HOLE].max() < 120 < read("photo_restored.png")[HOLE].max()


def test_an_inverted_tiff_of_places_brings_a_warning_that_helps(run):
    tifffile.imwrite("places.tif", np.broadcast_to(np.arange(48) > 30, SHAPE))
    result = ok(run("inpaint", "photo.png", "--mask", "mask.png", *TEXTURE, "--exclude", "places.tif"))
    assert "if 0 was meant to be black, write it as numbers from 0 to 255" in result.stderr
    assert "mask-mode" not in result.stderr  # which says nothing of these places


def test_variants_are_numbered_and_share_the_uncertainty(run):
    more = ("--variants", 3, "--sidecar", "s.json", "--uncertainty", "u.tif", "--save-mask", "m.png")
    result = ok(run("inpaint", "photo.png", "--mask", "mask.png", *TEXTURE, "-o", "out.png", *more, "--json"))
    outputs = [f"out_{number}.png" for number in (1, 2, 3)]
    sidecars = [f"s_{number}.json" for number in (1, 2, 3)]
    assert names() == sorted(["mask.png", "photo.png", "right.png", *outputs, *sidecars, "u.tif", "m.png"])
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["output"] for record in records] == outputs
    assert [record["seed"] for record in records] == [0, 1, 2]
    assert [json.loads(Path(name).read_text()) for name in sidecars] == records
    ok(run("inpaint", "photo.png", "--mask", "mask.png", *TEXTURE, "--seed", 2, "-o", "alone.png"))
    assert Path("alone.png").read_bytes() == Path("out_3.png").read_bytes()
    differ = read("out_1.png") != read("out_2.png")
    assert differ[HOLE].any()
    assert differ.sum() == differ[HOLE].sum()
    assert (read("m.png") == read("mask.png")).all()
    assert (tifffile.imread("u.tif")[HOLE] > 0).all()


def test_a_variant_of_a_stack_holds_all_pages(run):
    page = read("photo.png").astype(np.float32)
    page[HOLE] = np.nan
    tifffile.imwrite("series.tif", np.stack([page, page + 1]), imagej=True, metadata={"axes": "TYX"})
    ok(run("inpaint", "series.tif", "--mask", "nan", *TEXTURE, "--variants", 2))
    first, second = (tifffile.imread(f"series_restored_{number}.tif") for number in (1, 2))
    differ = np.zeros(first.shape, bool)
    differ[(slice(None), *HOLE)] = True
    assert (first[~differ] == second[~differ]).all()
    assert all((one[HOLE] != other[HOLE]).any() for one, other in zip(first, second, strict=True))


def test_a_failure_on_the_way_writes_nothing(run, monkeypatch):
    from inrr_cli.texture import engine

    fill = engine.fill_texture

    def fail_later(values, made, sources, seed, control):
        if seed == 2:
            raise RuntimeError("lost")
        return fill(values, made, sources, seed, control)

    monkeypatch.setattr(engine, "fill_texture", fail_later)
    before = names()
    more = ("--variants", 3, "--sidecar", "s.json")
    assert run("inpaint", "photo.png", "--mask", "mask.png", *TEXTURE, *more).exit_code == 1
    assert names() == before


@pytest.mark.parametrize("taken", ["photo_restored_2.png", "s_2.json"])
def test_no_variant_overwrites_a_file(run, taken):
    Path(taken).write_bytes(b"mine")
    ask = ("inpaint", "photo.png", "--mask", "mask.png", *TEXTURE, "--variants", 2, "--sidecar", "s.json")
    before = names()
    refused(run(*ask), f"{taken}: already exists")
    assert (names(), Path(taken).read_bytes()) == (before, b"mine")
    ok(run(*ask, "--force"))
    assert Path(taken).read_bytes() != b"mine"


@pytest.mark.parametrize("keep", [True, False])
def test_an_interruption_keeps_the_expected_values_or_nothing(run, monkeypatch, keep):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("inrr_cli.texture.engine.fill_texture", interrupt)
    more = ["--keep-partial"] if keep else []
    result = run("inpaint", "photo.png", "--mask", "mask.png", *TEXTURE, "--json", "--uncertainty", "u.tif", *more)
    assert result.exit_code == 130
    assert not Path("u.tif").exists()
    assert Path("photo_restored.png").exists() == keep
    if keep:
        record = json.loads(result.stdout)
        assert (record["completed"], record["fill"], record["made_up_pixels"]) == (False, "texture", 0)
        ok(run("inpaint", "photo.png", "--mask", "mask.png", "--device", "cpu", *QUICK, "-o", "expected.png"))
        assert (read("photo_restored.png") == read("expected.png")).all()


def test_a_mask_of_scratches_alone_has_no_texture(run):
    mask = read("mask.png").copy()
    mask[HOLE] = 0
    Image.fromarray(mask).save("mask.png")
    result = ok(run("inpaint", "photo.png", "--mask", "mask.png", *TEXTURE, "--variants", 2))
    assert "no hole has room for 9 x 9 pixels of texture: all get their expected value" in result.stderr
    assert "made_up" not in result.stdout
    assert (read("photo_restored_1.png") == read("photo_restored_2.png")).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--exclude", "right.png"), "--exclude is for --fill texture"),
        (("--variants", 2), "--variants is for --fill texture"),
        (("--fill", "textur"), "did you mean 'texture'"),
        ((*TEXTURE, "--variants", 0), "--variants"),
        ((*TEXTURE, "--variants", 17), "--variants"),
        ((*TEXTURE, "--variants", 2, "-o", "-", "--format", "png"), "--variants makes several pictures"),
        ((*TEXTURE, "--variants", 2, "--keep-partial"), "--keep-partial is for one picture"),
        ((*TEXTURE, "--variants", 2, "--seed", 2**63 - 1), "--variants 2 goes beyond the last seed"),
        ((*TEXTURE, "--exclude", "small.png"), "small.png: the mask is 3 x 3 but the image is 48 x 44"),
        ((*TEXTURE, "--exclude", "none.png"), "none.png"),
        ((*TEXTURE, "--exclude", "all.png"), "there is no pixel to copy from"),
        ((*TEXTURE, "--denoise"), "--denoise does not go with --fill texture"),
        ((*TEXTURE, "--stack", "time"), "--stack time does not go with --fill texture"),
        ((*TEXTURE, "--tile", 64, "--max-pixels", 100), "--fill texture"),
    ],
)
def test_what_cannot_be_is_one_line(run, options, message):
    Image.fromarray(np.full((3, 3), 255, np.uint8)).save("small.png")
    Image.fromarray(np.full(SHAPE, 255, np.uint8)).save("all.png")
    tifffile.imwrite("photo.tif", read("photo.png"), tile=(16, 16))
    before = names()
    refused(run("inpaint", "photo.tif", "--mask", "mask.png", *options), message)
    assert names() == before


def test_superres_has_no_fill(run):
    refused(run("superres", "photo.png", "--scale", 2, "--fill", "texture"), "--fill")


def test_a_file_may_choose_texture(run):
    Path("inrr.toml").write_text('[inpaint]\nfill = "texture"\nexclude = "right.png"\nvariants = 2\n')
    ok(run("inpaint", "photo.png", "--mask", "mask.png", *QUICK))
    assert read("photo_restored_2.png")[HOLE].max() < 120


def test_a_forecast_counts_texture(run):
    ask = ("inpaint", "photo.png", "--mask", "mask.png", "--dry-run", "--json")
    expected, one, many = (
        json.loads(ok(run(*ask, *more)).stdout) for more in ((), TEXTURE[:2], (*TEXTURE[:2], "--variants", 8))
    )
    assert expected["cpu_seconds"] < one["cpu_seconds"] < many["cpu_seconds"]
    assert many["output"] == "photo_restored_1.png"
    assert names() == ["mask.png", "photo.png", "right.png"]


def test_advice_is_given_once_where_texture_would_look_more_natural(run, monkeypatch):
    Image.fromarray(gravel()[:100, :100]).save("photo.png")
    mask = np.zeros((100, 100), np.uint8)
    mask[26:74, 26:74] = 255
    Image.fromarray(mask).save("mask.png")
    ask = ("inpaint", "photo.png", "--mask", "mask.png", "--preview", "seen.png", "--force")
    advice = "a hole is 24 pixels deep in a textured place; --fill texture would look more natural"
    assert ok(run(*ask)).stderr.count(advice) == 1
    assert "warning" not in ok(run(*ask)).stderr
    for more in (("-q",), ("--fill", "texture"), ("--denoise",), ("--net", "siren"), ("--values", "angle=256")):
        assert advice not in ok(run(*ask, *more)).stderr
    tifffile.imwrite("photo.tif", np.stack([gravel()[:100, :100]] * 2))
    ask = ("inpaint", "photo.tif", *ask[2:])
    assert advice not in ok(run(*ask)).stderr  # the other page may tell more
    assert ok(run(*ask, "--stack", "pages")).stderr.count(advice) == 1


def test_dots_in_a_name_stay_where_they_are(run):
    Path("photo.png").rename("scan.v2.png")
    ok(run("inpaint", "scan.v2.png", "--mask", "mask.png", *TEXTURE, "--variants", 2))
    assert {"scan.v2_restored_1.png", "scan.v2_restored_2.png"} < set(names())
