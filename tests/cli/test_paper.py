"""The experiments of the paper, on small images and with very few steps."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inrr_cli.masking.synthetic import make_mask
from inrr_cli.neural.presets import PRESETS
from inrr_cli.paper import cells, measures, snapshots, sweeps, training_figures
from inrr_cli.paper.catalogue import EXPERIMENTS, load_experiment
from inrr_cli.paper.experiment import Setup
from inrr_cli.paper.inputs import quick_images
from inrr_cli.paper.tables import restore


@pytest.fixture
def folder(tmp_path, grey, monkeypatch):
    """A folder with two images of the paper's names, 24 x 24, and a mask; fits take few steps."""
    folder = tmp_path / "pictures"
    (folder / "masks").mkdir(parents=True)
    for name, part in (("baboon", grey[:24, :24]), ("cameraman", grey[20:44, 20:44])):
        Image.fromarray(part).save(folder / f"{name}.png")
    Image.fromarray(np.where(make_mask((24, 24), "random", seed=9), 255, 0).astype(np.uint8)).save(
        folder / "masks" / "random_24.png"
    )
    monkeypatch.setitem(PRESETS, "fast", replace(PRESETS["fast"], steps=6, changes={}))
    monkeypatch.setattr(snapshots, "FAST_STEPS", 20)
    monkeypatch.setattr(sweeps, "MISSING_RATES", (0.3, 0.6))
    monkeypatch.setattr(sweeps, "SWEEPS", {"siren": ("omega", (5, 30)), "ntk": ("delta", (10, 40))})
    monkeypatch.setattr(training_figures, "synthetic_image", lambda side: grey[:side, :side])
    return folder


def read(name):
    return Path("out", name).read_text(encoding="utf-8")


COUNTS = {
    "table1": 18,
    "table2": 20,
    "fig2": 2,
    "fig3": 8,
    "fig4": 18,
    "fig5": 2,
    "fig6": 15,
    "fig7": 4,
    "fig8": 1,
    "fig9": 3,
}


QUICK = ("table2", "fig5")


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in EXPERIMENTS]
)
def test_an_experiment_writes_its_files_and_measures_no_cell_again(run, folder, name, monkeypatch):
    ask = ("paper", name, "--images", folder, "--output", "out", "--device", "cpu")
    result = run(*ask)
    assert result.exit_code == 0, result.stderr
    rows = list(csv.DictReader(read(f"{name}.csv").splitlines()))
    assert len(rows) == COUNTS[name]
    page = read(f"{name}.md")
    assert page.startswith(f"# {load_experiment(name).title}")
    assert result.stdout.strip() in page
    if name.startswith("fig"):
        assert f"![{name}]({name}.png)" in page
        with Image.open(f"out/{name}.png") as plot:
            assert min(plot.size) > 300

    def never(*_):
        raise AssertionError("measured again")

    monkeypatch.setattr(cells, "_write_cell", never)
    again = run(*ask)
    assert again.exit_code == 0, again.stderr
    assert again.stdout == result.stdout


def test_tables_show_the_numbers_of_the_paper_and_use_the_masks_of_the_folder(run, folder):
    result = run("paper", "table1", "--images", folder, "--output", "out", "--seeds", "0,1")
    assert result.exit_code == 0, result.stderr
    line = next(line for line in result.stdout.splitlines() if line.startswith("| baboon | random"))
    assert "(21.0)" in line
    assert "(24.7)" in line
    rows = [row for row in csv.DictReader(read("table1.csv").splitlines()) if row["method"] == "INRR"]
    assert [row["seed"] for row in rows if row["mask"] == "patch"] == ["0", "1"]
    assert {row["warm_start"] for row in rows} == {"none"}
    mean = np.mean([float(row["psnr_raw"]) for row in rows if row["mask"] == "random"])
    assert f"{mean:.2f} (24.7)" in line


def test_a_warm_start_is_for_every_method(run, folder):
    tables = []
    for warm_start in ("none", "smooth"):
        ask = ("table1", "--images", folder, "--output", "out", "--quick")
        result = run("paper", *ask, "--warm-start", warm_start, "--force")
        assert result.exit_code == 0, result.stderr
        tables.append(list(csv.DictReader(read("table1.csv").splitlines())))
    assert [row["image"] for row in tables[0]] == ["baboon"] * 18
    differ = {a["method"] for a, b in zip(*tables, strict=True) if a["psnr_raw"] != b["psnr_raw"]}
    assert differ == {"INR", "INR-Z", "TV", "L2", "AIR", "INRR"}


def test_steps_are_those_of_every_fit(run, folder, grey):
    setup = Setup({"a": grey}, {}, {"preset": "fast", "warm_start": "none", "steps": 3}, (0,), "cpu")
    (key,) = setup.keys(image=["a"])
    for reg in ("none", "inrr"):
        assert restore(setup, key, grey < 50, "siren", reg).steps == 3
        assert snapshots.snapshot_settings(setup, key, "siren", reg).recipe.steps == 3
    result = run("paper", "table1", "--images", folder, "--output", "out", "--quick", "--steps", 3)
    assert result.exit_code == 0, result.stderr
    assert {row["steps"] for row in csv.DictReader(read("table1.csv").splitlines())} == {"3"}


def test_cells_are_of_one_picture_and_mask(run, folder, grey):
    ask = ("fig2", "--images", folder, "--steps", 2, "--output", "out")
    assert run("paper", *ask).exit_code == 0
    assert run("paper", *ask, "-q").exit_code == 0  # the same command
    result = run("paper", "fig2", "--images", folder, "--steps", 1, "--output", "out")
    assert (result.exit_code, "is not of this command" in result.stderr) == (2, True)
    Image.fromarray(grey[5:29, :24]).save(folder / "baboon.png")
    result = run("paper", *ask)
    assert result.exit_code == 2
    assert "is of another picture or mask of the same name; give another --output" in result.stderr


