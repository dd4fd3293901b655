import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import distance_transform_cdt

ROOT = Path(__file__).parents[1]


def program(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_quickstart_runs_and_restores(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "quickstart.py", tmp_path], capture_output=True, text=True, check=True
    )
    assert float(re.search(r"missing pixels: ([\d.]+) dB", done.stdout)[1]) > 22
    assert np.asarray(Image.open(tmp_path / "restored.png")).shape == (128, 128)
    assert np.asarray(Image.open(tmp_path / "enlarged.png")).shape == (160, 160)


@pytest.mark.slow
def test_the_measurement_prints_a_table(tmp_path, files):
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "measure.py", "--images", files["grey"], "--masks", files["mask"]],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    rows = [line.split("|") for line in done.stdout.splitlines()]
    assert len(rows) == 4
    assert [row[4].strip() for row in rows[2:]] == ["none", "inrr"]
    assert all(10 < float(row[5]) < 40 for row in rows[2:])


def test_stacks_measures_a_lost_slice_and_tells_what_missed_its_target():
    stacks = program("stacks")
    outcome = stacks.measure_volume(stacks.shear, stacks.damages()["inner slice"], 0)
    line, loud = stacks.row("shear", [outcome], "volume", stacks.VOLUMES)
    assert line.startswith("| shear | ")
    assert not loud
    assert outcome.errors["volume"] < 0.5 * outcome.simple
    line, loud = stacks.row("shear", [outcome], "volume", 0.01)
    assert "**" in line
    assert len(loud) == 1


def test_linear_in_time_is_exact_on_a_line():
    truth = np.linspace(0, 1, 5)[:, None, None] * np.ones((2, 3))
    missing = np.zeros(truth.shape, bool)
    missing[1:3, 0] = True
    assert np.allclose(program("stacks").linear_in_time(truth, missing), truth)


@pytest.mark.slow
def test_batch_measures_the_parent(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "batch.py", "--parts", "tiny", "--tiny", "4", "--output", "batch.md"],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert (tmp_path / "batch.md").read_text().strip() == done.stdout.strip()
    parents = {line[1].strip(): float(line[2]) for line in (row.split("|") for row in done.stdout.splitlines()[4:9])}
    assert list(parents) == ["1 done", "2 done", "4 done", "until its end", "again, with nothing to do"]
    assert all(10 < memory < 200 for memory in parents.values())


def test_batch_tells_what_missed_its_target():
    target = program("batch").target
    assert target("speed", [1.7, 1.9, 1.85], 1.8, least=True) == "| speed | at least 1.8 | 1.85 (1.70 to 1.90) |"
    assert target("speed", [1.7], 1.8, least=True) == "| speed | at least 1.8 | **1.70** |"
    assert target("time", [0.5], 0.4) == "| time | at most 0.4 | **0.50** |"


@pytest.mark.slow
def test_the_samples_are_restored_and_drawn(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "samples.py", tmp_path], capture_output=True, text=True, check=True
    )
    rows = [line.split("|") for line in done.stdout.splitlines() if line.startswith("|")][2:]
    assert [row[1].strip() for row in rows] == ["cube", "dates", "volume", "afm"]
    assert all(float(row[6]) < 0.8 for row in rows)
    assert np.asarray(Image.open(tmp_path / "samples.png")).shape[1] > 800


@pytest.mark.slow
def test_a_huge_image_is_made_filled_and_compared_at_its_tile_borders(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "huge.py", tmp_path, "--side", "2600", "--scratches", "8", "--tile", "256",
         "--borders", "2"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    row = done.stdout.splitlines()[-1].split("|")
    assert row[1].strip() == "2,600 x 2,600"
    assert row[5].strip().startswith("0 (2 borders")
    assert np.asarray(Image.open(tmp_path / "border.png")).shape[1] == 4 * 4 * 48


@pytest.fixture
def textures(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "examples")
    return program("textures")


def test_each_large_hole_is_deep_and_leaves_enough_around_it(textures):
    from texture_cases import cases

    found = list(cases())
    assert len({case.name for case in found}) == 24
    for case in found:
        assert max(case.truth.shape[:2]) <= 384
        assert case.made.shape == case.truth.shape[:2]
        assert case.made.mean() < 0.12
        assert distance_transform_cdt(case.made, "chessboard").max() >= 16


def test_a_score_counts_what_is_too_much_and_too_little(textures):
    def outcome(*measures):
        return textures.Outcome("grass", "blob", "texture", *measures, 0.0)

    assert outcome(1, 1, 0.5, 1).score == 0
    assert outcome(2, 1, 0.5, 1).score == pytest.approx(outcome(0.5, 1, 1, 1).score)
    assert outcome(1, 1, 1, 0.5).score == pytest.approx(outcome(1, 1, 1, 2).score)
    assert outcome(1, 1, 2, 1).score == pytest.approx(outcome(1, 2, 1, 1).score)
    assert outcome(0, 1, 1, 1).score == np.inf
    assert outcome(0.7, 1.4, 1.2, 1.2).met == (False, False, True, False)


def test_pairs_hide_which_is_made_up_and_the_key_tells(textures, tmp_path):
    from texture_cases import cases

    rows = [(case, {"texture": 255 - case.truth}) for case in cases(["grass", "coffee", "plaid"])]
    textures.write_pairs(rows, tmp_path, 0)
    key = [line.split(",") for line in (tmp_path / "key.csv").read_text().split()[2:]]
    by_name = {(case.picture, case.hole): (case, fills) for case, fills in rows}
    for number, picture, hole, side in key:
        case, fills = by_name[picture, hole]
        pair = np.asarray(Image.open(tmp_path / f"pair_{int(number):02}.png"))[::2, ::2]
        made = fills["texture"][textures.around(case)]
        width = made.shape[1]
        assert np.array_equal(pair[:, :width] if side == "left" else pair[:, -width:], made)
    assert {side for *_, side in key} == {"left", "right"}
    assert [picture for _, picture, _, _ in key] != [case.picture for case, _ in rows]


@pytest.mark.slow
def test_the_gallery_of_textures_prints_tables_and_writes_pictures(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "textures.py", "--images", "grass", "--holes", "blob", "person",
         "--methods", "expected", "truth", "--out", tmp_path / "gallery.png", "--fills", tmp_path / "fills"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines()]
    assert [line[2] for line in lines[2:6]] == ["expected", "truth"] * 2
    assert all(line[3] == "**0.00**" for line in lines[2:6:2])
    assert lines[-1][:2] == ["truth", "2 of 2"]
    assert np.asarray(Image.open(tmp_path / "gallery.png")).shape[0] > 2 * 192
    assert np.asarray(Image.open(tmp_path / "fills" / "grass_blob_expected.png")).shape == (384, 384)
