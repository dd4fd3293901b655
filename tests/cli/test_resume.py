"""A batch that is run again does what is missing or changed, and nothing else."""

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import inrr_cli

QUICK = ("--rounds", 2, "--similar", 8, "--radius", 3, "--device", "cpu")


@pytest.fixture
def images(run):
    """Four small pictures in a folder and two sub-folders, with one mask."""
    rng = np.random.default_rng(0)
    for folder in ("in/a", "in/b", "in/.hidden"):
        Path(folder).mkdir(parents=True)
    for name in ("in/0", "in/1", "in/a/2", "in/b/2"):
        smooth = np.add.outer(np.arange(24), np.arange(32)) * 2 + rng.integers(0, 9, (24, 32))
        Image.fromarray(smooth.astype(np.uint8)).save(f"{name}.png")
    Path("in/.hidden/9.png").write_bytes(b"no image")
    Path("in/notes.txt").write_text("no image")
    mask = np.zeros((24, 32), np.uint8)
    mask[8:10, 5:20] = 255
    Image.fromarray(mask).save("mask.png")


@pytest.fixture
def restore(run, images):
    """Run a batch on the folder; the result has the names of the files that were restored."""

    def restore(*more, images=("in",), mask="mask.png"):
        result = run("inpaint", *images, "--mask", mask, "-o", "out", "--recursive", *QUICK, *more)
        result.done = sorted(line.split()[0] for line in result.stdout.splitlines() if line.startswith("out/"))
        return result

    return restore


ALL = ["out/0_restored.png", "out/1_restored.png", "out/a/2_restored.png", "out/b/2_restored.png"]


def journal(name="inrr-journal.jsonl"):
    return [json.loads(line) for line in Path("out", name).read_text().splitlines()]


def test_sub_folders_are_mirrored_and_a_second_run_has_nothing_to_do(restore):
    first = restore()
    assert first.exit_code == 0, first.stderr
    assert first.done == ALL
    before = {path: Path(path).read_bytes() for path in ALL}
    again = restore()
    assert again.exit_code == 0
    assert again.done == []
    assert again.stderr.splitlines()[-1] == "inrr: 0 restored, 4 done before, 0 failed"
    assert {path: Path(path).read_bytes() for path in ALL} == before


def test_without_recursive_only_the_folder_itself_is_taken(run, images):
    assert run("inpaint", "in", "--mask", "mask.png", "-o", "out", *QUICK).exit_code == 0
    assert not Path("out/a").exists()
    assert Path(ALL[1]).exists()


def change_an_image():
    Image.new("L", (32, 24), 7).save("in/1.png")


def touch_an_image():
    os.utime("in/1.png")


def remove_a_result():
    Path(ALL[1]).unlink()


