"""How the page looks and is used: by keys alone, on a phone, in dark and light, for all, and on large images."""

import json
import re
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

pytestmark = pytest.mark.slow

LAYOUTS = {
    "wide-dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "wide-light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "narrow-dark": {"viewport": {"width": 390, "height": 780}, "color_scheme": "dark", "has_touch": True},
    "narrow-light": {"viewport": {"width": 390, "height": 780}, "reduced_motion": "reduce"},
}


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "portrait.png"
    Image.fromarray(astronaut()[:240, :300]).save(path)
    return path


def assert_accessible(desk):
    """Check that axe-core calls nothing serious or critical."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    results = axe.Axe().run(desk.page).response
    grave = [found for found in results["violations"] if found["impact"] in ("serious", "critical")]
    assert not grave, json.dumps(
        [(found["id"], [node["html"] for node in found["nodes"]]) for found in grave], indent=1
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_fits_is_accessible_and_asks_nobody_else(open_page, image, layout):
    desk = open_page(image, **LAYOUTS[layout])
    desk.frame()
    assert desk.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert desk.page.locator("#picture").bounding_box()["height"] > 400
    assert_accessible(desk)
    desk.drag(desk.middle(-50), desk.middle(50, 10))
    desk.press("f")
    desk.wait_for_text("#message", "^Filled")
    desk.press("d")
    assert_accessible(desk)
    if "narrow" in layout:
        desk.click("#sheet")
        desk.page.wait_for_selector("#panel", state="visible")
        assert_accessible(desk)
        desk.click("#sheet")
    for key, dialog in [("Control+s", "#save-dialog"), ("?", "#keys-dialog")]:
        desk.press(key)
        desk.page.wait_for_selector(dialog, state="visible")
        assert_accessible(desk)
        desk.press("Escape")
        desk.page.wait_for_selector(dialog, state="hidden")
    assert all(address.startswith((desk.host, "blob:", "data:")) for address in desk.requests)
    assert desk.troubles == []


def test_the_theme_is_switched_and_kept(open_page, image):
    desk = open_page(image, color_scheme="light")
    colour = "() => getComputedStyle(document.body).backgroundColor"
    light = desk.page.evaluate(colour)
    desk.click("#theme")
    dark = desk.page.evaluate(colour)
    assert (
        sum(json.loads(dark[3:].replace("(", "[").replace(")", "]")))
        < 300
        < sum(json.loads(light[3:].replace("(", "[").replace(")", "]")))
    )
    desk.page.reload()
    desk.page.wait_for_selector("html[data-ready]")
    assert desk.page.evaluate(colour) == dark


def test_it_is_painted_by_keys_alone(open_page, image):
    desk = open_page(image)
    desk.set_size(4)
    desk.page.focus("#picture")
    desk.press("ArrowRight")
    desk.press(*["ArrowRight"] * 5, *["Shift+ArrowDown"] * 2)
    desk.page.keyboard.down(" ")
    desk.press(*["ArrowRight"] * 6)
    desk.page.keyboard.up(" ")
    mask = desk.mask()
    assert mask.sum() == 4 * 4 + 6 * 4 - 4  # a disc of four pixels has no corners
    rows, columns = np.nonzero(mask)
    assert np.ptp(rows) == 3
    assert np.ptp(columns) == 9
    desk.press("m")
    desk.page.focus("#picture")
    desk.press("ArrowRight", " ", "Shift+ArrowDown", *["ArrowRight"] * 3, " ")
    rows, columns = np.nonzero(desk.mask() & ~mask)
    assert (np.ptp(rows), np.ptp(columns)) == (10, 3)


def test_keys_choose_tools_and_leave_text_fields_alone(open_page, image):
    desk = open_page(image)
    chosen = "#tools [aria-checked=true]"
    for key, label in [
        ("e", "Eraser"),
        ("u", "Line"),
        ("m", "Rectangle"),
        ("l", "Lasso"),
        ("w", "Similar"),
        ("h", "Hand"),
    ]:
        desk.press(key)
        assert desk.text(chosen) == label
    desk.press("b")
    desk.page.focus(chosen)
    desk.press("ArrowDown", "ArrowDown")
    assert desk.text(chosen) == "Line"
    desk.press("x", "[")
    assert desk.text(chosen) == "Brush"
    assert desk.page.input_value("#size-number") == "8"
    desk.page.focus("#size-number")
    desk.press("e", "]")
    assert desk.text(chosen) == "Brush"
    desk.press("Tab")
    desk.press("+", "+")
    zoom = desk.text("#zoom")
    desk.press("-")
    assert desk.text("#zoom") != zoom


def test_the_guide_has_the_keys_of_the_sheet(open_page, image):
    desk = open_page(image)
    desk.press("?")
    texts = [desk.page.locator(f"#keys-list {tag}").all_inner_texts() for tag in ("dt", "dd")]
    guide = (Path(__file__).parents[3] / "examples" / "guides" / "painting.md").read_text(encoding="utf-8")
    table = guide.partition("## Keys")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+) \| (.+) \|$", table, re.MULTILINE)
    assert rows[1:] == list(zip(*texts, strict=True))


def test_the_hand_space_and_the_wheel_move_the_picture(open_page, image):
    desk = open_page(image)
    desk.press("1")
    place = desk.middle()
    column, row = desk.pixel_at(place)
    desk.press("h")
    desk.drag(place, desk.middle(40, 30))
    assert desk.pixel_at(place) == (column - 40, row - 30)
    desk.press("b")
    desk.drag(place, desk.middle(-40, -30), keys=["Space"])
    assert desk.pixel_at(place) == (column, row)
    for _ in range(40):
        desk.page.mouse.wheel(0, -100)
    desk.wait_for_text("#zoom", "6400 %")
    # at 100 % the pointer lay on a corner of pixels: any of the four may be the one under it now
    assert np.abs(np.subtract(desk.pixel_at(place), (column, row))).max() <= 1
    column, row = desk.pixel_at(place)
    desk.frame()
    colours = np.unique(desk.screen(16).reshape(-1, 3), axis=0)
    assert (colours == astronaut()[row, column]).all(1).any()  # a pixel is a sharp square of its own colour
    assert desk.page.text_content("#count") == "empty"


STROKE = """() => new Promise((resolve) => {
    const canvas = document.querySelector("#picture");
    const frame = canvas.getBoundingClientRect();
    const context = canvas.getContext("2d");
    const send = (type, x, buttons) => canvas.dispatchEvent(new PointerEvent(type, {
        pointerId: 1, pointerType: "mouse", buttons, clientX: frame.left + x, clientY: frame.top + 200, bubbles: true,
    }));
    canvas.setPointerCapture = () => {};
    const times = [];
    send("pointerdown", 100, 1);
    const step = (x) => {
        const before = context.getImageData(x, 200, 1, 1).data.join();
        const start = performance.now();
        send("pointermove", x, 1);
        const look = () => {
            const isSame = context.getImageData(x, 200, 1, 1).data.join() === before;
            if (isSame && performance.now() - start < 2000) return requestAnimationFrame(look);
            times.push(performance.now() - start);
            if (x < 700) return step(x + 40);
            send("pointerup", x, 0);
            return resolve(times);
        };
        requestAnimationFrame(look);
    };
    step(140);
})"""


def test_24_megapixels_are_soon_painted(open_page, tmp_path, capsys):
    path = tmp_path / "large.png"
    Image.fromarray(np.tile(astronaut(), (8, 12, 1))[:4000, :6000]).save(path, compress_level=1)
    start = time.perf_counter()
    desk = open_page(path)
    desk.frame()
    opened = time.perf_counter() - start
    times = {}
    for key, name in [("0", "fitted"), ("1", "100 %")]:
        desk.press(key)
        desk.frame()
        times[name] = np.median(desk.page.evaluate(STROKE))
    with capsys.disabled():
        print(f"\n24 megapixels: drawn {opened:.1f} s after the command;", end=" ")
        print(", ".join(f"a stroke seen after {value:.0f} ms ({name})" for name, value in times.items()))
    assert opened < 30
    assert max(times.values()) < 500
