"""``inrr inpaint --fill texture`` of folders: places not to copy from, and what is done again."""

from pathlib import Path

import numpy as np
import pytest
from checks import TEXTURE, names, ok, read, refused
from PIL import Image

pytestmark = pytest.mark.usefixtures("textured")


@pytest.fixture
def folder():
    """Two pictures in the folder in, and in masks and places their masks and places not to copy from."""
    photo, mask, right = (read(f"{name}.png") for name in ("photo", "mask", "right"))
    for name in ("in", "masks", "places"):
        Path(name).mkdir()
    for number, turned in enumerate((slice(None), slice(None, None, -1))):
        for name, pixels in (("in", photo), ("masks", mask), ("places", right)):
            Image.fromarray(pixels[:, turned]).save(f"{name}/{number}.png")


def test_a_batch_takes_the_places_with_the_names_of_the_images(run, folder):
    ask = ("inpaint", "in", "--mask", "masks", "--exclude", "places", "-o", "out", *TEXTURE, "--variants", 2)
    ok(run(*ask, "--sidecar", "out"))
    outputs = [f"{n}_{rest}" for n in (0, 1) for rest in ("1.json", "2.json", "restored_1.png", "restored_2.png")]
    assert names("out") == sorted(outputs)
    for number in (0, 1):
        mask, out = read(f"masks/{number}.png") > 0, read(f"out/{number}_restored_2.png")
        known = read(f"in/{number}.png")
        assert (out[~mask] == known[~mask]).all()
        assert out[mask & (out != known)].max() < 250
        hole = np.s_[10:26, 12:30] if number == 0 else np.s_[10:26, 18:36]
        assert out[hole].max() < 120
    summary = Path("out/inrr-summary.csv").read_text().splitlines()
    assert {"made_up_pixels", "fill"} <= set(summary[0].split(","))


def test_a_batch_does_again_what_has_changed(run, folder):
    ask = ("inpaint", "in", "--mask", "masks", "--exclude", "places", "-o", "out", *TEXTURE, "--variants", 2)

    def done(*more):
        return sorted(line.split()[0] for line in ok(run(*ask, *more)).stdout.splitlines() if line.startswith("out/"))

    every = [f"out/{n}_restored_{k}.png" for n in (0, 1) for k in (1, 2)]
    assert done() == every
    assert done() == []
    places = read("places/1.png").copy()
    places[:4] = 255
    Image.fromarray(places).save("places/1.png")
    assert done() == every[2:]
    Path(every[1]).unlink()
    assert done() == every[:2]
    assert done("--variants", 3) == sorted([*every, "out/0_restored_3.png", "out/1_restored_3.png"])


def test_a_batch_refuses_results_in_the_place_of_images_or_others(run, folder):
    ask = ("inpaint", "in", "--mask", "masks", *TEXTURE, "--variants", 2)
    Image.fromarray(read("photo.png")).save("in/0_2.png")
    refused(run(*ask, "-o", "in", "--name", "{stem}{suffix}", "--force"), "in/0_2.png: is an input, and would be")
    Path("in/0_2.png").unlink()
    Path("out").mkdir()
    Path("out/1_restored_2.png").write_bytes(b"mine")
    result = run(*ask, "-o", "out")
    assert result.exit_code == 3
    assert "out/1_restored_2.png: already exists" in result.stderr
    assert names("out") == ["0_restored_1.png", "0_restored_2.png", "1_restored_2.png"]


def test_places_in_a_folder_of_images_are_no_images(run, folder):
    Path("places/1.png").unlink()
    result = run("inpaint", "in", "--mask", "masks", "--exclude", "places", "-o", "out", *TEXTURE)
    assert result.exit_code == 3
    assert "in/1.png: places: no file is named 1" in result.stderr
    ok(run("inpaint", ".", "--mask", "mask.png", "--exclude", "right.png", "-o", "new", *TEXTURE))
    assert names("new") == ["photo_restored.png"]