def lose_the_end_of_the_journal():
    path = Path("out/inrr-journal.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    keep = [line for line in lines if b'"1_restored"' not in line or b'"begun"' in line]
    victim = next(line for line in lines if b'"1_restored"' in line and b'"done"' in line)
    path.write_bytes(b"".join(keep) + victim[: len(victim) // 2])


@pytest.mark.parametrize(
    ("change", "done"),
    [
        (change_an_image, [ALL[1]]),
        (touch_an_image, []),
        (remove_a_result, [ALL[1]]),
        (lose_the_end_of_the_journal, [ALL[1]]),
    ],
)
def test_only_what_was_changed_is_done_again(restore, change, done):
    restore()
    change()
    again = restore()
    assert again.exit_code == 0, again.stderr
    assert again.done == done
    assert restore().done == []


def test_another_mask_or_option_or_version_does_all_again(restore, monkeypatch):
    restore()
    mask = np.asarray(Image.open("mask.png")).copy()
    mask[0, 0] = 255
    Image.fromarray(mask).save("mask.png")
    assert restore().done == ALL
    assert restore("--seed", 1).done == ALL
    assert restore("--seed", 1, "-q").done == ALL[:0]
    monkeypatch.setattr(inrr_cli, "__version__", "9.9.9")
    assert restore("--seed", 1).done == ALL
    assert restore("--seed", 1, "--overwrite").done == ALL


def test_a_result_that_somebody_changed_is_not_overwritten(restore):
    restore()
    Path(ALL[0]).write_bytes(b"retouched by hand")
    again = restore("--seed", 1)
    assert again.exit_code == 3
    assert again.done == ALL[1:]
    assert Path(ALL[0]).read_bytes() == b"retouched by hand"


def test_a_failed_image_is_tried_again_and_claims_nothing(restore):
    Image.new("L", (9, 9)).save("in/1.png")
    result = restore()
    assert result.exit_code == 3
    assert "they must have the same size" in result.stderr.splitlines()[-1]
    change_an_image()
    assert restore().done == [ALL[1]]


def test_the_summary_and_the_settings_lie_beside_the_journal(run, restore):
    Image.new("L", (9, 9)).save("in/1.png")
    assert restore("--seed", 3).exit_code == 3
    with Path("out/inrr-summary.csv").open() as file:
        rows = {row["image"]: row for row in csv.DictReader(file)}
    assert rows["in/a/2.png"]["event"] == "done"
    assert rows["in/a/2.png"]["missing_samples"] == "30"
    assert "same size" in rows["in/1.png"]["error"]
    Path(ALL[0]).unlink()
    Path("elsewhere").mkdir()
    os.chdir("elsewhere")
    again = run("inpaint", "--config", "../out/inrr-settings.toml")
    assert "1 restored, 2 done before, 1 failed" in again.stderr
    assert (Path("..") / ALL[0]).exists()


def test_shards_share_the_images_and_know_of_each_other(restore):
    assert restore("--shard", "1/3").done == [ALL[0], ALL[3]]
    assert restore("--shard", "2/3").done == [ALL[1]]
    assert {line["name"] for line in journal("inrr-journal-2-of-3.jsonl")} == {"1_restored"}
    assert restore().done == [ALL[2]]


def test_a_list_names_images(run, images):
    Path("list.txt").write_text("in/1.png\r\n\nin/b/2.png\n")
    result = run("inpaint", "--list", "list.txt", "--mask", "mask.png", "-o", "out", *QUICK)
    assert result.exit_code == 0, result.stderr
    assert sorted(path.name for path in Path("out").glob("*.png")) == ["1_restored.png", "2_restored.png"]


def test_a_pattern_that_the_shell_left_is_expanded(run, images):
    result = run("inpaint", "in/**/2.png", "--mask", "mask.png", "-o", "out", "--name", "{stem}{suffix}", *QUICK)
    assert result.exit_code == 2
    assert "in/b/2.png: has the name of in/a/2.png" in result.stderr
    result = run("inpaint", "in/?.png", "--mask", "mask.png", "-o", "out", "--name", "new-{name}.tif", *QUICK)
    assert result.exit_code == 0, result.stderr
    assert sorted(path.name for path in Path("out").glob("*.tif")) == ["new-0.png.tif", "new-1.png.tif"]


def test_masks_may_lie_in_sub_folders_too(run, images):
    for folder in ("a", "b"):
        Path(f"masks/{folder}").mkdir(parents=True)
        mask = np.zeros((24, 32), np.uint8)
        mask[3:5, 5 : 9 if folder == "a" else 20] = 255
        Image.fromarray(mask).save(f"masks/{folder}/2.tif")
    Image.open("mask.png").save("masks/0.png")
    Image.open("mask.png").save("masks/1.png")
    result = run("inpaint", "in", "--recursive", "--mask", "masks", "-o", "out", "--save-mask", "out", *QUICK)
    assert result.exit_code == 0, result.stderr
    filled = {path: int((np.asarray(Image.open(path)) > 0).sum()) for path in ("out/a/2_mask.png", "out/b/2_mask.png")}
    assert filled == {"out/a/2_mask.png": 8, "out/b/2_mask.png": 30}


def test_the_masks_and_results_inside_the_folder_are_not_taken_for_images(run, images):
    Path("in/masks").mkdir()
    for name in ("0", "1", "2"):
        Image.open("mask.png").save(f"in/masks/{name}.png")
    options = ("inpaint", "in", "--recursive", "--mask", "in/masks", "-o", "in/restored", *QUICK)
    assert "4 restored, 0 failed" in run(*options).stderr
    assert "0 restored, 4 done before" in run(*options).stderr
    Image.open("mask.png").save("in/mask.png")
    found = run("inpaint", "in", "--mask", "in/mask.png", "-o", "in/restored", "--dry-run", *QUICK)
    assert "0 to do, 2 done before, 0 failed" in found.stderr


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(restore):
    result = restore("--dry-run", "--json")
    assert result.exit_code == 0, result.stderr
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["input"], line["output"]) for line in found] == [
        (f"in/{name}.png", f"out/{name}_restored.png") for name in ("0", "1", "a/2", "b/2")
    ]
    assert all(line["masks"] == ["mask.png"] and line["samples"] == 30 for line in found)
    assert all(line["cpu_seconds"] > 0 and line["memory_mb"] > 100 for line in found)
    assert "120 samples in all" in result.stderr
    assert not Path("out").exists()
    restore()
    Path(ALL[1]).unlink()
    again = restore("--dry-run")
    assert "1 to do, 3 done before, 0 failed" in again.stderr
    assert again.stdout.startswith("in/1.png + mask.png -> out/1_restored.png  30 samples, about ")
    assert not Path(ALL[1]).exists()


def test_a_dry_run_of_one_image(run, images):
    result = run("superres", "in/1.png", "--scale", 2, "--dry-run", "--json", "--device", "cpu")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["samples"] == 48 * 64
    assert not Path("in/1_x2.png").exists()
