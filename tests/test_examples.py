import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

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
