"""Errors of failed allocations, as their libraries word them."""

import sys

import numpy as np
import pytest
import torch
from PIL import Image

from inrr_cli.cli import console
from inrr_cli.cli.restoring import Restoring
from inrr_cli.errors import DivergedError, InputError
from inrr_cli.shortage import describe_shortage

CUDA = (
    "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 79.19 GiB of which 10.50 GiB is "
    "free. Including non-PyTorch memory, this process has 68.68 GiB memory in use."
)


def caught(function, *arguments):
    with pytest.raises((MemoryError, RuntimeError)) as found:
        function(*arguments)
    return found.value


def test_the_real_errors_of_numpy_torch_and_python_are_known():
    for error in (caught(np.zeros, 2**46, np.uint8), caught(torch.empty, 2**44, 1)):
        assert describe_shortage(error, 5e8) == "out of memory: 70368.7 GB more were asked for and 500.0 MB are free"
    assert describe_shortage(caught(bytearray, 2**62), 1e9) == "out of memory"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (RuntimeError("std::bad_alloc"), "out of memory"),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 32000000 bytes."), "32.0 MB"),
        (torch.OutOfMemoryError(CUDA), "out of memory on the CUDA device: 21.5 GB more were asked for and 11.3 GB are"),
        (RuntimeError("CUDA error: out of memory"), "out of memory on the CUDA device"),
        (RuntimeError("MPS backend out of memory. Tried to allocate 256 bytes"), "on the MPS device: 0.0 MB more"),
        (ImportError("libtorch_cpu.so: failed to map segment from shared object"), "out of memory"),
        (RuntimeError("can't start new thread"), "no other thread can be started, by a limit of memory or processes"),
        (OSError(12, "Cannot allocate memory"), "out of memory"),
    ],
)
def test_each_wording_is_known(error, text):
    assert text in describe_shortage(error, 1e6)


@pytest.mark.parametrize("error", [ValueError("out of memory"), DivergedError("step 3"), RuntimeError("shape [2, 3]")])
def test_other_errors_are_none(error):
    assert describe_shortage(error, 1e6) is None


@pytest.mark.parametrize("free", [None, 4e7])
def test_what_does_not_explain_the_error_is_not_told(free):
    error = RuntimeError("can't allocate memory: you tried to allocate 32000000 bytes")
    assert describe_shortage(error, free) == "out of memory: 32.0 MB more were asked for"


@pytest.mark.parametrize("count", [1, 2])
def test_running_out_of_memory_is_one_line_with_advice(run, files, monkeypatch, count):
    def fail(*arguments, **more):
        raise RuntimeError("can't allocate memory: you tried to allocate 32000000 bytes")

    monkeypatch.setattr(sys.modules["inrr_cli.cli.inpainting_job"], "inpaint_pages", fail)
    large = np.zeros((700, 100), np.uint8)
    large[:9] = 1
    for name in ("a.png", "b.png"):
        Image.fromarray(large).save(name)
    done = run("inpaint", *["a.png", "b.png"][:count], "--mask", "value=1", "-q")
    assert done.exit_code == (1 if count == 1 else 3)
    lines = done.stderr.splitlines()
    assert len(lines) == count
    assert all(line.endswith("out of memory: 32.0 MB more were asked for; try --tile 512") for line in lines)


def test_running_out_of_memory_elsewhere_is_one_line_too(run, files, monkeypatch):
    monkeypatch.setattr(console, "free_memory", lambda: 1e6)
    monkeypatch.setattr(
        sys.modules["inrr_cli.cli.mask"], "make_mask", lambda *args, **options: np.zeros(2**46, np.uint8)
    )
    done = run("mask", "-o", "m.png")
    assert done.exit_code == 1
    assert done.stderr == "inrr: error: out of memory: 70368.7 GB more were asked for and 1.0 MB are free\n"


def test_other_errors_of_a_job_pass():
    def fail(*arguments):
        raise InputError("this")

    command = Restoring(None, None)
    object.__setattr__(command, "_restore", fail)
    with pytest.raises(InputError, match="this"):
        command.restore(None, None, None)
