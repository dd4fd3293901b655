"""An image that is filled by window: runs that are interrupted, and what they leave."""

import signal

import numpy as np
import pytest
import tifffile
from checks import BY_WINDOW, QUICK, TIFF, TILE, ok, refused

from inrr_cli.inpainting.windowed import fill
from inrr_cli.inpainting.windowed.spool import Spool

pytestmark = pytest.mark.usefixtures("by_place")


def stop_after(monkeypatch, count):
    """Interrupt the filling after so many tiles; return the names of the tiles that are filled."""
    names, real = [], fill.fill_tile

    def fill_tile(masked, tile, settings, spool):
        if len(names) == count:
            raise KeyboardInterrupt
        names.append(tile.name)
        return real(masked, tile, settings, spool)

    monkeypatch.setattr(fill, "fill_tile", fill_tile)
    return names


def test_an_interrupted_run_is_gone_on_with(run, scene, tmp_path, monkeypatch):
    command = ("inpaint", "image.tif", "--mask", "mask.tif", *TILE, *QUICK, *BY_WINDOW, "-o", "b.tif")
    with monkeypatch.context() as patch:
        first = stop_after(patch, 3)
        done = run(*command)
    assert done.exit_code == 128 + signal.SIGINT
    assert "3 of 5 tiles are kept in .inrr-b.tif-tiles; run the command again to go on" in done.stderr
    assert not (tmp_path / "b.tif").exists()
    with monkeypatch.context() as patch:
        second = stop_after(patch, None)
        done = ok(run(*command))
    assert "going on: 3 of 5 tiles were filled before" in done.stderr
    assert (len(second), set(first) & set(second)) == (2, set())
    assert not list(tmp_path.glob(".inrr*"))
    ok(run("inpaint", "image.tif", "--mask", "mask.tif", *TILE, *QUICK, "-o", "a.tif"))
    assert np.array_equal(tifffile.imread("a.tif"), tifffile.imread("b.tif"))


@pytest.mark.parametrize("change", ["image", "mask", "option"])
def test_what_changes_throws_the_kept_tiles_away(run, scene, monkeypatch, change):
    command = ["inpaint", "image.tif", "--mask", "mask.tif", *TILE, *QUICK, *BY_WINDOW, "-o", "b.tif"]
    with monkeypatch.context() as patch:
        stop_after(patch, 3)
        run(*command)
    if change == "image":
        tifffile.imwrite("image.tif", scene[0] // 2, **TIFF)
    elif change == "mask":
        tifffile.imwrite("mask.tif", np.roll(scene[1], 1, 0))
    else:
        command += ["--grow", 1]
    with monkeypatch.context() as patch:
        names = stop_after(patch, None)
        done = ok(run(*command))
    assert "going on" not in done.stderr
    assert len(names) >= 5


def test_an_interruption_while_writing_keeps_all_tiles_and_no_half_written_file(run, scene, tmp_path, monkeypatch):
    command = ("inpaint", "image.tif", "--mask", "mask.tif", *TILE, *QUICK, *BY_WINDOW, "-o", "b.tif")

    def interrupt(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("inrr_cli.cli.windowed_outputs._write_image", interrupt)
        done = run(*command)
    assert done.exit_code == 128 + signal.SIGINT
    assert "all tiles are kept in" in done.stderr
    assert [path.name for path in tmp_path.glob(".inrr*")] == [".inrr-b.tif-tiles"]
    assert not (tmp_path / "b.tif").exists()
    with monkeypatch.context() as patch:
        assert stop_after(patch, 0) == []
        ok(run(*command))


def test_a_spool_that_cannot_be_made_is_one_line(run, scene, monkeypatch, tmp_path):
    (tmp_path / ".inrr-b.tif-tiles").write_text("a file of this name")
    done = run("inpaint", "image.tif", "--mask", "mask.tif", *TILE, *BY_WINDOW, "-o", "b.tif")
    refused(done, ".inrr-b.tif-tiles: cannot be written")
    assert Spool.beside(tmp_path / "b.tif").folder.is_file()
