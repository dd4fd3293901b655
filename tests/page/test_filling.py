"""Fills as the page sees them: progress, an end whenever it asks, errors in one line, and what is kept."""

import time
from threading import Event

import numpy as np
import pytest
import tifffile
from PIL import Image

from inrr_cli.inpainting import windows
from inrr_cli.page import bits, filling, versions
from inrr_cli.settings import make_settings


@pytest.fixture
def painted(grey):
    mask = np.zeros(grey.shape, bool)
    mask[10:14, 20:24] = True
    return mask


@pytest.fixture
def engine(monkeypatch, by_mean):
    """The engine waits for `go` in short sleeps, and says when it begins; how it ended stands in `ended`."""
    fill = windows.inpaint_whole

    class Engine:
        begun, go = Event(), Event()
        ended = []  # noqa: RUF012, for there is one engine
        reports = False

        def __call__(self, image, missing, settings, control, known):
            self.begun.set()
            try:
                for step in range(10**6):
                    if self.go.is_set():
                        break
                    if self.reports:
                        control.progress(min(step, 999), 1000, 0.0)
                    time.sleep(0.001)
                self.ended.append("finished")
            except KeyboardInterrupt:
                self.ended.append("interrupted")
                raise
            return fill(image, missing, settings, control, known)

    engine = Engine()
    monkeypatch.setattr(windows, "inpaint_whole", engine)
    yield engine
    engine.go.set()


def begin(page, engine, mask, query=""):
    engine.begun.clear()
    job = page.post(f"/api/fill?{query}", bits.pack(mask))["job"]
    assert engine.begun.wait(60)
    return job


def test_a_fill_says_what_it_did(serve, files, painted):
    page = serve(files["grey"])
    done = page.fill(painted)
    assert done["window"] == [20, 10, 4, 4]
    assert (done["filled_pixels"], done["made_up_pixels"], done["variants"], done["version"]) == (16, 0, 1, 1)
    assert done["sigma_high"] > 0
    assert done["seconds"] > 0
    assert done["notes"] == []


@pytest.mark.usefixtures("by_mean")
def test_a_fill_says_what_the_command_would_warn_of(serve, tmp_path, grey, painted):
    pixels = grey.astype(np.float32)
    pixels[30, 5:9] = np.nan
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    assert serve(tmp_path / "a.tif").fill(painted)["notes"] == [
        "4 pixels outside the mask are not finite and stay so; --mask nan fills them"
    ]


@pytest.mark.usefixtures("by_mean")
def test_values_are_those_of_the_file(serve, tmp_path, colour):
    pixels = colour.astype(np.float32) / 7
    pixels[5, 6] = np.nan, np.inf, 0.25
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb")
    page, mask = serve(tmp_path / "a.tif"), np.zeros(colour.shape[:2], bool)
    assert page.get("/api/values?x=6&y=5") == {"values": [None, None, 0.25], "filled": None, "sigma": None}
    assert page.get("/api/values?x=1&y=2")["values"] == pixels[2, 1].tolist()
    mask[3, 4:6] = True
    version = page.fill(mask)["version"]
    found = page.get(f"/api/values?x=4&y=3&version={version}")
    assert found["values"] == pixels[3, 4].tolist()
    assert found["sigma"] == [2.5, 2.5, 2.5]
    assert page.get("/api/values?x=4&y=3") == found
    assert page.get("/api/values?x=3&y=3")["filled"] is None


@pytest.mark.usefixtures("by_mean")
def test_tiles_of_a_fill(serve, files, grey, painted):
    page = serve(files["grey"])
    version = page.fill(painted)["version"]
    tile = "level=0&row=0&column=0"
    for layer in (f"filled&version={version}", f"sigma&version={version}", "image"):
        assert page.get(f"/api/tile?layer={layer}&{tile}").startswith(b"\x89PNG")
    assert "no longer kept" in page.refused("GET", f"/api/tile?layer=filled&version=99&{tile}", 404)
    assert "no variant 1" in page.refused("GET", f"/api/tile?layer=filled&version=1&variant=1&{tile}", 404)


@pytest.mark.parametrize("reports", [True, False])
def test_a_fill_ends_when_the_page_asks(serve, files, engine, painted, reports):
    engine.reports = reports
    page = serve(files["grey"])
    job = begin(page, engine, painted)
    page.post(f"/api/cancel?job={job}")
    start = time.monotonic()
    assert page.wait(job)["state"] == "cancelled"
    assert time.monotonic() - start < 2
    assert engine.ended[-1] == "interrupted"
    engine.go.set()
    assert page.fill(painted)["version"] == job + 1  # the next one is not disturbed


def test_a_new_wish_ends_the_fill_before(serve, files, engine, painted):
    page = serve(files["grey"])
    first = begin(page, engine, painted)
    second = begin(page, engine, ~np.roll(~painted, 5, 0))
    assert page.wait(first)["state"] == "cancelled"
    engine.go.set()
    assert page.wait(second)["state"] == "done"


def test_a_fill_that_is_over_stays_as_it_is(serve, files, by_mean, painted):
    page = serve(files["grey"])
    done = page.fill(painted)
    assert page.post("/api/cancel?job=1") == done


def test_the_end_of_the_server_ends_the_fill(serve, files, engine, painted):
    page = serve(files["grey"])
    begin(page, engine, painted)
    start = time.monotonic()
    page.session.close()
    assert time.monotonic() - start < 2
    assert engine.ended[-1] == "interrupted"


