"""``inrr compare``, and the estimate of ``inrr inpaint``."""

import json
import sys

import numpy as np
import pytest
import tifffile
from checks import ok, read, refused
from PIL import Image

from inrr_cli.comparison import peers

QUICK = ("--methods", "biharmonic,linear")


@pytest.fixture
def truth(tmp_path, grey):
    path = tmp_path / "truth.png"
    Image.fromarray(grey).save(path)
    return path


def test_a_table_and_a_sheet_are_made_against_a_truth(run, files, truth, tmp_path):
    result = ok(run("compare", files["grey"], "--mask", files["mask"], "--reference", truth, *QUICK))
    assert "psnr_missing" in result.stdout
    assert "truth.png" in result.stdout
    assert "scikit-image biharmonic" in result.stdout
    assert "(1x)" in result.stdout
    sheet = read(tmp_path / "grey_compare.png")
    assert sheet.ndim == 3
    assert sheet.shape[1] > 3 * 320
    record = json.loads(ok(run("compare", files["grey"], "--mask", files["mask"], "--reference", truth, *QUICK,
                               "--json", "--force")).stdout)  # fmt: skip
    assert record["measured_on"] == "truth"
    assert record["measured_samples"] == record["missing_samples"]
    biharmonic, linear = record["results"]
    assert (biharmonic["method"], linear["method"]) == ("biharmonic", "linear")
    assert 15 < linear["psnr_missing"] < biharmonic["psnr_missing"] < 60
    assert biharmonic["psnr_hidden"] is None
    assert 0 < biharmonic["ssim_full"] < 1
    assert biharmonic["seconds_over_biharmonic"] == 1
    assert linear["seconds_over_biharmonic"] > 0


def test_without_a_truth_known_samples_are_hidden_and_the_title_says_so(run, files, tmp_path):
    (tmp_path / "sheets").mkdir()
    result = ok(run("compare", files["grey"], "--mask", files["mask"], *QUICK, "-o", "sheets"))
    assert " ".join(result.stdout.split()).count("no truth: measured at") == 1
    assert (tmp_path / "sheets" / "grey_compare.png").exists()
    record = json.loads(
        ok(run("compare", files["grey"], "--mask", files["mask"], *QUICK, "--json", "-o", "s.png")).stdout
    )
    assert record["measured_on"] == "hidden"
    assert all(row["psnr_missing"] is None and row["psnr_hidden"] > 10 for row in record["results"])
    again = json.loads(
        ok(run("compare", files["grey"], "--mask", files["mask"], *QUICK, "--json", "-o", "t.png")).stdout
    )
    assert [row["psnr_hidden"] for row in again["results"]] == [row["psnr_hidden"] for row in record["results"]]


def test_float_images_with_nan_and_16_bit_ones_with_alpha_are_compared(run, tmp_path, heights, colour):
    tifffile.imwrite(tmp_path / "map.tif", heights)
    record = json.loads(ok(run("compare", "map.tif", "--mask", "nan", *QUICK, "--json")).stdout)
    assert record["missing_samples"] == 40
    assert record["dtype"] == "float32"
    wide = np.concatenate([colour.astype(np.uint16) * 257, np.full((*colour.shape[:2], 1), 65535, np.uint16)], 2)
    wide[5:9, 5:9] = 0
    tifffile.imwrite(tmp_path / "wide.tif", wide, photometric="rgb", extrasamples=["unassalpha"])
    record = json.loads(ok(run("compare", "wide.tif", "--mask", "alpha", *QUICK, "--json")).stdout)
    assert (record["channels"], record["dtype"], record["missing_pixels"]) == (3, "uint16", 16)


