"""A folder that is being filled: files are taken when they are still."""

import os

import pytest

from inrr_cli.batch import watching
from inrr_cli.batch.sources import Source, find_sources


@pytest.fixture
def clock(monkeypatch):
    """A clock that tests move on."""

    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(watching, "time", clock)
    return clock


@pytest.fixture
def look(tmp_path, clock):
    """Move the clock on, and return the names of the images that are taken."""
    images = watching.watch(lambda: find_sources([tmp_path]), settle=5.0)

    def look(seconds):
        taken = []
        clock.now += seconds
        for image in images:
            if image is None:
                return taken
            taken.append(image.path.name)

    assert look(0) == []
    return look


def write(path, size, mtime=1000):
    path.write_bytes(bytes(size))
    os.utime(path, (mtime, mtime))


def test_a_file_is_taken_once_when_its_size_has_been_still(tmp_path, look):
    write(tmp_path / "a.tif", 10)
    assert look(2) == []
    write(tmp_path / "a.tif", 20)  # the instrument still writes
    assert look(4) == []
    write(tmp_path / "b.tif", 10)
    assert look(4) == []
    assert look(2) == ["a.tif"]
    assert look(3) == ["b.tif"]
    assert look(60) == []


def test_a_file_that_was_written_anew_is_taken_again(tmp_path, look):
    write(tmp_path / "a.tif", 10)
    assert look(1) == []
    assert look(6) == ["a.tif"]
    write(tmp_path / "a.tif", 10, mtime=2000)
    assert look(1) == []
    assert look(6) == ["a.tif"]


def test_a_file_that_goes_between_two_looks_is_no_error(tmp_path, clock):
    assert next(watching.watch(lambda: [Source(tmp_path / "gone.tif")], settle=0)) is None
