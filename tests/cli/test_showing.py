"""--show: the image before and after in half blocks."""

import io
import pty
import re
import sys

import numpy as np
import pytest
import tifffile
from checks import BY_WINDOW, TILE, ok
from PIL import Image
from rich.console import Console

from inrr_cli.cli import showing
from inrr_cli.cli.showing import UPPER_HALF, make_view, print_pictures
from inrr_cli.imaging.metadata import IDENTITY, PixelTransform
from inrr_cli.imaging.preview import MASK_COLOUR, to_8_bits

FIT = ("--net", "siren", "--reg", "none", "--width", 16, "--layers", 2, "--steps", 2)
FOREGROUND = re.compile(r"38;2;(\d+);(\d+);(\d+)")


def printed(labels, views, width=80, height=40, colours="truecolor"):
    console = Console(
        file=io.StringIO(), force_terminal=True, color_system=colours, width=width, height=height, legacy_windows=False
    )
    print_pictures(console, labels, views)
    return console.file.getvalue()


def plain(text):
    return re.sub(r"\x1b\[[\d;]*m", "", text).splitlines()


def flat(rows, columns, colour=(10, 20, 30)):
    return np.full((rows, columns, 3), colour, np.uint8)


@pytest.fixture
def terminal(monkeypatch):
    """Let the command take what collects its messages for a terminal of true colours, and of this size."""
    monkeypatch.setattr(showing, "why_not", lambda: "")
    for name, value in {"COLORTERM": "truecolor", "FORCE_COLOR": "1", "COLUMNS": "100", "LINES": "40"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_two_rows_of_pixels_are_a_line():
    upper, lower = [(1, 2, 3), (4, 5, 6)], [(7, 8, 9), (10, 11, 12)]
    picture = np.array([upper, lower], np.uint8)
    line = printed(["a"], [picture]).splitlines()[0]
    assert line.count(UPPER_HALF) == 2
    for above, below in zip(upper, lower, strict=True):
        assert "38;2;{};{};{};48;2;{};{};{}m".format(*above, *below) in line


def test_the_last_row_of_an_odd_number_has_no_pixel_below():
    lines = printed(["a"], [flat(3, 2)]).splitlines()
    assert "48;2" in lines[0]
    assert "38;2;10;20;30" in lines[1]
    assert "48;2" not in lines[1]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (30, 50), (200, 14), (22, 12)])
@pytest.mark.parametrize("shape", [(300, 500), (500, 20), (20, 500), (7, 5)])
def test_pictures_fit_the_terminal_and_keep_their_shape(width, height, shape):
    lines = plain(printed(["before (page 3)", "after (page 3)"], [flat(*shape)] * 2, width, height))
    assert max(map(len, lines)) <= width
    assert len(lines) <= height - showing.BESIDES + 1
    columns = lines[0].count(UPPER_HALF) / 2
    assert columns <= shape[1]  # small pictures are not blown up
    if shape in ((300, 500), (7, 5)):
        assert 2 * (len(lines) - 1) == pytest.approx(columns * shape[0] / shape[1], abs=2)
    assert lines[-1].startswith("before")
    assert " after" in lines[-1]


def test_pictures_of_two_sizes_are_shown_in_that_of_the_last():
    lines = plain(printed(["before", "after"], [flat(10, 15), flat(20, 30)]))
    assert len(lines) == 11
    assert lines[0] == f"{UPPER_HALF * 30}  {UPPER_HALF * 30}"


def test_a_terminal_of_256_colours_gets_those():
    text = printed(["a"], [flat(2, 2, (255, 0, 0))], colours="256")
    assert "38;5;9" in text or "38;5;196" in text
    assert "38;2" not in text


def test_a_tiny_terminal_gets_a_note(capsys):
    assert printed(["a", "b"], [flat(20, 20)] * 2, width=12, height=6) == ""
    assert "too few" in capsys.readouterr().err


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_missing_pixels_are_tinted_and_do_not_count_for_the_contrast(dtype):
    page = np.linspace(10, 20, 48).reshape(6, 8).astype(dtype)
    missing = np.zeros(page.shape, bool)
    missing[2:4, 3:5] = True
    page[2:4, 3:5] = 200 if dtype == np.uint8 else 60000
    view, limits = make_view(page, missing, page.shape, IDENTITY)
    assert limits == ((0, 255) if dtype == np.uint8 else (10, 20))
    levels = to_8_bits(page, limits=limits)
    np.testing.assert_array_equal(view[~missing], np.repeat(levels[~missing][:, None], 3, 1))
    mixed = 0.35 * levels[missing][:, None] + 0.65 * MASK_COLOUR
    np.testing.assert_allclose(view[missing], mixed, atol=1)


