"""Ctrl-C and SIGTERM at any moment: one line, a documented exit code, and with --keep-partial the image so far."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tifffile
from checks import QUICK, heed
from PIL import Image

from inrr_cli import interruption
from inrr_cli.inpainting import whole

INRR = (sys.executable, "-m", "inrr_cli")
SCRIPT = "import sys; from inrr_cli.__main__ import main; sys.exit(main())"
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
SIREN = ("--net", "siren", "--steps", 10**6)
PATCHES = ("--rounds", 10**6)


def python(code, *arguments):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, preexec_fn=heed, timeout=60)


def fitting(files, *more):
    mask = files["mask"]
    return ("inpaint", files["grey"], "--mask", mask, "-o", mask.with_name("out.png"), *more)


def start_fit(*arguments, until="e-0"):  # of the loss or the change
    """Start the command on a terminal and wait until it fits; return the process and the terminal."""
    terminal, end = pty.openpty()
    command = [str(argument) for argument in (*INRR, *arguments)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=end, preexec_fn=heed)
    os.close(end)
    text, deadline = "", time.time() + 60
    while until not in text:
        if time.time() > deadline:
            process.kill()
            pytest.fail(text[-1000:])
        if select.select([terminal], [], [], 0.2)[0]:
            text += os.read(terminal, 4096).decode(errors="replace")  # a character may be cut in two
    return process, terminal


def stop(process, terminal, number):
    """Send a signal; return the exit code and what the process said since."""
    try:
        process.send_signal(number)
        code = process.wait(timeout=30)
    finally:
        process.kill()
    rest = os.read(terminal, 65536).decode()
    os.close(terminal)
    return code, rest


@pytest.mark.parametrize(("number", "keep"), [(signal.SIGINT, True), (signal.SIGINT, False), (signal.SIGTERM, True)])
@pytest.mark.parametrize("engine", [SIREN, PATCHES])
def test_a_signal_stops_a_run_of_a_million_steps(files, engine, number, keep):
    for name in ("grey", "mask"):  # large enough for patches to take seconds
        Image.fromarray(np.tile(np.asarray(Image.open(files[name])), (5, 5))).save(files[name])
    code, rest = stop(*start_fit(*fitting(files, *engine, *(["--keep-partial"] if keep else []))), number)
    output = files["mask"].with_name("out.png")
    assert code == CODES[number]
    assert "interrupted" in rest
    assert output.exists() == keep
    if keep:
        known = np.asarray(Image.open(files["mask"])) == 0
        assert (np.asarray(Image.open(output))[known] == np.asarray(Image.open(files["grey"]))[known]).all()


@pytest.mark.parametrize("number", CODES)
def test_a_signal_stops_the_whole_batch(files, number):
    results = files["mask"].with_name("results")
    ask = ("inpaint", files["mask"], files["grey"], "--mask", files["mask"], *PATCHES, "-o", results)
    code, rest = stop(*start_fit(*ask, until="0/2"), number)
    assert code == CODES[number]
    assert "interrupted" in rest
    assert not list(results.glob("*.png"))


def test_a_stack_is_kept_page_by_page(run, stack, monkeypatch):
    """Two rows of dates, of which the second is interrupted: its pages are what they were, and the record says so."""
    work, begun = whole._estimate, []

    def interrupted(*arguments):
        begun.append(1)
        if len(begun) == 2:
            raise KeyboardInterrupt
        return work(*arguments)

    monkeypatch.setattr(whole, "_estimate", interrupted)
    pages = stack.reshape(2, 2, *stack.shape[1:]).astype(np.float32)
    pages[..., 10:14, 20:30] = np.nan
    tifffile.imwrite("tz.tif", pages, imagej=True, metadata={"axes": "TZYX"})
    ask = ("inpaint", "tz.tif", "--mask", "nan", "--stack", "time", "--keep-partial", "--json", *QUICK)
    result = run(*ask, "-o", "out.tif", "--save-mask", "mask.tif", "--uncertainty", "sigma.tif")
    assert result.exit_code == CODES[signal.SIGINT]
    record, out, mask = json.loads(result.stdout), *(tifffile.imread(name) for name in ("out.tif", "mask.tif"))
    gone = np.isnan(pages)
    gone[:, 1] = False
    assert ((mask.reshape(gone.shape) > 0) == gone).all()
    assert (np.isfinite(out) == (np.isfinite(pages) | gone)).all()
    assert (record["completed"], record["missing_pixels"], record["pages"]) == (False, gone.sum(), 4)
    assert not os.path.exists("sigma.tif")


SIGNAL_IN_IMPORT = f"""
import signal, sys
module, number = sys.argv.pop(1), int(sys.argv.pop(1))
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            sys.meta_path.remove(self)
            signal.raise_signal(number)