@pytest.mark.parametrize("damage", ["{}", "[]", "{", "arrays cut", "arrays gone"])
def test_a_damaged_cell_is_named(run, folder, damage):
    ask = ("fig2", "--images", folder, "--steps", 2, "--output", "out")
    assert run("paper", *ask).exit_code == 0
    cell = next((folder.parent / "out" / "cells" / "fig2").glob("*.json"))
    arrays = cell.with_suffix(".npz")
    if damage == "arrays cut":
        arrays.write_bytes(arrays.read_bytes()[:90])
    elif damage == "arrays gone":
        arrays.unlink()
    else:
        cell.write_text(damage)
    result = run("paper", *ask)
    assert result.exit_code == 2
    assert f"{cell.name}: is damaged, or of another version; delete it to measure it again" in result.stderr


def test_figure_8_of_a_fit_of_one_step(run, folder):
    assert run("paper", "fig8", "--images", folder, "--steps", 1, "--output", "out").exit_code == 0
    assert "are steps 1, 1, 1 here" in read("fig8.md")


def test_names_of_pictures_may_differ_by_a_hyphen(run, folder, grey):
    for old, new in (("baboon", "a-b"), ("cameraman", "ab")):
        (folder / f"{old}.png").rename(folder / f"{new}.png")
    assert run("paper", "table2", "--images", folder, "--output", "out", "--steps", 1).exit_code == 0


def test_quick_takes_the_middle_of_the_first_image():
    rows, columns = np.indices((200, 150), np.uint8)
    images = quick_images({"first": rows, "second": columns})
    assert list(images) == ["first"]
    assert (images["first"] == np.arange(36, 164)[:, None]).all()
    assert images["first"].shape == (128, 128)


def test_an_interruption_keeps_the_finished_cells(run, folder, monkeypatch):
    calls = []

    def interrupt(file, cell, measurement, write=cells._write_cell):
        if len(calls) == 3:
            raise KeyboardInterrupt
        calls.append(cell)
        write(file, cell, measurement)

    monkeypatch.setattr(cells, "_write_cell", interrupt)
    result = run("paper", "table1", "--images", folder, "--output", "out")
    assert (result.exit_code, "interrupted" in result.stderr) == (130, True)
    assert len(list((folder.parent / "out" / "cells" / "table1").glob("*.json"))) == 3


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (("table9",), "'table9' is not one of 'table1', 'table2', 'fig2', 'fig3'"),
        (("table1", "--preset", "slow"), "Invalid value for '--preset': 'slow' is not one of 'fast', 'paper'"),
        (
            ("table1", "--seeds", "0,x"),
            "--seeds must be different whole numbers from 0, below 2**63, as in 0,1,2; got '0,x'",
        ),
        (("table1", "--seeds", "1,1"), "--seeds must be"),
        (("table1", "--seeds", f"{2**63}"), "--seeds must be"),
        (("table1", "--device", "mps"), "mps"),
        (("fig2", "--images", "covered"), "masks/mixture_24.png: covers everything: no pixel is known to fill it from"),
        (("fig2", "--images", "tiny"), "a, mixture: "),
        (("fig2", "--images", "twins"), "another picture is named a too; rename one of them"),
        (("fig2", "--output", "full"), "fig2.csv: is not of this command; use --force to overwrite it"),
        (("table1", "--images", "nowhere"), "nowhere: is no folder of pictures"),
        (("table1", "--images", "empty"), "empty: holds no .png or .jpg pictures"),
        (("table1", "--output", "file"), "file: is a file; give a folder"),
    ],
)
def test_wrong_input_is_reported_in_one_line(run, tmp_path, more, expected):
    for folder in ("empty", "covered/masks", "tiny", "twins", "full"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "file").write_text("")
    (tmp_path / "full" / "fig2.csv").write_text("mine")
    grey = Image.fromarray(np.arange(576, dtype=np.uint8).reshape(24, 24))
    for file in ("covered/a.png", "twins/a.png", "twins/a.jpg"):
        grey.save(tmp_path / file)
    Image.new("L", (24, 24), 255).save(tmp_path / "covered" / "masks" / "mixture_24.png")
    Image.new("L", (1, 1)).save(tmp_path / "tiny" / "a.png")
    result = run("paper", *more)
    assert result.exit_code == 2
    assert expected in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "inrr-paper").exists()
    assert (tmp_path / "full" / "fig2.csv").read_text() == "mine"


def test_the_measures_of_the_figures():
    assert measures.effective_rank(np.ones((5, 4))) == pytest.approx(1)
    assert measures.effective_rank(np.eye(6)) == pytest.approx(6)
    distance = np.abs(np.subtract.outer(np.arange(30), np.arange(30)))
    smooth = -np.exp(-distance / 10.0)
    noise = -np.random.default_rng(0).random((30, 30))
    assert measures.roughness(smooth) < 0.5 < 1 < measures.roughness(noise)
    assert measures.reach(-np.ones((30, 30))) == pytest.approx(1)
    assert measures.reach(-np.exp(-distance / 2.0)) < 0.3


def test_the_synthetic_image_is_its_formula():
    image = training_figures.synthetic_image(256)
    assert image.shape == (256, 256)
    assert (image == image.T).all()
    assert (image.min(), image.max()) == (0, 255)
    wave = np.sin(25 * np.pi * np.sin(np.pi / 3 * np.sqrt(2)))  # at the corner (1, 1)
    assert image[-1, -1] == round((wave + 1) * 127.5)
