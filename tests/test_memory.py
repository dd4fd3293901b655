"""What a run is expected to take, against what was measured, and refusals before the start."""

import dataclasses
import os
import re
import resource
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pytest
from PIL import Image

from inrr_cli import InputError, make_settings, make_target, memory
from inrr_cli.memory import (
    PROGRAM,
    check_inpainting_memory,
    check_superres_memory,
    inpainting_advice,
    inpainting_bytes,
    missing_per_channel,
    superres_bytes,
)


def test_an_image_that_does_not_fit_is_refused_with_advice(monkeypatch):
    monkeypatch.setattr(memory, "free_resident_memory", lambda: 2e9)
    patches, network = make_settings(), make_settings(reg="inrr")
    check_inpainting_memory((1000, 1000, 3), 500_000, patches)
    with pytest.raises(InputError, match=r"restoring 4000 x 3000 pixels needs about .* try --tile 512"):
        check_inpainting_memory((3000, 4000, 3), 100_000, patches)
    check_inpainting_memory((3000, 4000, 3), 100_000, make_settings(tile=512))
    check_inpainting_memory((3000, 4000, 3), 100_000, make_settings(per_channel=True))
    with pytest.raises(InputError, match="use the patch engine with --tile 512"):
        check_inpainting_memory((3000, 4000, 3), 100_000, network)
    with pytest.raises(InputError, match="make a part of it with --crop"):
        check_superres_memory((3000, 4000, 3), make_target((3000, 4000), 4), make_settings(task="superres"))


def test_what_is_loaded_already_is_not_counted_again(monkeypatch):
    needed = inpainting_bytes((1000, 1000), 300_000, make_settings())
    monkeypatch.setattr(memory, "free_resident_memory", lambda: needed - PROGRAM + 1e6)
    monkeypatch.setattr(memory, "held_bytes", lambda: PROGRAM + 1e9)
    check_inpainting_memory((1000, 1000), 300_000, make_settings())
    monkeypatch.setattr(memory, "held_bytes", lambda: PROGRAM - 2e6)
    with pytest.raises(InputError, match=r"needs about 0\.2 GB"):
        check_inpainting_memory((1000, 1000), 300_000, make_settings())


@pytest.mark.parametrize(
    ("shape", "options", "advice"),
    [
        ((2000, 300), {}, "try --tile 512"),
        ((2000, 300), {"tile": 1024}, "try a smaller --tile"),
        ((600, 600, 3), {}, ""),
        ((600, 600), {"net": "siren"}, "use the patch engine"),
    ],
)
def test_tiles_are_advised_where_they_help(shape, options, advice):
    assert inpainting_advice(shape, make_settings(**options)) == advice


def test_little_damage_in_a_large_image_takes_little(monkeypatch):
    shape, settings = (4000, 6000, 3), make_settings()
    measured_mb = 769.4  # `inrr inpaint` of a scratch of 300 pixels in an 8-bit PNG of this shape
    assert 1.0 < inpainting_bytes(shape, 300, settings, (320, 480)) / 1e6 / measured_mb < 2.0
    monkeypatch.setattr(memory, "free_resident_memory", lambda: 2e9)
    check_inpainting_memory(shape, 300, settings, (320, 480))
    with pytest.raises(InputError, match="try --tile 512"):
        check_inpainting_memory(shape, 300, settings)


def test_a_kernel_regression_needs_more_than_a_network(monkeypatch):
    kernel, network = make_settings(net="ntk"), make_settings(reg="none")
    assert inpainting_bytes((2000, 2000), 1, kernel) > inpainting_bytes((2000, 2000), 1, network) + 5e8
    monkeypatch.setattr(memory, "free_resident_memory", lambda: 1e9)
    with pytest.raises(InputError, match="restoring 2000 x 2000 pixels needs about"):
        check_inpainting_memory((2000, 2000), 1, kernel)


def test_missing_samples_are_counted_in_the_mean_channel_or_in_the_worst():
    missing = np.zeros((4, 5, 3), bool)
    missing[:2, :, 0] = missing[0, 0, 1] = True
    assert missing_per_channel(missing, make_settings()) == 4
    assert missing_per_channel(missing, make_settings(per_channel=True)) == 10
    assert missing_per_channel(missing[..., 0], make_settings()) == 10


def test_smaller_tiles_need_less():
    shape, missing = (3000, 3000), 3_000_000
    small, large, whole = (inpainting_bytes(shape, missing, make_settings(tile=tile)) for tile in (128, 512, None))
    assert small < large < whole
    target = make_target((1000, 1000), 2)
    assert superres_bytes((1000, 1000), target, 512) < superres_bytes((1000, 1000), target) - 3e8


