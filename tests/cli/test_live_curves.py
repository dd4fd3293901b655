"""With -v on a terminal: curves of a network's fit, below the bar, while it runs."""

import io
import os
import re
import select
import time

import numpy as np
import pytest
from PIL import Image
from rich.console import Console
from test_interruption import start_fit

from inrr_cli.cli import live_curves
from inrr_cli.cli.live_curves import BRAILLE, NARROWEST, Curves, braille_curve
from inrr_cli.engine import FitState
from inrr_cli.imaging.value_range import ValueRange
from inrr_cli.neural.history import FitHistory

BRAILLE_DOTS = re.compile("[\u2801-\u28ff]")
BLANK = chr(BRAILLE)


def dots(lines):
    """Return the dots of a drawing as (rows, columns) of bool."""
    picture = np.zeros((4 * len(lines), 2 * len(lines[0])), bool)
    places = [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1), (3, 0), (3, 1)]  # of the bits, as Unicode defines them
    for row, line in enumerate(lines):
        for column, character in enumerate(line):
            for bit, (down, right) in enumerate(places):
                picture[4 * row + down, 2 * column + right] = (ord(character) - BRAILLE) >> bit & 1
    return picture


def course(curves, steps, total=100, energy=0.5, image=None):
    for step in steps:
        curves.record(FitState(step, total, 1 / step, energy, lambda: image, lambda: None))
    return curves


def drawn(curves, width=80, height=24):
    console = Console(file=io.StringIO(), width=width, height=height, legacy_windows=False)
    console.print(curves, end="")
    return console.file.getvalue().splitlines()


def test_a_straight_line_is_a_diagonal():
    picture = dots(braille_curve(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 8, 4))
    np.testing.assert_array_equal(picture, np.eye(16, dtype=bool)[::-1])


def test_a_step_is_connected_and_what_is_to_come_is_blank():
    places = np.linspace(0, 0.5, 51)
    picture = dots(braille_curve(places, (places > 0.25).astype(float), 20, 3))
    columns = np.flatnonzero(picture.any(0))
    np.testing.assert_array_equal(columns, np.arange(len(columns)))
    assert columns[-1] == pytest.approx(20, abs=1)
    assert picture.all(1).sum() == 0
    assert picture.any(1).all()  # the rise goes through every row


@pytest.mark.parametrize("values", [[3.0], [2.0, 2.0, 2.0]])
def test_a_value_alone_or_again_is_drawn(values):
    picture = dots(braille_curve(np.linspace(0, 1, 3)[: len(values)], np.array(values), 10, 2))
    assert picture.any()
    assert picture.any(1).sum() == 1


def test_each_curve_has_its_name_its_last_value_and_its_range():
    lines = drawn(course(Curves(), range(1, 51)))
    assert [line[:10].strip() for line in lines] == ["loss", "2.00e-02", "", "", "energy", "5.00e-01", "", ""]
    assert lines[0].endswith("1.00e+00")
    assert lines[3].endswith("2.00e-02")
    assert BRAILLE_DOTS.search(lines[0])
    assert max(map(len, lines)) == 80


def test_a_fit_without_a_regulariser_has_no_energy_to_draw():
    assert list(course(Curves(), [1, 2], energy=0.0).series()) == ["loss"]


def test_the_psnr_is_drawn_where_the_truth_is_known():
    truth = np.arange(20.0).reshape(4, 5)
    missing = truth > 10
    history = FitHistory(image=truth, missing=missing, truth=truth, value_range=ValueRange(0, 19))
    curves = course(Curves(history), [1, 2, 3], image=truth + 1.9)
    assert [value for _, value in curves.series()["PSNR"]] == pytest.approx([20, 20, 20], abs=1e-4)
    assert any(line.startswith("20.0 dB") for line in drawn(curves))


def test_values_that_are_not_finite_are_left_out():
    curves = Curves()
    for step, loss in enumerate([1.0, np.nan, np.inf, 0.5], 1):
        curves.record(FitState(step, 10, loss, 0.0, lambda: None, lambda: None))
    assert drawn(curves)[1].startswith("5.00e-01")


@pytest.mark.parametrize(("width", "height"), [(40, 24), (NARROWEST, 10), (NARROWEST - 1, 24), (80, 5), (59, 7)])
def test_small_terminals_are_not_overfull(width, height):
    lines = drawn(course(Curves(), range(1, 30)), width, height)
    assert len(lines) <= height - 2
    assert all(len(line) <= width for line in lines)
    assert bool(lines) is (width >= NARROWEST and height >= 6)


def test_nothing_is_drawn_before_the_first_step():
    assert drawn(Curves()) == []


def test_without_a_terminal_nothing_is_observed(run, files, monkeypatch):
    made = []
    monkeypatch.setattr(live_curves, "Curves", lambda *given: made.append(given))
    small = ("--net", "siren", "--width", 16, "--layers", 2, "--steps", 2, "--reg", "none")
    result = run("inpaint", files["grey"], "--mask", files["mask"], *small, "-o", "out.png", "-v")
    assert result.exit_code == 0
    assert made == []
    assert not BRAILLE_DOTS.search(result.stderr)


def rest_of(process, terminal):
    """Return what a process prints on its terminal until it ends."""
    text, deadline = b"", time.time() + 60
    while time.time() < deadline:
        if not select.select([terminal], [], [], 0.2)[0]:
            if process.poll() is not None:
                break
            continue
        try:
            text += os.read(terminal, 65536)
        except OSError:  # Linux's end of a terminal
            break
    process.wait(timeout=30)
    os.close(terminal)
    return text.decode(errors="replace")


@pytest.mark.slow
@pytest.mark.parametrize("verbose", [True, False])
def test_a_terminal_shows_curves_with_v_and_wipes_them(files, verbose):
    mask = files["mask"]
    small = ("--net", "siren", "--width", 16, "--layers", 2, "--steps", 1000, "--reg", "inrr")
    ask = ("inpaint", files["grey"], "--mask", mask, "-o", mask.with_name("out.png"), "--reference", files["grey"])
    process, terminal = start_fit(*ask, *small, *(["-v"] if verbose else []))
    text = rest_of(process, terminal)
    assert process.returncode == 0, text[-2000:]
    assert bool(BRAILLE_DOTS.search(text)) is verbose
    assert ("PSNR" in text) is verbose
    wiped = text[text.rindex("\x1b[2K") :]  # Rich erases the lines that it drew
    assert not BRAILLE_DOTS.search(wiped)
    with Image.open(mask.with_name("out.png")) as image:
        assert image.size == (64, 48)