def test_of_an_enlarged_part_the_same_part_is_shown():
    page = np.arange(48, dtype=np.uint8).reshape(6, 8)
    view, _ = make_view(page, None, (4, 6), PixelTransform(2, 2, left=4, top=6))
    np.testing.assert_array_equal(view[..., 0], page[3:5, 2:5])


def test_before_is_what_was_read(run, files, grey, terminal):
    tifffile.imwrite("hole.tif", grey)
    mask = np.zeros(grey.shape, np.uint8)
    mask[10:20, 10:30] = 255
    Image.fromarray(mask).save("hole.png")
    result = ok(run("inpaint", "hole.tif", "--mask", "hole.png", *FIT, "-o", "out.tif", "--show"))
    rows = [line for line in result.stderr.splitlines() if UPPER_HALF in line]
    tops = [[tuple(map(int, found)) for found in FOREGROUND.findall(row)] for row in rows]
    before, after = np.array(tops)[:, :48], np.array(tops)[:, 48:]
    assert len(before)
    assert (before[0, 0] == before[0, 0, 0]).all()  # grey where nothing is missing
    assert (np.ptp(before, axis=2) > 0).any()  # and tinted elsewhere
    assert (np.ptp(after, axis=2) == 0).all()
    assert "before" in result.stderr
    assert "after" in result.stderr


def test_of_a_stack_the_first_restored_page_is_shown(run, stack, files, terminal):
    tifffile.imwrite("stack.tif", stack, photometric="minisblack")
    wanted = ("--pages", 3, "--stack", "pages", *FIT)
    result = ok(run("inpaint", "stack.tif", "--mask", files["mask"], *wanted, "-o", "out.tif", "--show"))
    assert "before (page 3)" in result.stderr
    assert "after (page 3)" in result.stderr


def test_an_enlargement_is_shown(run, files, terminal):
    result = ok(run("superres", files["grey"], "--scale", 2, "--crop", "10,10,20,12", *FIT, "--show"))
    rows = [line for line in result.stderr.splitlines() if UPPER_HALF in line]
    assert [row.count(UPPER_HALF) for row in rows] == [40] * 6


def test_without_a_terminal_a_note_says_so_and_with_q_nothing(run, files):
    ask = ("inpaint", files["grey"], "--mask", files["mask"], *FIT, "-o", "out.png", "--force", "--show")
    shown = ok(run(*ask))
    assert shown.stderr.count("--show shows nothing: standard error is no terminal") == 1
    assert UPPER_HALF not in shown.stderr
    assert ok(run(*ask, "-q")).stderr == ""


def test_a_batch_says_once_that_it_shows_nothing(run, files, grey):
    Image.fromarray(grey[::-1]).save("second.png")
    ask = (files["grey"], "second.png", "--mask", files["mask"], *FIT, "--show")
    result = ok(run("inpaint", *ask, "-o", "results"))
    assert result.stderr.count("--show") == 1
    assert UPPER_HALF not in result.stderr


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"NO_COLOR": "1"}, "NO_COLOR asks for no colours"),
        ({"TERM": "dumb"}, "the terminal has no colours (TERM=dumb)"),
        ({"encoding": "ascii"}, "ascii has no half block"),
        ({}, ""),
    ],
)
def test_a_terminal_says_what_it_can(variables, reason, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    encoding = variables.pop("encoding", "utf-8")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    control, end = pty.openpty()
    with open(end, "w", encoding=encoding) as terminal, open(control, "rb"):
        monkeypatch.setattr(sys, "stderr", terminal)
        assert showing.why_not() == reason


def test_an_image_that_is_filled_by_window_is_not_shown(run, scene, by_place, terminal):
    result = ok(run("inpaint", "image.tif", "--mask", "mask.tif", *TILE, *BY_WINDOW, "-o", "out.tif", "--show"))
    assert "--show: an image that is filled by window is not shown" in result.stderr
    assert UPPER_HALF not in result.stderr


def test_ids_are_shown_by_the_contrast_of_those_that_occur(run, tmp_path, terminal):
    labels = np.repeat(np.array([[1, 1, 2, 2, 3, 3]], np.uint8), 6, 0)
    mask = np.zeros_like(labels)
    mask[2:4, 2:4] = 255
    Image.fromarray(labels).save("ids.png")
    Image.fromarray(mask).save("hole.png")
    result = ok(run("inpaint", "ids.png", "--mask", "hole.png", "--values", "labels", "-o", "out.png", "--show"))
    row = next(line for line in result.stderr.splitlines() if UPPER_HALF in line)
    assert [int(red) for red, _, _ in FOREGROUND.findall(row)[:6]] == [0, 0, 128, 128, 255, 255]
