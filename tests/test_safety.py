"""Short passes of the fuzz and fault programs; the long ones are run by hand."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

HERE = Path(__file__).parent


def program(name, *arguments):
    command = [sys.executable, HERE / name, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_damaged_files_and_odd_options_cause_no_fault():
    done = program("fuzz.py", "--start", "30000", "--count", "150")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.match(r"150 cases in .* ended with 0, .* ended with 2; 0 faults", done.stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="kills and limits are those of POSIX")
def test_kills_a_full_disk_and_a_locked_folder():
    done = program("faults.py", "--kills", "18", "--commands", "0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "'whole': 18" in done.stdout
    assert done.stdout.count("(2, 'inrr: error: ") >= 2


DTYPES = ("u1", "u2", "u4", "i1", "i2", "i4", "f2", "f4", "f8")
SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9)) | st.tuples(
    st.integers(1, 9), st.integers(1, 9), st.integers(2, 5)
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), dtype=st.sampled_from(DTYPES), shape=SHAPES, suffix=st.sampled_from([".tif", ".npy"]))
def test_any_array_and_any_mask(run, tmp_path, data, dtype, shape, suffix):
    image = data.draw(arrays(dtype, shape))
    mask = data.draw(arrays(bool, shape[:2]))
    many = len(shape) == 3 and shape[2] > 4
    np.save(tmp_path / "image.npy", image[None] if many else image)
    np.save(tmp_path / "mask.npy", mask)
    ask = ("inpaint", "image.npy", "--mask", "mask.npy", "-o", f"out{suffix}", "--rounds", 2, "--similar", 4, "--force")
    result = run(*ask)
    known = ~mask
    if np.issubdtype(image.dtype, np.floating):
        known &= np.isfinite(image).reshape(*shape[:2], -1).all(2)
    far = np.abs(np.nan_to_num(image[known].astype(float))).max(initial=0) > 1e37
    assert result.exit_code == (0 if mask.any() and known.any() and not far else 2), result.stderr
    output = tmp_path / f"out{suffix}"
    if result.exit_code == 2:
        assert not output.exists()
        return
    read = (np.load(output) if suffix == ".npy" else tifffile.imread(output)).reshape(shape)
    output.unlink()
    assert read.dtype == image.dtype
    assert read[~mask].tobytes() == image[~mask].tobytes()
    assert np.isfinite(read[mask].astype(float)).all()