def test_progress_comes_at_once_if_there_is_news_and_else_after_a_while(serve, files, engine, painted, monkeypatch):
    monkeypatch.setattr(filling, "WAIT", 0.3)
    page = serve(files["grey"])
    job = begin(page, engine, painted)
    start = time.monotonic()
    assert page.get(f"/api/progress?job={job}") == {"state": "running", "done": 0, "total": 1000, "text": "starting"}
    assert time.monotonic() - start < 0.2
    start = time.monotonic()
    page.get(f"/api/progress?job={job}&after=0")
    assert time.monotonic() - start >= 0.3
    engine.go.set()
    done = page.wait(job)
    start = time.monotonic()
    assert page.get(f"/api/progress?job={job}&after=1000") == done
    assert time.monotonic() - start < 0.2


class TestFailures:
    def test_a_mask_that_covers_everything(self, serve, files, grey):
        page = serve(files["grey"])
        job = page.post("/api/fill", bits.pack(np.ones(grey.shape, bool)))["job"]
        failed = page.wait(job)
        assert failed["state"] == "failed"
        assert failed["error"] == failed["text"] == "the mask covers everything: no pixel is known to fill it from"

    def test_memory_that_runs_out(self, serve, files, painted, monkeypatch):
        def fail(*arguments):
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 5000000000 bytes.")

        monkeypatch.setattr(windows, "inpaint_whole", fail)
        page = serve(files["grey"])
        failed = page.wait(page.post("/api/fill", bits.pack(painted))["job"])
        assert failed["state"] == "failed"
        assert failed["error"].startswith("out of memory: 5.0 GB more were asked for")

    def test_nothing_to_copy_from(self, serve, tmp_path, grey):
        Image.fromarray(grey[:12, :12]).save(tmp_path / "tiny.png")
        page, mask = serve(tmp_path / "tiny.png"), np.ones((12, 12), bool)
        mask[0, 0] = False
        failed = page.wait(page.post("/api/fill?fill=texture", bits.pack(mask))["job"])
        assert failed["state"] == "failed"
        assert len(failed["error"].splitlines()) == 1

    def test_the_next_fill_is_not_disturbed(self, serve, files, grey, painted, by_mean):
        page = serve(files["grey"])
        page.wait(page.post("/api/fill", bits.pack(np.ones(grey.shape, bool)))["job"])
        assert page.fill(painted)["state"] == "done"


def test_what_did_not_change_is_not_filled_again(serve, tmp_path, monkeypatch):
    """Of a large image; and the second fill is as if there had been no first one."""
    pixels = np.random.default_rng(0).integers(0, 256, (700, 1500), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    shapes = []

    def fill(image, missing, settings, control, known):
        shapes.append(image.shape)
        filled = image.copy()
        filled[missing] = image[known].mean() + 100 * settings.seed
        from inrr_cli.result import Result

        return Result(filled, None, None, None, None, None, "cpu", None, 0.1, True, "")

    monkeypatch.setattr(windows, "inpaint_whole", fill)
    page, first, second = serve(tmp_path / "a.png"), np.zeros(pixels.shape, bool), np.zeros(pixels.shape, bool)
    first[100, 100:120], second[600, 1300:1310] = True, True
    page.fill(first)
    both = page.fill(first | second)["version"]
    assert len(shapes) == 2
    cached = page.session.versions[both]
    page.session.filler._cache = None, {}
    afresh = page.session.versions[page.fill(first | second)["version"]]
    assert np.array_equal(cached.values, afresh.values)
    assert len(shapes) == 4
    page.fill(first | second, "seed=1")
    assert len(shapes) == 6


class TestKept:
    def version(self, number, count):
        result = filling.Result(
            np.zeros((1, count), np.uint8), None, None, None, None, None, "cpu", None, 0.0, True, ""
        )
        return versions.Version.of(number, np.ones((1, count), bool), result, make_settings(), [])

    def test_the_oldest_go_where_memory_is_short(self, monkeypatch):
        monkeypatch.setattr(versions, "KEPT_BYTES", 500)
        kept = versions.Versions()
        for number in range(1, 6):
            kept.add(self.version(number, 100))
        assert kept.newest().number == 5
        assert kept[4].number == 4
        for number in (1, 3, 6):
            with pytest.raises(versions.GoneError, match="no longer kept"):
                kept[number]

    def test_the_newest_is_always_kept(self, monkeypatch):
        monkeypatch.setattr(versions, "KEPT_BYTES", 10)
        kept = versions.Versions()
        assert kept.newest() is None
        for number in (1, 2):
            kept.add(self.version(number, 1000))
            assert kept.newest().number == number

    def test_a_version_takes_no_more_than_what_it_changed(self, serve, tmp_path, by_mean):
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (500, 600, 3), np.uint8)).save(tmp_path / "a.png")
        page, mask = serve(tmp_path / "a.png"), np.zeros((500, 600), bool)
        mask[100:110, 50:60] = True
        page.fill(mask)
        assert page.session.versions.newest().nbytes < 2500


def test_pages_that_are_not_painted_on_are_never_changed(serve, files, by_mean, grey, painted):
    page = serve(files["grey"])
    page.fill(painted)
    assert np.array_equal(page.session.image.pixels, grey)
    assert not page.session.image.pixels.flags.writeable
