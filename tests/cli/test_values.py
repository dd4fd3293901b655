"""Labels and angles by the command."""

import json

import numpy as np
import pytest
import tifffile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from .checks import QUICK, ok, refused

WARNING = "--values labels"


@pytest.fixture
def labels():
    """Three labels in stripes, (48, 64) uint8."""
    rows, columns = np.mgrid[:48, :64]
    return ((columns + rows // 3) // 6 % 3).astype(np.uint8)


@pytest.fixture
def hole(tmp_path):
    """A mask file, mask.png; the mask."""
    missing = np.zeros((48, 64), bool)
    missing[10:18, 20:28] = True
    Image.fromarray(missing.astype(np.uint8) * 255).save(tmp_path / "mask.png")
    return missing


def test_ids_are_exact_and_the_record_says_what_they_are(run, tmp_path, labels, hole):
    ids = np.array([16777217, 16777219, 4000000001], np.uint32)[labels]
    tifffile.imwrite(tmp_path / "truth.tif", ids)
    tifffile.imwrite(tmp_path / "ids.tif", np.where(hole, 0, ids).astype(np.uint32))
    ask = ("inpaint", "ids.tif", "--mask", "mask.png", "--values", "labels", "--reference", "truth.tif", *QUICK)
    extra = ("--uncertainty", "p.tif", "--json", "-o", "out.tif")
    record = json.loads(ok(run(*ask, *extra)).stdout)
    written, probability = tifffile.imread(tmp_path / "out.tif"), tifffile.imread(tmp_path / "p.tif")
    assert written.dtype == np.uint32
    assert np.isin(written, ids).all()
    assert (record["values"], record["psnr_missing"]) == ("labels", None)
    assert record["accuracy"] == (written == ids)[hole].mean()
    assert record["accuracy"] > 0.9
    assert record["sigma_mean"] == pytest.approx(probability[hole].mean())
    assert (probability[~hole] == 0).all()
    printed = ok(run(*ask, "--uncertainty", "p.png", "-o", "again.tif")).stdout
    assert "filled labels that are right" in printed
    assert "in the image's units" not in printed
    levels = np.asarray(Image.open(tmp_path / "p.png"))
    assert np.abs(levels / 65535 - probability).max() < 1e-4


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_a_palette_png_of_labels_stays_one(run, tmp_path, labels, hole, bits):
    palette = bytes([200, 0, 0, 0, 190, 0, 0, 0, 180]) + bytes(3 * 2**bits - 9)
    for name, array in (("truth", labels), ("map", np.where(hole, 0, labels).astype(np.uint8))):
        image, text = Image.fromarray(array), PngInfo()
        text.add_text("Title", "land use")
        image.putpalette(palette)
        image.save(tmp_path / f"{name}.png", bits=bits, transparency=b"\0\xff\xff", pnginfo=text)
    ask = ("inpaint", "map.png", "--mask", "mask.png", "--values", "labels", "--reference", "truth.png", *QUICK)
    record = json.loads(ok(run(*ask, "--json", "-o", "out.png")).stdout)
    data, before = (tmp_path / "out.png").read_bytes(), (tmp_path / "map.png").read_bytes()
    assert data[24:26] == before[24:26] == bytes([bits, 3])
    written = Image.open(tmp_path / "out.png")
    assert written.mode == "P"
    assert written.getpalette() == list(palette)
    assert written.text["Title"] == "land use"
    assert "--values labels" in written.text["inrr"]
    assert (np.asarray(written) == labels)[~hole].all()
    assert record["accuracy"] > 0.9
    result = ok(run(*ask, "-o", "out.tif"))
    assert "TIFF has no place for the image's palette, PNG texts" in result.stderr


def test_labels_that_are_filled_as_numbers_are_warned_of(run, tmp_path, grey, hole):
    rows, columns = np.mgrid[:48, :64]
    labels = (rows // 12 * 4 + columns // 16) * 7 % 11
    Image.fromarray(labels.astype(np.uint8)).save(tmp_path / "labels.png")
    image = Image.fromarray(labels.astype(np.uint8))
    image.putpalette(np.random.default_rng(0).integers(0, 256, 33).astype(np.uint8).tobytes())
    image.save(tmp_path / "palette.png")
    Image.fromarray(grey).save(tmp_path / "photo.png")
    Image.fromarray(grey).quantize(32).save(tmp_path / "quantised.png")
    for name, fires in (("labels", True), ("palette", True), ("photo", False), ("quantised", False)):
        result = ok(run("inpaint", f"{name}.png", "--mask", "mask.png", *QUICK))
        assert (WARNING in result.stderr) is fires, name
        assert len([line for line in result.stderr.splitlines() if "warning" in line]) == fires
    result = ok(run("inpaint", "labels.png", "--mask", "mask.png", "--values", "labels", "-o", "l.png", *QUICK))
    assert "warning" not in result.stderr


def test_angles_are_filled_and_measured_round_the_circle(run, tmp_path, hole):
    angles = np.mod(np.arange(64) * 2.0 + 310 + np.arange(48)[:, None], 360).astype(np.float32)
    tifffile.imwrite(tmp_path / "truth.tif", angles)
    tifffile.imwrite(tmp_path / "turned.tif", np.where(angles > 180, angles - 360, angles))
    tifffile.imwrite(tmp_path / "angles.tif", np.where(hole, np.nan, angles).astype(np.float32))
    for truth in ("truth.tif", "turned.tif"):
        ask = ("inpaint", "angles.tif", "--mask", "nan", "--values", "angle=360", "--reference", truth, *QUICK)
        record = json.loads(ok(run(*ask, "--json", "--force")).stdout)
        assert record["values"] == "angle=360"
        assert record["psnr_missing"] > 35
        assert record["accuracy"] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--values", "ids"), "values must be linear, labels or angle=PERIOD, got 'ids'"),
        (("--values", "angle=0"), "the period of an angle must be a number above 0"),
        (("--values", "angle=360"), "uint8 cannot hold angles of period 360"),
        (("--values", "labels", "--noise", 2), "noise has no meaning for labels"),
        (("--values", "labels", "--net", "siren", "--checkpoint", "c.pt"), "--checkpoint has no meaning"),
    ],
)
def test_kinds_that_cannot_be_used_are_refused(run, tmp_path, labels, hole, options, message):
    Image.fromarray(labels).save(tmp_path / "labels.png")
    refused(run("inpaint", "labels.png", "--mask", "mask.png", *options), message)
    assert not (tmp_path / "labels_restored.png").exists()
