"""--report, from the command line."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import tifffile
from checks import QUICK, TILE, ok, read, refused
from PIL import Image

from inrr_cli import make_mask


def text(path):
    return Path(path).read_text(encoding="utf-8")


def panes(path):
    """Return the names of the panes of the first page."""
    found = re.findall(r"<figcaption><strong>([^<]*)</strong></figcaption>\s*<div class=\"frame\"", text(path))
    return list(dict.fromkeys(found))


@pytest.fixture
def fill(run, files):
    """Fill the grey picture, by default into out.png with the report r.html."""
    return lambda *more: run("inpaint", files["grey"], "--mask", files["mask"], "-o", "out.png", *QUICK, *more)


def test_a_report_changes_no_byte_of_the_image(run, files, fill):
    ok(fill("--report", "r.html"))
    ok(run("inpaint", files["grey"], "--mask", files["mask"], "-o", "plain.png", *QUICK))
    assert Path("out.png").read_bytes() == Path("plain.png").read_bytes()
    assert panes("r.html") == ["Before", "Restored", "Error bar"]


def test_the_report_holds_what_a_lab_book_asks_for(files, fill):
    ok(fill("--report", "r.html", "--reference", files["grey"], "--sidecar", "r.json"))
    report, record = text("r.html"), json.loads(text("r.json"))
    assert f"inrr inpaint {files['grey']}" in report
    from hashlib import sha256

    for path in (files["grey"], files["mask"], "out.png", "r.json"):
        assert sha256(Path(path).read_bytes()).hexdigest() in report
    for name in ("psnr_missing", "seed", "noise_sigma"):
        assert f"<code>{name}</code>" in report
    assert f"{record['psnr_missing']:.2f} dB" in report
    for word in ("Python", "numpy", "torch", "platform", "@inproceedings{li2023regularize"):
        assert word in report
    assert panes("r.html") == ["Before", "Restored", "Truth", "Error bar", "Residual"]


def test_a_report_is_checked_before_the_work(files, fill):
    refused(fill("--report", "r.txt"), "r.txt: cannot write '.txt' files; use .html, .htm")
    refused(fill("--report", "no/r.html"), "the folder no does not exist")
    Path("r.html").write_text("mine")
    refused(fill("--report", "r.html"), "r.html: already exists; use --force")
    assert text("r.html") == "mine"
    assert not Path("out.png").exists()


def test_samples_without_a_number_and_16_bits_are_shown(run, grey):
    values = grey.astype(np.float32) * 0.37 - 20
    values[10:14, 20:30] = np.nan
    tifffile.imwrite("map.tif", values)
    ok(run("inpaint", "map.tif", "--mask", "nan", "--report", "map.html", *QUICK))
    assert "the middle 99 % of the known samples" in text("map.html")
    tifffile.imwrite("deep.tif", grey.astype(np.uint16) * 200 + 3000)
    Image.fromarray(make_mask(grey.shape, "random")).save("m.png")
    ok(run("inpaint", "deep.tif", "--mask", "m.png", "--report", "deep.html", *QUICK))
    assert 'data-kind="near"' in text("deep.html")


def test_a_made_up_pixel_is_told_and_each_variant_is_shown(run, copies, grey):
    Image.fromarray(grey).save("grey.png")
    mask = np.zeros(grey.shape, np.uint8)
    mask[10:30, 12:34] = 255
    Image.fromarray(mask).save("hole.png")
    ok(run("inpaint", "grey.png", "--mask", "hole.png", "--fill", "texture", "--variants", 2, "--report", "t.html"))
    assert panes("t.html") == ["Before", "Variant 1", "Variant 2", "Error bar", "Origin"]
    report = text("t.html")
    assert "pixels are made up of copies from elsewhere in the picture: plausible, not measured" in report
    assert "Stripes where pixels are made up" in report


@pytest.mark.slow
def test_labels_and_angles(run, grey):
    Image.fromarray(grey // 64).save("labels.png")
    Image.fromarray(make_mask(grey.shape, "random")).save("m.png")
    ok(run("inpaint", "labels.png", "--mask", "m.png", "--values", "labels", "--report", "l.html"))
    assert panes("l.html") == ["Before", "Restored", "Probability"]
    tifffile.imwrite("angle.tif", grey.astype(np.float32))
    ok(run("inpaint", "angle.tif", "--mask", "m.png", "--values", "angle=360", "--report", "a.html", *QUICK))
    assert "Angles from 0 to 360 on a circle of colours" in text("a.html")


@pytest.mark.slow
def test_of_a_stack_the_doubtful_pages_come_first_and_a_dozen_in_full(run, grey):
    grey = grey[:28, :24]
    pages = np.stack([np.roll(grey, 3 * number, 1) for number in range(14)])
    tifffile.imwrite("stack.tif", pages)
    mask = np.zeros(pages.shape, np.uint8)
    for number in range(14):
        mask[number, 10 : 12 + number, 10:14] = 255
    tifffile.imwrite("mask.tif", mask)
    options = ("--stack", "pages", "--rounds", 2, "--similar", 15, "--radius", 2)
    ok(run("inpaint", "stack.tif", "--mask", "mask.tif", "--report", "s.html", *options))
    report = text("s.html")
    titles = re.findall(r'<h2 id="f\d+-title">([^<]*)</h2>', report)
    assert len(titles) == len(set(titles)) == 12
    means = [float(mean) for mean in re.findall(r"<dt>Mean error bar</dt><dd>([^<]*)</dd>", report)]
    assert means == sorted(means, reverse=True)
    further = re.findall(r'<th scope="row">(Page \d+ of 14)</th>', report)
    assert len(further) == 2
    assert set(further).isdisjoint(titles)
    assert "The 12 most doubtful of the pages come first" in report


def test_an_enlargement_has_a_report(run, grey):
    Image.fromarray(grey[:24, :32]).save("small.png")
    ok(run("superres", "small.png", "--scale", 2, "--train-steps", 2, "--report", "s.html"))
    assert panes("s.html")[:3] == ["Input, nearest pixel", "Enlarged", "Bicubic"]
    assert "Reduced again, off by at most" in text("s.html")


def test_an_image_that_is_filled_by_window_has_no_report(run, grey):
    tifffile.imwrite("large.tif", np.tile(grey, (3, 3)), tile=(32, 48), metadata=None)
    tifffile.imwrite("m.tif", np.tile(grey, (3, 3)) // 250 * 255, tile=(32, 48), metadata=None)
    found = run("inpaint", "large.tif", "--mask", "m.tif", "--max-pixels", 100, *TILE, "--report", "r.html")
    refused(found, "are filled by window, which --report does not allow; leave it out")


@pytest.fixture
def folder(run, grey):
    """Run a batch on three pictures, one of which is broken, and their masks."""
    for name in ("in", "masks"):
        Path(name).mkdir()
    for number, name in enumerate(("calm", "<img src=x onerror=alert(1)>")):
        part = grey[:24, :32]
        Image.fromarray(np.roll(part, 9 * number, 1)).save(f"in/{name}.png")
        mask = np.zeros(part.shape, np.uint8)
        mask[5 : 8 + 9 * number, 10:20] = 255
        Image.fromarray(mask).save(f"masks/{name}.png")
    Path("in/broken.png").write_text("no picture")
    Path("masks/broken.png").write_text("no picture")
    return lambda *more: run("inpaint", "in", "--mask", "masks", *QUICK, "--device", "cpu", *more)


def listed(path="rep/index.html"):
    return re.findall(r'<th scope="row" data-value="([^"]*)"', text(path))


HOSTILE = "in/&lt;img src=x onerror=alert(1)&gt;.png"


def test_a_batch_has_an_index_that_puts_failures_and_the_doubtful_first(folder):
    assert folder("-o", "out", "--report", "rep").exit_code == 3
    assert sorted(path.name for path in Path("rep").iterdir()) == [
        "<img src=x onerror=alert(1)>_report.html", "calm_report.html", "index.html",
    ]  # fmt: skip
    assert listed() == ["in/broken.png", HOSTILE, "in/calm.png"]
    assert 'href="calm_report.html"' in text("rep/index.html")


@pytest.mark.slow
def test_a_resumed_batch_has_all_in_its_index(folder):
    folder("-o", "out", "--report", "rep")
    Path("in/broken.png").unlink()
    again = folder("-o", "out", "--report", "rep")
    assert "0 restored, 2 done before" in again.stderr
    assert set(listed()) >= {HOSTILE, "in/calm.png"}


@pytest.mark.slow
def test_shards_share_an_index(folder):
    Path("in/broken.png").unlink()
    for shard in ("1/2", "2/2"):
        ok(folder("-o", "out", "--report", "rep", "--shard", shard))
    assert sorted(listed()) == [HOSTILE, "in/calm.png"]


@pytest.mark.slow
def test_images_without_a_folder_of_results_have_an_index_too(run, folder):
    ok(
        run(
            "inpaint",
            "in/calm.png",
            "in/<img src=x onerror=alert(1)>.png",
            "--mask",
            "masks",
            "--report",
            "rep",
            *QUICK,
        )
    )
    assert listed() == [HOSTILE, "in/calm.png"]


def test_an_index_of_others_is_left_alone(folder):
    Path("rep").mkdir()
    Path("rep/index.html").write_text("my site")
    refused(folder("-o", "out", "--report", "rep"), "rep/index.html: is no page of inrr")
    assert text("rep/index.html") == "my site"


@pytest.mark.slow
def test_a_preview_and_a_dry_run_write_no_index(folder):
    folder("-o", "out", "--report", "rep", "--dry-run")
    assert not Path("rep").exists()


@pytest.mark.slow
def test_the_report_of_a_network_has_its_curves_and_what_it_learned(run, files):
    options = ("--reg", "inrr", "--steps", 20, "--reference", files["grey"], "--device", "cpu")
    ok(run("inpaint", files["grey"], "--mask", files["mask"], "-o", "a.png", *options, "--report", "n.html"))
    ok(run("inpaint", files["grey"], "--mask", files["mask"], "-o", "b.png", *options))
    assert (read("a.png") == read("b.png")).all()
    report = text("n.html")
    for title in ("Loss at the known pixels", "Energy of the regulariser, weighted", "PSNR of the network"):
        assert title in report
    assert (
        re.findall(r"<strong>((?:Rows|Columns), after [\d,]+ steps?)</strong>", report)[-1] == "Columns, after 20 steps"
    )


@pytest.mark.slow
def test_an_enlargement_by_a_network_has_its_curves(run, grey):
    Image.fromarray(grey[:24, :32]).save("small.png")
    options = ("--reg", "inrr", "--steps", 20, "--device", "cpu")
    ok(run("superres", "small.png", "--scale", 2, *options, "-o", "a.png", "--report", "s.html"))
    ok(run("superres", "small.png", "--scale", 2, *options, "-o", "b.png"))
    assert (read("a.png") == read("b.png")).all()
    assert "Loss at the known pixels" in text("s.html")
    assert "Columns, after 20 steps" in text("s.html")
