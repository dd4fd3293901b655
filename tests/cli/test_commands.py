"""The commands in process, through Typer's runner."""

import json
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from inrr_cli import make_mask, make_settings, psnr
from inrr_cli.cli.console import verbosity

QUICK = ("--net", "siren", "--steps", 10, "--width", 32, "--device", "cpu")
KEYS = """command input output width height channels dtype missing_pixels missing_samples missing_fraction net reg
preset warm_start device seed completed steps seconds psnr_known psnr_raw psnr_full psnr_missing ssim_full peak_rss_mb
version""".split()


def read(path):
    return np.asarray(Image.open(path))


@pytest.mark.parametrize("name", ["grey", "colour"])
@pytest.mark.parametrize("reg", ["none", "inrr"])
def test_inpaint_writes_beside_the_input_and_keeps_known_bytes(run, files, request, name, reg):
    mask = files["mask" if name == "grey" else "colour_mask"]
    result = run("inpaint", files[name], "--mask", mask, "--reg", reg, *QUICK)
    assert result.exit_code == 0, result.stderr
    output = read(files[name].with_name(f"{name}_restored.png"))
    known = read(mask) == 0
    pixels = request.getfixturevalue(name)
    assert output.shape == pixels.shape
    assert (output[known] == pixels[known]).all()
    assert (output[~known] != pixels[~known]).any()
    assert "psnr_known" in result.stdout
    assert "psnr_missing" not in result.stdout
    assert f"filling {(~known).sum():,} of {known.size:,} pixels" in result.stderr


