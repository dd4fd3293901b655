"""Run the command on damaged files and odd options.

    python tests/fuzz.py --count 20000        # print each fault and a summary
    python tests/fuzz.py --only 1234          # repeat one case and print its output

A case depends on its number alone. It runs in a child process, so that a crash or a hang of a decoder is reported and
the next case follows. Each run must end within 10 s with a documented exit code. A run that fails must print one line
that says why, without a traceback, and leave all files as they were. A run that succeeds must keep known pixels bit for
bit.
"""

import argparse
import contextlib
import io
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "imaging"))

import numpy as np
from fuzz_cases import Case, make_case

TIME_LIMIT = 10.0  # seconds
DIVERGED = ("diverged", "not finite")  # words of the only errors that may end with exit code 1


def run(case: Case, folder: Path) -> tuple[int | str, bytes, str]:
    """Run the command in a folder; return its exit code or traceback, standard output and standard error."""
    stdout, stderr = (io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in range(2))
    streams, working_folder = (sys.stdin, sys.stdout, sys.stderr), Path.cwd()
    os.chdir(folder)
    sys.stdin, sys.stdout, sys.stderr = io.TextIOWrapper(io.BytesIO(case.standard_input)), stdout, stderr
    code: int | str = "no exit code"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # users do not understand the warnings of libraries
            command().main(case.arguments, prog_name="inrr")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:
        code = traceback.format_exc()
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
        os.chdir(working_folder)
    return code, stdout.buffer.getvalue(), stderr.buffer.getvalue().decode(errors="replace")


@cache
def command():
    """Build the command."""
    import torch
    import typer

    from inrr_cli.cli import app

    torch.set_num_threads(1)
    return typer.main.get_command(app)


def check(case: Case, folder: Path) -> tuple[int | str, str]:
    """Run a case; return its exit code and a description of the fault, or the empty string."""
    for name, data in case.files.items():
        (folder / name).write_bytes(data)
    command()  # outside the measured time
    start = time.monotonic()
    code, stdout, stderr = run(case, folder)
    seconds = time.monotonic() - start
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    lines = stderr.splitlines()
    errors = [line for line in lines if line.startswith("inrr: error: ")]
    if isinstance(code, str) or "Traceback" in stderr:
        return code, f"a traceback: {code} {stderr}"
    if seconds > TIME_LIMIT:
        return code, f"{seconds:.1f} s"
    if any(name.startswith(".") for name in files):
        return code, f"a temporary file is left: {sorted(files)}"
    if code == 0:
        return code, "an error line but exit code 0" if errors else check_outputs(case, files, stdout)
    if code not in (1, 2) or (code == 1 and not any(word in lines[-1] for word in DIVERGED)):
        return code, f"exit code {code}: {stderr}"
    if len(errors) != 1 or lines[-1] != errors[0]:
        return code, f"standard error does not end with its only error line: {stderr}"
    if files != case.files:
        return code, f"a failed run left or changed files: {sorted(set(files) ^ set(case.files))}"
    return code, ""


def check_outputs(case: Case, files: dict[str, bytes], stdout: bytes) -> str:
    """Return a description of a fault in the outputs of a successful run, or the empty string."""
    from inrr_cli.imaging.reading import decode

    for name, data in case.files.items():
        if files.get(name) != data and name not in case.may_change:
            return f"{name} has changed"
    for name, data in files.items():
        if name not in case.files and not name.endswith(".json"):
            decode(data, Path(name), 2**40)
    if case.output is None:
        return ""
    if "filled.tif" not in files:
        return "filled.tif was not written"
    source = case.standard_input if case.image == "-" else case.files[case.image]
    written = stdout if case.output == "-" else files[case.output]
    axes = next((a.removeprefix("--axes=") for a in case.arguments if a.startswith("--axes=")), None)
    old = decode(source, Path("."), 2**40, axes)
    new, filled = (decode(data, Path("."), 2**40, like=old.layout) for data in (written, files["filled.tif"]))
    masks = filled.pages
    if new.metadata.lossy or "--denoise" in case.arguments:
        return ""
    for number, mask in enumerate(masks):
        page, other = (picture.page_with_alpha(number, stored_orientation=False) for picture in (old, new))
        colours = old.pages[number]
        kept = np.broadcast_to(mask[..., None] if mask.ndim < colours.ndim else mask, colours.shape) == 0
        if old.alpha[number] is not None:
            kept = np.concatenate([np.atleast_3d(kept), np.ones((*page.shape[:2], 1), bool)], 2)
        kept = kept.reshape(page.shape)
        if page.dtype != other.dtype or page[kept].tobytes() != other[kept].tobytes():
            return f"known pixels of page {number + 1} have changed"
        filled = other[~kept]  # colours without alpha
        if np.issubdtype(page.dtype, np.floating) and not np.isfinite(filled).all():
            return f"filled pixels of page {number + 1} are not finite"
    return ""


def work(numbers: range, pipe) -> None:
    """Run cases in a child process and send the result of each."""
    for number in numbers:
        pipe.send((number, None, ""))
        with tempfile.TemporaryDirectory(dir=memory_folder()) as name:
            try:
                code, fault = check(make_case(number), Path(name))
            except Exception:
                code, fault = "the check itself", traceback.format_exc()
        pipe.send((number, code if isinstance(code, int) else "traceback", fault))
    pipe.close()


def memory_folder() -> str | None:
    """Return a folder in memory on systems that have one, which is faster."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def fuzz(numbers: range, report=print) -> tuple[Counter, list[tuple[int, str]]]:
    """Run cases; return a count of the exit codes, and the number and fault of each case that failed."""
    codes, faults = Counter(), []
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    begin = numbers.start
    while begin < numbers.stop:
        receiver, sender = context.Pipe(duplex=False)
        child = context.Process(target=work, args=(range(begin, numbers.stop), sender))
        child.start()
        sender.close()
        number = begin
        with contextlib.suppress(EOFError):
            while receiver.poll(6 * TIME_LIMIT):
                number, code, fault = receiver.recv()
                if code is not None:
                    codes[code] += 1
                    begin = number + 1
                    if fault:
                        faults.append((number, fault))
                        report(f"case {number}: {fault.strip()}", flush=True)
        if child.is_alive():
            child.kill()
        child.join()
        if begin < numbers.stop:
            fault = f"the process hung or died ({child.exitcode})"
            faults.append((number, fault))
            report(f"case {number}: {fault}", flush=True)
            begin = number + 1
    return codes, faults


def main() -> None:
    """Run the cases that the command line asks for and print a summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--only", type=int)
    options = parser.parse_args()
    if options.only is not None:
        case = make_case(options.only)
        folder = Path(tempfile.mkdtemp())
        print(case.description, case.arguments, {name: len(data) for name, data in case.files.items()}, sep="\n")
        print(*check(case, folder), sep="\n")
        code, _, stderr = run(case, folder)
        print(code, stderr, sep="\n")
        shutil.rmtree(folder)
        return
    start = time.monotonic()
    codes, faults = fuzz(range(options.start, options.start + options.count))
    ended = ", ".join(f"{count:,} ended with {code}" for code, count in sorted(codes.items(), key=str))
    print(f"{sum(codes.values()):,} cases in {time.monotonic() - start:.0f} s: {ended}; {len(faults)} faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    random.seed(0)
    main()
