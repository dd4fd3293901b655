"""Reports as people meet them: opened from disk in a real browser."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inrr_cli.report import Curve, Map, Matrix, Pane, Report, ReportPage, render_report
from inrr_cli.report.index import IndexRow, render_index

pytestmark = pytest.mark.slow

NOTHING = "\N{EN DASH}"
SIZES = {"wide": (1280, 900), "phone": (390, 844), "narrow": (360, 640)}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report with everything that a report may have, and what its panes hold."""
    rng = np.random.default_rng(0)
    rows, columns = np.indices((90, 120))
    truth = np.stack([(rows * 2 + columns + 40 * k) % 256 for k in range(3)], 2).astype(np.uint8)
    missing = np.zeros((90, 120), bool)
    missing[30:60, 40:80] = missing[10:12, 5:100] = True
    before, restored = truth.copy(), truth.copy()
    before[missing], restored[missing] = 0, truth[missing] ^ 7
    sigma = np.where(missing, 2 + rng.random((90, 120)), np.nan).astype(np.float32)
    residual = np.where(missing, restored[..., 0].astype(float) - truth[..., 0], np.nan)
    steps = [1, 10, 100]
    page = ReportPage(
        "photo",
        [Pane("Before", before, is_filled=False), Pane("Restored", restored), Pane("Truth", truth, is_filled=False)],
        missing,
        made=missing & (columns > 60),
        maps=[Map("Error bar", sigma, "one sigma"), Map("Residual", residual, "difference", "residual")],
        truth=truth,
        facts={"Filled": "12 %"},
        notes=["A sentence."],
        curves=[
            Curve("loss", "", steps, [1.0, 0.1, 0.01], "Loss", True),
            Curve("all", "dB", steps, [9, 20, 30], "PSNR"),
        ],
        matrices=[Matrix("Rows", np.eye(20) - 0.05)],
    )
    path = tmp_path_factory.mktemp("report") / "report.html"
    data = render_report(
        Report("photo", "A made picture.", [page, page], command="inrr inpaint photo", record={"seed": 0})
    )
    path.write_bytes(data)
    return path, {"Before": before, "Restored": restored, "Truth": truth}, sigma


class Open:
    """An open page, and what went wrong on it."""

    def __init__(self, page, path):
        self.page, self.troubles, self.requests = page, [], []
        page.on("console", lambda message: self.troubles.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(Path(path).as_uri())
        self.figure = page.locator(".figure").first

    def lens(self):
        """Return the columns and rows that all lenses and markers show, and those in the boxes."""
        views = self.figure.locator(".enlarged").evaluate_all("all => all.map(one => one.getAttribute('viewBox'))")
        marks = self.figure.locator(".marker .edge").evaluate_all(
            "all => all.map(one => ['x', 'y', 'width', 'height'].map(name => one.getAttribute(name)).join(' '))"
        )
        boxes = [int(self.figure.locator(f".lens-{name}").input_value()) for name in ("column", "row")]
        return set(views), set(marks), boxes

    def split(self):
        """Return where the slider parts the pictures, in per cent of the width."""
        return float(self.figure.locator(".stage").evaluate("one => one.style.getPropertyValue('--split')").rstrip("%"))

    def check(self):
        assert not self.troubles
        assert [url for url in self.requests if not url.startswith(("file:", "data:"))] == []


@pytest.fixture
def open_report(chromium):
    """Open a page in the browser; at the end there was no error and no request."""
    opened, contexts = [], []

    def open_page(path, size="wide", **options):
        width, height = SIZES[size]
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        opened.append(Open(context.new_page(), path))
        return opened[-1]

    yield open_page
    for one in opened:
        one.check()
    for context in contexts:
        context.close()


def test_the_slider_moves_by_mouse(report, open_report):
    opened = open_report(report[0])
    assert opened.split() == 50
    box = opened.figure.locator(".stage").bounding_box()
    opened.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
    opened.page.mouse.down()
    opened.page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 60, steps=4)
    opened.page.mouse.up()
    assert opened.split() == pytest.approx(80, abs=1.5)


