"""The tiles of one large image go to worker processes or to a cluster, and make the same bytes."""

import subprocess
import sys

import numpy as np
import pytest
import tifffile

OPTIONS = (
    "--tile",
    "64",
    "--max-pixels",
    "1000",
    "--rounds",
    "2",
    "--similar",
    "8",
    "--radius",
    "3",
    "--device",
    "cpu",
)


@pytest.fixture
def restore(tmp_path):
    """Fill scratches in an image of 200 x 150 pixels; return the bytes of the result."""
    waves = np.add.outer(np.sin(np.arange(200) / 9), np.cos(np.arange(150) / 7))
    noise = np.random.default_rng(0).normal(0, 3, waves.shape)
    mask = np.zeros(waves.shape, np.uint8)
    for at in (20, 70, 128):
        mask[at : at + 2, 10:140] = 255
    tifffile.imwrite(tmp_path / "image.tif", (120 + 50 * waves + noise).astype(np.uint8), tile=(64, 64))
    tifffile.imwrite(tmp_path / "mask.tif", mask, tile=(64, 64))

    def restore(*how):
        command = [sys.executable, "-m", "inrr_cli", "inpaint", "image.tif", "--mask", "mask.tif", *OPTIONS, *how]
        done = subprocess.run([*command, "-o", "out.tif", "--force"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "in 9 tiles" in done.stderr
        assert sorted(path.name for path in tmp_path.iterdir()) == ["image.tif", "mask.tif", "out.tif"]
        return (tmp_path / "out.tif").read_bytes()

    return restore


@pytest.mark.slow
def test_workers_and_a_cluster_make_the_same_bytes(restore):
    pytest.importorskip("distributed")
    alone = restore("--jobs", "1")
    assert restore("--jobs", "3") == alone
    assert restore("--cluster", "local") == alone