def test_a_page_is_chosen(run, tmp_path, stack):
    mask = np.zeros(stack.shape, np.uint8)
    mask[1:3, 10:14, 10:14] = 255
    tifffile.imwrite(tmp_path / "stack.tif", stack, photometric="minisblack")
    tifffile.imwrite(tmp_path / "mask.tif", mask, photometric="minisblack")
    result = ok(run("compare", "stack.tif", "--mask", "mask.tif", *QUICK, "--json"))
    assert json.loads(result.stdout)["page"] == 2
    assert "page 2" in result.stderr
    other = ok(run("compare", "stack.tif", "--mask", "mask.tif", *QUICK, "--json", "--pages", 3, "--force"))
    assert json.loads(other.stdout)["page"] == 3
    refused(run("compare", "stack.tif", "--mask", "mask.tif", "--pages", 9, "-o", "new.png"), "has pages 1 to 4")


def test_a_peer_that_fails_is_a_row_and_one_that_is_not_installed_a_note(run, files, monkeypatch):
    def fail(image, unknown):
        raise ValueError("no such luck")

    broken = peers.Peer("scipy linear", "scipy", "scipy", fail, lambda image, unknown: "")
    monkeypatch.setitem(peers.PEERS, "linear", broken)
    monkeypatch.setattr(peers, "find_spec", lambda package: None if package == "cv2" else object())
    methods = ("--methods", "linear,telea,biharmonic")
    result = ok(run("compare", files["grey"], "--mask", files["mask"], *methods, "--json"))
    record = json.loads(result.stdout)
    assert [row["failure"] for row in record["results"]] == ["ValueError: no such luck", None]
    assert record["not_installed"] == ["telea"]
    assert "pip install opencv-contrib-python-headless" in result.stderr
    text = ok(run("compare", files["grey"], "--mask", files["mask"], *methods, "--force")).stdout
    assert all(word in text for word in ("ValueError:", "luck"))  # in a narrow column


def test_bad_requests_are_refused_before_any_work(run, files, truth, tmp_path, monkeypatch):
    monkeypatch.setattr(
        sys.modules["inrr_cli.cli.compare"], "_run", lambda *arguments, **options: pytest.fail("work has begun")
    )
    image = ("compare", files["grey"], "--mask", files["mask"])
    refused(run(*image, "--methods", "biharmonik"), "did you mean 'biharmonic'?")
    refused(run(*image, "-o", "sheet.jpg"), "use .png")
    refused(run(*image, "-o", files["mask"], "--force"), "is an input or another output too")
    refused(run(*image, "--reference", files["colour"]), "must agree")
    Image.fromarray(np.zeros((48, 64), np.uint8)).save(tmp_path / "empty.png")
    refused(run("compare", files["grey"], "--mask", "empty.png"), "the mask is empty")
    (tmp_path / "grey_compare.png").write_bytes(b"mine")
    refused(run(*image), "already exists")
    assert (tmp_path / "grey_compare.png").read_bytes() == b"mine"
    Image.fromarray(np.arange(48 * 64).reshape(48, 64) != 5).save(tmp_path / "most.png")
    refused(run("compare", files["grey"], "--mask", "most.png", "-o", "new.png"), "give the truth with --reference")