def test_json_is_one_object_and_the_sidecar_is_the_same(run, files):
    result = run(
        "inpaint", files["grey"], "--mask", files["mask"], "--reference", files["grey"], "-o", "out.png",
        "--sidecar", "out.json", "--json", "--seed", 7, *QUICK,
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert record == json.loads(Path("out.json").read_text())
    assert set(KEYS) <= set(record)
    assert None not in [record[key] for key in KEYS]
    expected = {"command": "inpaint", "width": 64, "height": 48, "channels": 1, "dtype": "uint8", "net": "siren",
                "reg": "inrr", "preset": "fast", "warm_start": "smooth", "device": "cpu", "seed": 7, "steps": 10,
                "missing_pixels": 1536, "missing_samples": 1536, "missing_fraction": 0.5}  # fmt: skip
    assert {key: record[key] for key in expected} == expected
    truth, written = read(files["grey"]) / 255, read("out.png") / 255
    missing = read(files["mask"]) > 0
    assert record["psnr_missing"] == pytest.approx(psnr(written, truth, missing), abs=1e-4)
    assert record["psnr_full"] == pytest.approx(psnr(written, truth), abs=1e-4)
    assert record["psnr_full"] == pytest.approx(record["psnr_missing"] + 10 * np.log10(2), abs=1e-4)


PATCH = ("--rounds", 2, "--similar", 15, "--radius", 4, "--device", "cpu")


def test_the_default_is_the_patch_engine_with_error_bars(run, files):
    result = run(
        "inpaint", files["grey"], "--mask", files["mask"], "--reference", files["grey"], "-o", "out.png",
        "--uncertainty", "sigma.tif", "--json", *PATCH,
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert (record["net"], record["reg"]) == ("grid", "patch")
    assert record["quality"] == "normal"
    assert [record[key] for key in ("preset", "warm_start", "steps", "psnr_raw", "psnr_known")] == [None] * 5
    assert 0 <= record["noise_sigma"] < 20
    sigma, missing = tifffile.imread("sigma.tif"), read(files["mask"]) > 0
    assert sigma.dtype == np.float32
    assert sigma.shape == missing.shape
    assert (sigma[~missing] == 0).all()
    assert (sigma[missing] > 0).all()
    assert record["sigma_mean"] == pytest.approx(sigma[missing].mean(), rel=1e-4)
    error = np.abs(read("out.png").astype(float) - read(files["grey"]))[missing]
    assert 0.5 < sigma[missing].mean() / error.mean() < 3


@pytest.mark.parametrize("name", ["grey", "colour"])
def test_uncertainty_as_16_bit_png_has_the_full_scale_of_the_picture(run, files, name):
    mask = files["mask" if name == "grey" else "colour_mask"]
    for output in ("sigma.tif", "sigma.png"):
        result = run("inpaint", files[name], "--mask", mask, "--force", "--uncertainty", output, *PATCH)
        assert result.exit_code == 0, result.stderr
    levels, sigma = imagecodecs.png_decode(Path("sigma.png").read_bytes()), tifffile.imread("sigma.tif")
    assert levels.dtype == np.uint16
    assert levels.shape == sigma.shape == read(files[name]).shape
    assert np.abs(levels / 257 - sigma).max() < 0.01


def test_noise_and_denoise(run, files):
    ask = ("inpaint", files["grey"], "--mask", files["mask"], "--json")
    record = json.loads(run(*ask, "-o", "a.png", "--noise", 12).stdout)
    assert record["noise_sigma"] == pytest.approx(12)
    assert run(*ask, "-o", "b.png", "--noise", 0).exit_code == 0
    assert run(*ask, "-o", "c.png", "--noise", 12, "--denoise").exit_code == 0
    known = read(files["mask"]) == 0
    a, b, c = (read(f"{name}.png") for name in "abc")
    assert (a != b).any()
    assert (a[known] == read(files["grey"])[known]).all()
    assert (c[known] != read(files["grey"])[known]).mean() > 0.5


def test_a_network_with_the_patch_prior(run, files):
    ask = ("inpaint", files["grey"], "--mask", files["mask"], "--json", "--net", "siren", "--reg", "patch")
    result = run(*ask, "--steps", 8, "--width", 32, "--rounds", 2, "--similar", 15)
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert (record["net"], record["reg"], record["steps"]) == ("siren", "patch", 8)
    assert record["psnr_known"] > 5
    assert record["sigma_mean"] is None


def test_measures_without_a_reference_are_null(run, files):
    record = json.loads(run("inpaint", files["grey"], "--mask", files["mask"], "--json", *QUICK).stdout)
    assert record["psnr_known"] > 5
    assert [record[k] for k in ("psnr_raw", "psnr_full", "psnr_missing", "ssim_full")] == [None] * 4


def test_mask_mode_known_turns_the_mask_round(run, files):
    turned = files["mask"].with_name("turned.png")
    Image.fromarray(~read(files["mask"])).save(turned)
    for mask, mode in ((files["mask"], "fill"), (turned, "known")):
        assert (
            run("inpaint", files["grey"], "--mask", mask, "--mask-mode", mode, "-o", f"{mode}.png", *QUICK).exit_code
            == 0
        )
    assert (read("fill.png") == read("known.png")).all()


def test_jpeg_in_png_out_and_jpeg_out_with_a_warning(run, files, colour):
    Image.fromarray(colour).save("photo.jpg")
    decoded = read("photo.jpg")
    assert run("inpaint", "photo.jpg", "--mask", files["colour_mask"], *QUICK).exit_code == 0
    known = read(files["colour_mask"]) == 0
    assert (read("photo_restored.png")[known] == decoded[known]).all()
    result = run("inpaint", "photo.jpg", "--mask", files["colour_mask"], "-o", "out.jpg", *QUICK)
    assert result.exit_code == 0
    assert "JPEG re-encodes every pixel" in result.stderr


@pytest.mark.parametrize("scale", ["2", "1.5"])
def test_superres(run, files, colour, scale):
    size = (round(40 * float(scale)), round(32 * float(scale)))
    truth = np.asarray(Image.fromarray(colour).resize(size[::-1], Image.Resampling.BICUBIC))
    Image.fromarray(truth).save("truth.png")
    result = run("superres", files["colour"], "--scale", scale, "--reference", "truth.png", "--json", *QUICK)
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    written = read(files["colour"].with_name(f"colour_x{scale}.png"))
    assert written.shape == (*size, 3)
    assert (record["height"], record["width"], record["scale"]) == (*size, float(scale))
    assert record["psnr_full"] == pytest.approx(psnr(written / 255, truth / 255), abs=1e-4)
    assert record["missing_pixels"] is record["missing_samples"] is record["psnr_missing"] is None
    assert "enlarging 32 x 40" in result.stderr


@pytest.mark.parametrize("pattern", ["random", "patch", "textural", "mixture", "downsample"])
def test_mask(run, files, grey, pattern):
    result = run("mask", "--pattern", pattern, "--like", files["grey"], "--seed", 3, "--json")
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    written = read(f"mask_{pattern}.png")
    assert set(np.unique(written)) == {0, 255}
    assert ((written > 0) == make_mask(grey.shape, pattern, seed=3)).all()
    assert record["missing_pixels"] == (written > 0).sum()


def test_mask_options_and_preview(run, files, grey):
    result = run("mask", "--rate", 0.2, "--preview", files["grey"], "-o", "m.png")
    assert result.exit_code == 0, result.stderr
    missing = read("m.png") > 0
    assert missing.mean() == pytest.approx(0.2, abs=0.001)
    view = read("m_preview.png")
    assert (view[~missing] == grey[~missing][:, None]).all()
    assert (
        run(
            "mask", "--size", "30x50", "--pattern", "patch", "--count", 1, "--patch-size", "4x5", "-o", "p.png"
        ).exit_code
        == 0
    )
    assert read("p.png").shape == (30, 50)
    assert (read("p.png") > 0).sum() == 20
    run("mask", "--pattern", "downsample", "--factor", 3, "--size", "30x30")
    assert (read("mask_downsample.png") == 0).sum() == 100


def test_quiet_says_nothing_and_verbose_says_how(run, files):
    result = run("inpaint", files["grey"], "--mask", files["mask"], "-o", "a.png", "-q", *QUICK)
    assert result.stderr == ""
    verbosity.quiet = False
    result = run("inpaint", files["grey"], "--mask", files["mask"], "-o", "b.png", "-v", *QUICK)
    assert "10 steps of muon at" in result.stderr


@pytest.mark.slow
def test_demo(run, monkeypatch):
    quick = lambda **options: make_settings(rounds=2, similar=15, radius=4, **options)  # noqa: E731
    # the package's attribute of that name is the command, not the module
    monkeypatch.setattr(sys.modules["inrr_cli.cli.demo"], "make_settings", quick)
    result = run("demo", "pictures", "--device", "cpu", "--json")
    assert result.exit_code == 0, result.stderr
    rows = json.loads(result.stdout)["results"]
    assert [row["pattern"] for row in rows] == ["random", "patch", "textural", "mixture", "downsample"]
    assert all(row["psnr_full"] > row["psnr_missing"] > 5 for row in rows)
    for row in rows:
        damaged, mask, restored, comparison = (
            read(f"pictures/{row['pattern']}_{view}.png") for view in ("damaged", "mask", "restored", "comparison")
        )
        assert (restored[mask == 0] == damaged[mask == 0]).all()
        assert (damaged[mask > 0] == 0).all()
        assert comparison.shape == (256, 3 * 256 + 16, 3)
    assert Path(json.loads(result.stdout)["report"]) == Path("pictures/report.html")
    report = Path("pictures/report.html").read_text(encoding="utf-8")
    assert [f"{row['pattern'].capitalize()} pixels missing</h2>" in report for row in rows] == [True] * 5
    again = run("demo", "pictures")
    assert again.exit_code == 2
    assert "already exists; use --force" in again.stderr


def test_doctor(run):
    record = json.loads(run("doctor", "--json").stdout)
    assert record["devices"][-1] == "cpu"
    assert record["gflops_float32"] > 0
    assert record["threads"] >= 1
    assert isinstance(record["bfloat16_used"], bool)
    assert "torch" in run("doctor").stdout


def test_options_of_methods_are_in_the_help(run):
    text = run("inpaint", "--help").stdout
    for word in ("--omega", "--adjacency", "softmax|exp", "--weight", "30.0 for siren", "inrr inpaint photo.png"):
        assert word in text
    assert run("-h").stdout == run().stdout


def test_grey_masks_and_nearly_empty_pictures_are_warned_of(run, files):
    mask = np.full((48, 64), 255, np.uint8)
    mask[:3, :4] = (0, 30, 0, 90)
    Image.fromarray(mask).save("m.png")
    result = run("inpaint", files["grey"], "--mask", "m.png", "-o", "a.png", *QUICK)
    assert result.exit_code == 0
    assert "grey values" in result.stderr
    assert "99.6% of the pixels are missing" in result.stderr
