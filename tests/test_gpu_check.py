"""The program that checks a GPU, without one: as it is, and with the processor in the place of the GPU."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from inrr_cli import make_settings
from inrr_cli.device import available_devices
from inrr_cli.methods import NETWORK_REGULARIZERS, NETWORKS, REPRESENTATIONS

PROGRAM = Path(__file__).parents[1] / "examples" / "gpu_check.py"


@pytest.fixture
def gpu_check(monkeypatch):
    """The program, on a machine whose "mps" is its processor."""
    spec = importlib.util.spec_from_file_location("gpu_check", PROGRAM)
    program = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "gpu_check", program)  # where its dataclasses look for their types
    spec.loader.exec_module(program)
    monkeypatch.setattr(program, "available_devices", lambda: ["mps", "cpu"])
    monkeypatch.setattr(program, "make_settings", lambda **options: make_settings(**options | {"device": "cpu"}))
    return program


def rows(text):
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")][2:]


@pytest.mark.skipif(available_devices()[0] != "cpu", reason="there is a GPU")
def test_without_a_gpu_the_program_says_so_in_one_line_and_all_is_well():
    done = subprocess.run([sys.executable, PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout == "no GPU here (neither CUDA nor MPS), so there is nothing to check\n"


def test_there_is_a_case_of_every_method(gpu_check):
    every = [make_settings(**case.settings) for case in gpu_check.cases()]
    assert {settings.net for settings in every} == set(REPRESENTATIONS)
    assert {settings.reg for settings in every} == {*NETWORK_REGULARIZERS, "patch"}
    assert {settings.fill for settings in every} == {"expected", "texture"}
    assert {case.name for case in gpu_check.cases() if "superres" in case.name and case.settings.get("net") in NETWORKS}


def test_a_gpu_that_computes_the_same_passes(gpu_check, monkeypatch, capsys):
    monkeypatch.setattr(gpu_check, "SIDE", 48)
    assert gpu_check.main(["--only", "dmf"]) == 0
    text = capsys.readouterr().out
    ((name, here, there, apart, *_),) = rows(text)
    assert (name, apart) == ("network dmf-none", "0.000")
    assert here == there
    assert "1 engines compared; all agree" in text


def test_a_gpu_that_computes_something_else_or_fails_does_not_pass(gpu_check, monkeypatch, capsys):
    answers = iter([(20.0, False)] * 3 + [(20.03, False)])
    other = gpu_check.Case("other", {}, lambda settings: next(answers))
    changed = iter([(20.0, False)] * 2 + [(20.0, True)] * 2)
    changing = gpu_check.Case("changing", {}, lambda settings: next(changed))

    def fail(settings):
        raise RuntimeError("no such\noperation")

    monkeypatch.setattr(gpu_check, "cases", lambda: iter([other, changing, gpu_check.Case("failing", {}, fail)]))
    assert gpu_check.main([]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-4:] == [
        "3 engines compared; 3 do not agree:",
        "- other: 0.030 dB apart",
        "- changing: known samples were changed",
        "- failing: RuntimeError: no such operation",
    ]


@pytest.mark.slow
def test_every_case_runs_and_agrees_with_itself(gpu_check, monkeypatch, capsys):
    monkeypatch.setattr(gpu_check, "SIDE", 64)
    monkeypatch.setattr(gpu_check, "STEPS", 4)
    assert gpu_check.main([]) == 0
    found = rows(capsys.readouterr().out)
    assert len(found) == len(list(gpu_check.cases()))
    assert all(float(row[1]) > 4 and row[3] == "0.000" for row in found)  # networks have hardly begun
