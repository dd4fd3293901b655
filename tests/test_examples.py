import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_quickstart_runs_and_restores(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "quickstart.py", tmp_path], capture_output=True, text=True, check=True
    )
    assert float(re.search(r"missing pixels: ([\d.]+) dB", done.stdout)[1]) > 22
    assert np.asarray(Image.open(tmp_path / "restored.png")).shape == (128, 128)
    assert np.asarray(Image.open(tmp_path / "enlarged.png")).shape == (160, 160)


@pytest.mark.slow
def test_the_measurement_prints_a_table(tmp_path, files):
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "measure.py", "--images", files["grey"], "--masks", files["mask"]],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    rows = [line.split("|") for line in done.stdout.splitlines()]
    assert len(rows) == 4
    assert [row[4].strip() for row in rows[2:]] == ["none", "inrr"]
    assert all(10 < float(row[5]) < 40 for row in rows[2:])