sys.meta_path.insert(0, Finder())
{SCRIPT}
"""


@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize("module", ["inrr_cli.cli", "typer", "numpy.linalg", "torch", "torch.nn", "torch.optim"])
def test_a_signal_while_modules_are_loaded_is_one_line(files, module, number):
    done = python(SIGNAL_IN_IMPORT, module, int(number), *fitting(files, *SIREN, "-q"))
    assert done.returncode == CODES[number]
    assert done.stderr.split("\n") == ["", "inrr: interrupted; no file was left half-written", ""]


def test_little_is_loaded_before_signals_are_heeded():
    """What is loaded before is Python's own; nothing of ours may keep an early Ctrl-C from being heeded."""
    code = (
        "import sys, signal; before = set(sys.modules)\n"
        "import inrr_cli.__main__\n"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names))"
    )
    assert python(code).stdout.split() == ["inrr_cli"]


def test_a_second_signal_kills():
    code = (
        "import signal\nfrom inrr_cli import interruption\ninterruption.heed_signals()\n"
        "try:\n    signal.raise_signal({})\n    print('lost')\nexcept KeyboardInterrupt:\n    print('first')\n"
        "print(interruption.exit_code().value, flush=True)\n"
        "signal.raise_signal(signal.SIGINT)\nprint('lost')"
    )
    for number, exit_code in CODES.items():
        done = python(code.format(int(number)))
        assert (done.stdout.split(), done.returncode) == (["first", str(exit_code)], -signal.SIGINT)
        assert done.stderr == ""


@pytest.mark.parametrize("number", CODES)
def test_a_second_signal_kills_while_the_first_is_delayed(number):
    code = (
        "import signal\nfrom inrr_cli import interruption\ninterruption.heed_signals()\n"
        "with interruption.delay_signals(), interruption.delay_signals():\n"
        "    signal.raise_signal(signal.SIGINT)\n    print('noted', interruption.received, flush=True)\n"
        f"    signal.raise_signal({int(number)})\n    print('lost')"
    )
    done = python(code)
    assert (done.stdout, done.stderr, done.returncode) == ("noted []\n", "", -number)


def test_delayed_signals_reach_the_handlers_of_others():
    """In order, whatever they do; a second one does not wait."""
    heard = []
    before = [signal.signal(number, lambda number, _: heard.append(number)) for number in interruption.SIGNALS]
    try:
        with interruption.delay_signals():
            signal.raise_signal(signal.SIGTERM)
            assert not heard
        assert heard == [signal.SIGTERM]
        with interruption.delay_signals():
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGINT)
            assert heard[1:] == [signal.SIGTERM, signal.SIGINT]
        assert len(heard) == 3
    finally:
        for number, handler in zip(interruption.SIGNALS, before, strict=True):
            signal.signal(number, handler)


@pytest.mark.parametrize("set_up", ["", "import atexit; atexit.register(signal.raise_signal, signal.SIGINT)"])
def test_a_signal_that_is_ignored_or_comes_at_the_very_end_changes_nothing(tmp_path, set_up):
    ignore = "" if set_up else "signal.signal(signal.SIGINT, signal.SIG_IGN); signal.raise_signal(signal.SIGINT)"
    code = f"import signal; {set_up}\n{ignore}\n{SCRIPT}"
    done = python(code, "mask", "-o", tmp_path / "mask.png")
    assert (done.returncode, done.stderr) == (0, "")


