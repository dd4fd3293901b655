"""The page as people meet it: `inrr paint` in a process of its own, and a real browser before it."""

import re
import subprocess
import sys
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

PATIENCE = 20_000  # milliseconds, for others may compute on the same cores


class Desk:
    """A page that is open in the browser, with what the tests do on it.

    Attributes
    ----------
    page : playwright.sync_api.Page
    folder : Path
        Of the image.
    troubles : list of str
        Errors of the page and of the console, as they come.
    requests : list of str
        All addresses that the page has asked for.
    """

    def __init__(self, page, address, folder, process):
        self.page, self.folder, self.process = page, folder, process
        self.host = address.split("/?")[0]
        self.troubles, self.requests = [], []
        page.on("console", lambda message: self.troubles.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        page.wait_for_selector("html[data-ready]")

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def click(self, selector):
        self.page.click(selector)

    def text(self, selector):
        return self.page.inner_text(selector)

    def wait_for_text(self, selector, pattern):
        self.page.locator(selector).filter(has_text=re.compile(pattern)).wait_for()

    def middle(self, dx=0, dy=0):
        """Return a place of the window, so far from the middle of the picture."""
        box = self.page.locator("#picture").bounding_box()
        return round(box["x"] + box["width"] / 2) + dx, round(box["y"] + box["height"] / 2) + dy

    def pixel_at(self, place):
        """Move the pointer to a place; return the pixel of the image (column, row) that the page says is there."""
        self.page.mouse.move(*place)
        self.wait_for_text("#position", r"x \d+ +y \d+")
        return tuple(int(number) for number in re.findall(r"\d+", self.text("#position")))

    def drag(self, *places, keys=()):
        """Press the mouse at the first place, move over the others and release; keys are held."""
        self.page.mouse.move(*places[0])
        for key in keys:
            self.page.keyboard.down(key)
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*place)
        self.page.mouse.up()
        for key in keys:
            self.page.keyboard.up(key)

    def set_size(self, size):
        self.page.fill("#size-number", str(size))
        self.page.locator("#size-number").blur()

    def fill(self):
        """Fill the mask and wait for the end."""
        self.click("#fill")
        self.page.wait_for_selector("#cancel", state="hidden")
        self.wait_for_text("#message", "^Filled")

    def mask(self):
        """Return the mask (M, N), as the page saves it."""
        self.click("#save-mask")
        self.click("#save-go")
        path = self.wait_for_file("*_mask.png")
        mask = np.asarray(Image.open(path)) > 0
        path.unlink()
        return mask

    def wait_for_file(self, pattern, least=1):
        """Return the path of the file in the image's folder that has this name and so many bytes at least."""
        for _ in range(PATIENCE // 50):
            for path in self.folder.glob(pattern):
                if path.stat().st_size >= least:
                    return path
            self.page.wait_for_timeout(50)
        raise AssertionError(f"no {pattern} was written")

    def screen(self, width=8):
        """Return the colours (width, width, 3) of the canvas around its middle."""
        take = """([width]) => {
            const canvas = document.querySelector("#picture");
            const [x, y] = [(canvas.width - width) >> 1, (canvas.height - width) >> 1];
            return Array.from(canvas.getContext("2d").getImageData(x, y, width, width).data);
        }"""
        return np.array(self.page.evaluate(take, [width]), np.uint8).reshape(width, width, 4)[..., :3]

    def frame(self):
        """Wait until all that is to be seen has come and is drawn."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        self.page.wait_for_selector("#picture[aria-busy=false]")


@contextmanager
def serving(image, *options):
    """Run `inrr paint` for an image; give its process and the address that it prints."""
    command = [sys.executable, "-m", "inrr_cli", "paint", image.name, "--no-open", *options]
    process = subprocess.Popen(command, cwd=image.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        lines = iter(process.stdout.readline, "")
        address = next(found[0] for line in lines if (found := re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", line)))
        yield process, address
    finally:
        process.terminate()
        process.communicate()


@pytest.fixture
def open_page(chromium, monkeypatch):
    """Return a function that opens the page of an image file with options, and options of the browser's context."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    with ExitStack() as stack:

        def open_image(image, *options, **context):
            process, address = stack.enter_context(serving(image, *options))
            size = {"viewport": {"width": 1200, "height": 800}} | context
            page = stack.enter_context(closing(chromium.new_context(**size))).new_page()
            return Desk(page, address, image.parent, process)

        yield open_image