@pytest.mark.parametrize(
    ("shape", "missing", "options", "measured_mb"),
    [
        ((2048, 2048), 2_097_152, {}, 1626),
        ((3000, 4000, 3), 121_851, {}, 2220),
        ((256, 256), 8_221, {"net": "gabor", "preset": "paper"}, 2029),
        ((512, 512, 24), 218, {}, 948),
        ((2048, 2048, 24), 3_495, {}, 8088),
        ((2048, 2048, 24), 3_495, {"tile": 512}, 4675),
        ((2048, 2048, 5), 16_777, {}, 2104),
    ],
)
def test_the_estimate_is_near_the_measured_peak(shape, missing, options, measured_mb):
    """The peaks are those of examples/results/scaling.md, of two steps of the paper's recipe, and of windows of pages.

    Of a window, ``missing`` is that of one page over all of its channels.
    """
    settings = make_settings(**options)
    assert 0.9 < inpainting_bytes(shape, missing, settings) / 1e6 / measured_mb < 1.3
    if not options:
        small = dataclasses.replace(settings, reg="none")
        assert inpainting_bytes(shape, missing, small) < inpainting_bytes(shape, missing, settings)


def test_texture_needs_memory_of_its_own_after_the_other_engine():
    shape, missing = (3000, 4000, 3), 160_000
    expected, tiled = make_settings(), make_settings(tile=512)
    texture, tiled_texture = (dataclasses.replace(settings, fill="texture") for settings in (expected, tiled))
    assert inpainting_bytes(shape, missing, tiled_texture) > inpainting_bytes(shape, missing, tiled)
    assert inpainting_bytes(shape, missing, tiled_texture) > PROGRAM + 4 * 4 * 3000 * 4000  # in float32, and its like
    assert inpainting_bytes(shape, missing, texture) >= inpainting_bytes(shape, missing, expected)


def test_labels_need_no_more_for_more_channels_and_angles_need_both_parts():
    shape, more = (3000, 4000), (3000, 4000, 3)
    labels, angles, numbers = (make_settings(values=values) for values in ("labels", "angle=360", "linear"))
    assert inpainting_bytes(shape, 10_000, labels) == inpainting_bytes(more, 10_000, labels)
    parts = (inpainting_bytes(shape, 10_000, settings) - PROGRAM for settings in (angles, numbers))
    assert next(parts) == 2 * next(parts)


def limited(megabytes, folder, *arguments):
    """Run the command with a limit of its address space in MiB."""
    limit = partial(resource.setrlimit, resource.RLIMIT_AS, (megabytes * 2**20,) * 2)
    command = [sys.executable, "-m", "inrr_cli", *arguments, "-o", "out.png"]
    threads = os.environ | {"OMP_NUM_THREADS": "2"}  # of which many take much
    return subprocess.run(
        command, cwd=folder, env=threads, preexec_fn=limit, capture_output=True, text=True, timeout=60
    )


@pytest.fixture
def large(tmp_path):
    """The folder of a grey picture of 4 megapixels of which 30 % are missing."""
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (2000, 2000), np.uint8)).save(tmp_path / "image.png")
    Image.fromarray(rng.random((2000, 2000)) < 0.3).save(tmp_path / "mask.png")
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
@pytest.mark.parametrize(
    ("megabytes", "more", "message"),
    [
        (1024, (), r"of address space and `ulimit -v` allows 1\.07 GB; raise it, or set OMP_.*=1 and try --tile 512$"),
        (1024, ("--net", "siren"), "raise it, or set OMP_NUM_THREADS=1 and use the patch engine with --tile 512$"),
        (400, (), r"needs more address space than the 0\.42 GB that `ulimit -v` allows: torch cannot be loaded"),
    ],
)
def test_what_fails_under_ulimit_is_refused_at_the_start(large, megabytes, more, message):
    start = time.perf_counter()
    done = limited(megabytes, large, "inpaint", "image.png", "--mask", "mask.png", "-q", *more)
    assert done.returncode == 2, done.stderr
    assert time.perf_counter() - start < 20
    (line,) = done.stderr.splitlines()
    assert re.search(message, line)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
def test_what_fits_under_ulimit_is_not_refused(files):
    done = limited(1300, files["grey"].parent, "inpaint", "grey.png", "--mask", "mask.png", "-q", "--rounds", "2")
    assert done.returncode == 0, done.stderr