def test_an_exact_fill_is_no_infinity_in_json(run, tmp_path):
    flat = np.full((40, 40), 90, np.uint8)
    mask = np.zeros_like(flat)
    mask[10:14, 10:14] = 255
    for name, pixels in (("flat", flat), ("mask", mask)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    arguments = ("compare", "flat.png", "--mask", "mask.png", "--reference", "flat.png", *QUICK, "--force")
    assert json.loads(ok(run(*arguments, "--json")).stdout)["results"][0]["psnr_missing"] is None
    assert "inf dB" in ok(run(*arguments)).stdout


def test_a_report_holds_all_methods_and_no_output_is_left_by_half(run, files, truth, tmp_path):
    arguments = ("compare", files["grey"], "--mask", files["mask"], "--reference", truth, *QUICK)
    ok(run(*arguments, "--report", "r.html"))
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert all(name in text for name in ("scikit-image biharmonic", "scipy linear", "psnr_missing", "truth.png"))
    assert "http://" not in text.replace("http://www.w3.org", "")
    (tmp_path / "grey_compare.png").unlink()
    refused(run(*arguments, "--report", "r.html"), "already exists")
    assert not (tmp_path / "grey_compare.png").exists()


@pytest.mark.slow
def test_ours_is_compared_and_beats_the_others_on_a_photograph(run, files, truth):
    methods = ("--methods", "patch,texture,biharmonic,linear,cubic")
    result = ok(run("compare", files["grey"], "--mask", files["mask"], "--reference", truth, *methods, "--json"))
    found = {row["method"]: row["psnr_missing"] for row in json.loads(result.stdout)["results"]}
    assert found["patch"] == max(found.values())


@pytest.mark.slow
def test_the_estimate_is_in_the_record_the_print_the_sidecar_and_near_the_truth(run, tmp_path):
    from skimage.data import camera

    from inrr_cli import make_mask

    picture = np.asarray(Image.fromarray(camera()).resize((160, 160), Image.Resampling.BOX))
    Image.fromarray(picture).save(tmp_path / "picture.png")
    Image.fromarray(make_mask(picture.shape, "random", rate=0.4)).save(tmp_path / "m.png")
    arguments = ("inpaint", "picture.png", "--mask", "m.png", "--reference", "picture.png", "--estimate")
    text = ok(run(*arguments, "--sidecar", "picture.json", "-o", "out.png")).stdout
    assert "psnr_estimated" in text
    record = json.loads((tmp_path / "picture.json").read_text())
    assert abs(record["psnr_estimated"] - record["psnr_missing"]) < 2.0
    again = json.loads(ok(run(*arguments, "--json", "-o", "again.png")).stdout)
    assert again["psnr_estimated"] == record["psnr_estimated"]
    plain = ok(run("inpaint", "picture.png", "--mask", "m.png", "--json", "-o", "plain.png"))
    assert json.loads(plain.stdout)["psnr_estimated"] is None
    assert (tmp_path / "plain.png").read_bytes() == (tmp_path / "out.png").read_bytes()


QUICK_PATCHES = ("--rounds", 2, "--similar", 15, "--radius", 4)


def test_an_estimate_needs_no_truth(run, files):
    small = ("--rounds", 2, "--similar", 8, "--radius", 3)
    arguments = ("inpaint", files["grey"], "--mask", files["mask"], "--estimate", *small, "--json", "--force")
    record = json.loads(ok(run(*arguments)).stdout)
    assert 10 < record["psnr_estimated"] < 40
    assert record["psnr_missing"] is None


@pytest.mark.slow
def test_a_network_has_an_estimate_too(run, files):
    network = ("--net", "siren", "--steps", 10, "--width", 32, "--device", "cpu")
    result = ok(run("inpaint", files["grey"], "--mask", files["mask"], "--estimate", *network, "--json"))
    assert 0 < json.loads(result.stdout)["psnr_estimated"] < 40


@pytest.mark.parametrize("other", [("--denoise",), ("--values", "labels"), ("--values", "angle=360")])
def test_an_estimate_is_refused_where_it_means_nothing(run, files, other):
    refused(run("inpaint", files["grey"], "--mask", files["mask"], "--estimate", *other), "--estimate does not go with")


@pytest.mark.slow
def test_channels_and_pages_with_masks_of_their_own_have_an_estimate(run, tmp_path, stack):
    rng = np.random.default_rng(0)
    mask = np.where(rng.random(stack.shape) < 0.2, 255, 0).astype(np.uint8)
    mask[3] = 0
    tifffile.imwrite(tmp_path / "stack.tif", stack, photometric="minisblack")
    tifffile.imwrite(tmp_path / "mask.tif", mask, photometric="minisblack")
    arguments = ("inpaint", "stack.tif", "--mask", "mask.tif", "--estimate", "--reference", "stack.tif", *QUICK_PATCHES)
    record = json.loads(ok(run(*arguments, "--stack", "pages", "--json")).stdout)
    assert abs(record["psnr_estimated"] - record["psnr_missing"]) < 3
