import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.data import astronaut, camera
from typer.testing import CliRunner

from inrr_cli import make_mask
from inrr_cli.batch.calls import InProcess
from inrr_cli.cli import app
from inrr_cli.cli.console import verbosity

torch.set_num_threads(1)  # the pictures here are too small to share


def shrink(pixels, size):
    return np.asarray(Image.fromarray(pixels).resize((size[1], size[0]), Image.Resampling.BOX))


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_the_user(tmp_path_factory):
    """Hide the files and variables that set options for whoever runs the tests."""
    folder = {"darwin": "HOME", "win32": "APPDATA"}.get(sys.platform, "XDG_CONFIG_HOME")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(folder, str(tmp_path_factory.mktemp("user")))
        for variable in [name for name in os.environ if name.startswith("INRR_")]:
            patch.delenv(variable)
        yield


@pytest.fixture(scope="session")
def grey():
    """A photograph, (48, 64) uint8: rectangular, so that swapped axes show."""
    return shrink(camera(), (48, 64))


@pytest.fixture(scope="session")
def colour():
    """A photograph, (40, 32, 3) uint8."""
    return shrink(astronaut(), (40, 32))


def copy_at_random(values, made, sources, seed, control):
    """Fill each pixel that is made up with any source: in no time, otherwise for each seed, and nothing but copies."""
    places = sources.nonzero()
    chosen = places[torch.randint(len(places), (int(made.sum()),), generator=torch.Generator().manual_seed(seed))]
    filled = values.clone()
    filled[made] = values[chosen[:, 0], chosen[:, 1]]
    if control.progress is not None:
        control.progress(1000, 1000, 0.0)
    return filled


@pytest.fixture
def copies(monkeypatch):
    """Let `copy_at_random` stand for the engine of texture."""
    monkeypatch.setattr("inrr_cli.texture.engine.fill_texture", copy_at_random)


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run the command in an empty folder; the result has exit_code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    for flag in ("quiet", "verbose", "debug"):
        monkeypatch.setattr(verbosity, flag, False)
    # calls of a batch stay in this process, where they can be changed; tests/batch has real workers
    monkeypatch.setattr("inrr_cli.cli.executors.WorkerPool", lambda *arguments, **options: InProcess())
    runner = CliRunner()
    return lambda *args: runner.invoke(app, [str(arg) for arg in args], prog_name="inrr")


@pytest.fixture
def files(tmp_path, grey, colour):
    """Pictures and masks on disk, by name."""
    paths = {name: tmp_path / f"{name}.png" for name in ("grey", "colour", "mask", "colour_mask")}
    Image.fromarray(grey).save(paths["grey"])
    Image.fromarray(colour).save(paths["colour"])
    for name, picture in (("mask", grey), ("colour_mask", colour)):
        Image.fromarray(make_mask(picture.shape[:2], "random")).save(paths[name])
    return paths


@pytest.fixture(scope="session")
def shared():
    """The paper's pictures and masks, where they are at hand."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the paper's pictures are not here")
    return folder


@pytest.fixture(scope="session")
def chromium():
    """A browser without a window: Debian's, else the one that Playwright brings."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with api.sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        except api.Error as error:
            pytest.skip(f"there is no browser: {error.message.splitlines()[0]}")
        yield browser
        browser.close()
