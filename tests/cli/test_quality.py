"""``--quality``: how long the patches take."""

import json
from pathlib import Path

import pytest
from checks import ok, refused
from PIL import Image

SMALL = ("--similar", 15, "--radius", 4, "--device", "cpu")


def test_a_draft_is_told_of_in_the_record_and_in_the_file(run, files):
    ask = ("inpaint", files["grey"], "--mask", files["mask"], *SMALL, "--json")
    assert json.loads(ok(run(*ask, "-o", "out.png", "--quality", "draft")).stdout)["quality"] == "draft"
    with Image.open("out.png") as written:
        assert "--quality draft" in written.text["inrr"]
    ok(run(*ask, "-o", "normal.png"))
    with Image.open("normal.png") as written:
        assert "--quality" not in written.text["inrr"]


def test_a_file_may_ask_for_the_best_of_superres(run, files):
    Path("inrr.toml").write_text('quality = "best"\n[superres]\ntrain_steps = 5\nrounds = 1', encoding="utf-8")
    assert json.loads(ok(run("superres", files["grey"], "--scale", 1.5, "--json")).stdout)["quality"] == "best"
    refused(run("inpaint", files["grey"], "--mask", files["mask"], "--net", "siren"), "(see quality in inrr.toml)")


@pytest.mark.parametrize("network", [("--net", "siren"), ("--reg", "tv"), ("--net", "ntk")])
def test_a_network_has_no_quality(run, files, network):
    ask = ("inpaint", files["grey"], "--mask", files["mask"], "--quality", "draft")
    refused(run(*ask, *network), "quality has no meaning for net")


def test_the_quality_of_a_jpeg_is_another_option(run, files):
    done = run("inpaint", files["grey"], "--mask", files["mask"], "-o", "out.jpg", "--quality", 90)
    assert done.exit_code == 2
    assert "draft" in done.stderr