def test_the_slider_moves_by_touch(report, open_report):
    opened = open_report(report[0], "phone", has_touch=True)
    box = opened.figure.locator(".stage").bounding_box()
    opened.page.touchscreen.tap(box["x"] + box["width"] * 0.25, box["y"] + 50)
    assert opened.split() == pytest.approx(25, abs=3)


def test_the_slider_moves_by_keys_and_shows_where_the_focus_is(report, open_report):
    opened = open_report(report[0])
    opened.figure.locator(".slider").focus()
    for _ in range(5):
        opened.page.keyboard.press("ArrowRight")
    assert opened.split() == 50.5
    opened.page.keyboard.press("Home")
    assert opened.split() == 0
    assert opened.figure.locator(".handle").evaluate("one => getComputedStyle(one).outlineStyle") == "solid"


def test_what_the_slider_parts_is_on_the_screen(report, open_report):
    path, held, _ = report
    opened = open_report(path)
    opened.figure.locator(".mask-switch").uncheck()
    opened.figure.locator(".made-switch").uncheck()
    stage = opened.figure.locator(".stage")
    stage.locator(".slider").fill("50")
    png = Path(path).with_suffix(".png")
    stage.screenshot(path=png)
    shown = np.asarray(Image.open(png).convert("RGB")).astype(int)
    scale = shown.shape[1] / 120
    for row, column, name in ((45, 45, "Before"), (45, 75, "Restored"), (70, 20, "Before")):
        seen = shown[int((row + 0.5) * scale), int((column + 0.5) * scale)]
        assert np.abs(seen - held[name][row, column]).max() <= 2, name


def test_the_lens_is_linked_over_all_panes(report, open_report):
    opened = open_report(report[0])
    frame = opened.figure.locator(".frame").nth(1)
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    opened.page.mouse.move(box["x"] + box["width"] * 30.5 / 120, box["y"] + box["height"] * 20.5 / 90)
    views, marks, boxes = opened.lens()
    assert boxes == [30, 20]
    assert views == marks == {"22 12 17 17"}
    opened.page.keyboard.press("Tab")  # the mouse gave no focus
    frame.focus()
    opened.page.keyboard.press("ArrowDown")
    opened.page.keyboard.press("Shift+ArrowRight")
    assert opened.lens()[2] == [40, 21]
    assert len(opened.lens()[0]) == 1


def test_the_lens_stays_in_the_image_and_takes_typed_places(report, open_report):
    opened = open_report(report[0])
    opened.figure.locator(".lens-column").fill("500")
    opened.figure.locator(".lens-column").press("Enter")
    assert opened.lens()[2][0] == 119
    opened.figure.locator(".lens-size").select_option("9")
    assert len(opened.lens()[0]) == 1
    assert next(iter(opened.lens()[0])).endswith(" 9 9")


def test_the_lens_tells_the_values(report, open_report):
    path, held, sigma = report
    opened = open_report(path)
    for row, column in ((45, 50), (70, 20)):
        opened.figure.locator(".lens-row").fill(str(row))
        opened.figure.locator(".lens-column").fill(str(column))
        opened.figure.locator(".lens-row").press("Enter")
        opened.figure.locator(".lens-column").press("Enter")
        values = opened.figure.locator(".lens-value")
        values.first.filter(has_text=" ".join(map(str, held["Before"][row, column]))).wait_for()
        texts = values.all_text_contents()
        for text, name in zip(texts, held, strict=False):
            assert text == " ".join(map(str, held[name][row, column]))
        if np.isfinite(sigma[row, column]):
            assert float(texts[3].lstrip("≈ ")) == pytest.approx(sigma[row, column], abs=0.02)
        else:
            assert texts[3] == NOTHING


def test_single_pixels_are_not_blurred(report, open_report):
    opened = open_report(report[0])
    rendering = "one => getComputedStyle(one).imageRendering"
    assert opened.figure.locator(".enlarged").first.evaluate(rendering) == "pixelated"


