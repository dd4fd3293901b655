"""What the tests of the command on files ask of it."""

import signal
from pathlib import Path

import numpy as np
from PIL import Image

QUICK = ("--rounds", 2, "--similar", 15, "--radius", 4)
TEXTURE = ("--fill", "texture", "--device", "cpu", *QUICK)
HOLE, SHAPE = np.s_[10:26, 12:30], (44, 48)  # of the pictures of the fixture `textured`
BY_WINDOW = ("--max-pixels", 100)
TILE = ("--tile", 64)
TIFF = {"tile": (32, 48), "compression": "zlib", "predictor": True, "metadata": None}


def read(path):
    return np.asarray(Image.open(path))


def names(folder="."):
    """Return the names of the files in a folder that are no journal."""
    return sorted(path.name for path in Path(folder).iterdir() if not path.name.startswith("inrr-"))


def ok(result):
    assert result.exit_code == 0, result.stderr
    return result


def refused(result, message):
    assert result.exit_code == 2, result.stderr
    line = result.stderr.splitlines()[-1]
    assert line.startswith("inrr: error: ")
    assert message in line


def heed():
    """In a child before it runs: undo that a shell has its background jobs ignore Ctrl-C, which children inherit."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