def test_an_interruption_that_became_another_error_is_an_interruption(files):
    code = (
        "import signal\nfrom inrr_cli.cli import files\n"
        "def restore(*arguments):\n"
        "    try:\n        signal.raise_signal(signal.SIGTERM)\n"
        "    except KeyboardInterrupt:\n        raise RuntimeError('initialization failed') from None\n"
        "from inrr_cli.cli.restoring import Restoring\nRestoring.restore = restore\n" + SCRIPT
    )
    done = python(code, "inpaint", files["grey"], "--mask", "value=0")
    assert done.returncode == 143
    assert done.stderr.splitlines() == ["", "inrr: interrupted; no file was left half-written"]


def test_a_signal_in_a_finalizer_is_not_lost_to_a_batch(files, tmp_path):
    code = (
        "import signal\n"
        "class Lost:\n    def __del__(self):\n        signal.raise_signal(signal.SIGINT)\n"
        "from inrr_cli.batch.workers import WorkerPool\n"
        "listen = WorkerPool._listen\n"
        "def lose(pool):\n    Lost()\n    WorkerPool._listen = listen\n    return listen(pool)\n"
        "WorkerPool._listen = lose\n" + SCRIPT
    )
    done = python(code, "inpaint", files["grey"], files["mask"], "--mask", files["mask"], "-o", tmp_path / "out")
    assert done.returncode == 130
    assert done.stderr.splitlines() == ["", "inrr: interrupted; no file was left half-written"]
    assert not list((tmp_path / "out").glob("*.png"))


LOCKED = """
import signal, threading, torch
torch.set_num_threads(2)
enter, taken = threading.Condition.__enter__, []
def enter_and_signal(condition):
    enter(condition)
    if threading.get_ident() == threading.main_thread().ident:
        taken.append(condition)
        if len(taken) == 100:
            signal.raise_signal(signal.SIGTERM)
from inrr_cli.neural.fit import NetworkFit
run = NetworkFit.run
def run_with_signal(*arguments):
    threading.Condition.__enter__ = enter_and_signal
    return run(*arguments)
NetworkFit.run = run_with_signal
"""


def test_a_signal_while_a_lock_is_taken_leaves_no_thread_waiting(files):
    done = python(LOCKED + SCRIPT, *fitting(files, *SIREN))
    assert done.returncode == CODES[signal.SIGTERM]
    assert done.stderr.endswith("\ninrr: interrupted; no file was left half-written\n")


@pytest.mark.parametrize("threads", [1, 2])
def test_a_signal_in_a_finalizer_is_not_lost_to_a_fit(files, threads):
    code = (
        f"import signal, torch\ntorch.set_num_threads({threads})\n"
        "class Lost:\n    def __del__(self):\n        signal.raise_signal(signal.SIGINT)\n"
        "from inrr_cli.neural.fit import NetworkFit\n"
        "step = NetworkFit._step\n"
        "def lose(fit):\n    Lost() if fit.steps == 3 else None\n    return step(fit)\n"
        "NetworkFit._step = lose\n" + SCRIPT
    )
    done = python(code, *fitting(files, *SIREN))
    assert done.returncode == CODES[signal.SIGINT]
    assert done.stderr.endswith("\ninrr: interrupted; no file was left half-written\n")


@pytest.mark.slow
@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize("start", [INRR, (sys.executable, "-c", SCRIPT)])
def test_a_signal_at_any_moment_is_one_line(files, start, number):
    for moment in (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 4.0):
        command = [str(argument) for argument in (*start, *fitting(files, *SIREN, "-q"))]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heed)
        time.sleep(moment)
        process.send_signal(number)
        error = process.communicate(timeout=30)[1]
        assert process.returncode == CODES[number], (moment, error)
        assert error.strip() in ("", "inrr: interrupted; no file was left half-written"), moment