def test_the_outline_and_the_stripes_go_off_and_on(report, open_report):
    opened = open_report(report[0])
    outline = opened.figure.locator(".stage .left .mask")
    stripes = opened.figure.locator(".stage .right .made")
    for switch, mark in ((".mask-switch", outline), (".made-switch", stripes)):
        assert mark.evaluate("one => getComputedStyle(one).display") != "none"
        opened.figure.locator(switch).uncheck()
        assert mark.evaluate("one => getComputedStyle(one).display") == "none"
        opened.figure.locator(switch).check()
    assert opened.figure.locator(".stage .left .made").count() == 0


def test_other_pictures_can_be_compared(report, open_report):
    opened = open_report(report[0])
    opened.figure.locator(".left-choice").select_option(label="Truth")
    assert opened.figure.locator(".left-name").text_content() == "Truth"
    layers = opened.figure.locator(".stage .left .content use").evaluate_all(
        "all => all.map(u => u.getAttribute('href'))"
    )
    assert layers == ["#f0-p1", "#f0-p2"]


def test_the_theme_can_be_switched(report, open_report):
    opened = open_report(report[0], color_scheme="dark")
    colour = "() => getComputedStyle(document.documentElement).backgroundColor"
    dark = opened.page.evaluate(colour)
    opened.page.click(".theme")
    assert opened.page.evaluate(colour) != dark
    assert opened.page.text_content(".theme") == "Dark theme"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_report_fits_and_is_accessible(report, open_report, size, theme):
    opened = open_report(report[0], size, color_scheme=theme)
    assert opened.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert_accessible(opened.page)


def test_it_opens_within_a_second(tmp_path, open_report):
    rng = np.random.default_rng(0)
    rows, columns = np.indices((1000, 1000))
    truth = np.stack([128 + 90 * np.sin(rows / (30 + k) + columns / 50) for k in range(3)], 2) + rng.normal(
        0, 4, (1000, 1000, 1)
    )
    truth = truth.clip(0, 255).astype(np.uint8)
    missing = rng.random((1000, 1000)) < 0.5
    before = np.where(missing[..., None], 0, truth).astype(np.uint8)
    restored = np.where(missing[..., None], truth // 2, truth).astype(np.uint8)
    page = ReportPage("a", [Pane("Before", before), Pane("Restored", restored), Pane("Truth", truth)], missing)
    (tmp_path / "a.html").write_bytes(render_report(Report("a", "", [page])))
    opened = open_report(tmp_path / "a.html")
    seconds = opened.page.evaluate(
        "() => performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd / 1000"
    )
    decoding = opened.page.evaluate(
        "async () => { const start = performance.now(); await Promise.all([...document.querySelectorAll('image')].map("
        "one => one.decode?.())); return (performance.now() - start) / 1000; }"
    )
    assert seconds + decoding < 2  # a second where nobody else computes


def test_the_index_sorts_by_mouse_and_keys(tmp_path, open_report):
    def line(name, sigma, missing):
        record = {"sigma_mean": sigma, "data_range": [0, 100], "missing_fraction": missing}
        return IndexRow.of({"name": name, "record": record}, None)

    rows = [line("b", 3, 0.1), line("a", 2, 0.3), line("c", 1, 0.2), IndexRow("lost", error="is damaged")]
    (tmp_path / "index.html").write_bytes(render_index(rows, tmp_path, "inrr inpaint in"))
    opened = open_report(tmp_path / "index.html", "phone")
    names = lambda: opened.page.locator("tbody th").evaluate_all("all => all.map(one => one.dataset.value)")  # noqa: E731
    assert names() == ["lost", "b", "a", "c"]
    opened.page.get_by_role("button", name="Missing").click()
    assert names() == ["a", "c", "b", "lost"]
    opened.page.get_by_role("button", name="Missing").press("Enter")
    assert names() == ["b", "c", "a", "lost"]
    opened.page.get_by_role("button", name="Image").press("Space")
    assert names() == ["a", "b", "c", "lost"]
    assert opened.page.get_by_role("columnheader", name="Image").get_attribute("aria-sort") == "ascending"
    assert opened.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert_accessible(opened.page)


def assert_accessible(page):
    """Check that axe-core calls nothing serious or critical."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    found = [one for one in axe.Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")]
    assert not found, json.dumps([(one["id"], [node["html"] for node in one["nodes"]]) for one in found], indent=1)
