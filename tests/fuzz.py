"""Throw damaged and adversarial files, masks and options at the command.

    python tests/fuzz.py --count 20000        # every case; prints what went wrong, and a summary
    python tests/fuzz.py --only 1234          # one case again, with what it printed

A case is made from its number alone. It runs in a child process, so that a crash or a hang of a decoder is a finding
and not the end. What must hold: no traceback, an exit code as documented with one line that says why, less than 10 s,
no file left behind or changed by a run that failed, and known pixels bit for bit after one that did not.
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
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "imaging"))

import numpy as np
from fuzz_cases import Case, make_case

LIMIT = 10.0  # seconds
DIVERGED = ("diverged", "not finite")  # the only failures that are nobody's fault


def run(case: Case, folder: Path) -> tuple[int | str, bytes, str]:
    """Run the command in a folder; return its exit code, or the traceback of what it let through, and its output."""
    stdout, stderr = (io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in range(2))
    old, here = (sys.stdin, sys.stdout, sys.stderr), Path.cwd()
    os.chdir(folder)
    sys.stdin, sys.stdout, sys.stderr = io.TextIOWrapper(io.BytesIO(case.standard_input)), stdout, stderr
    code: int | str = "it did not end by an exit code"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a warning of a library is a line that no user understands
            command().main(case.arguments, prog_name="inrr")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:
        code = traceback.format_exc()
    finally:
        sys.stdin, sys.stdout, sys.stderr = old
        os.chdir(here)
    return code, stdout.buffer.getvalue(), stderr.buffer.getvalue().decode(errors="replace")


def command(kept=[]):  # noqa: B006
    """Return the command, built once."""
    if not kept:
        import torch
        import typer

        from inrr_cli.cli import app

        torch.set_num_threads(1)
        kept.append(typer.main.get_command(app))
    return kept[0]


def check(case: Case, folder: Path) -> tuple[int | str, str]:
    """Run a case; return its exit code and what is wrong with how it went, or the empty string."""
    for name, data in case.files.items():
        (folder / name).write_bytes(data)
    command()
    start = time.monotonic()
    code, stdout, stderr = run(case, folder)
    seconds = time.monotonic() - start
    there = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    lines = stderr.splitlines()
    errors = [line for line in lines if line.startswith("inrr: error: ")]
    if isinstance(code, str) or "Traceback" in stderr:
        return code, f"a traceback: {code} {stderr}"
    if seconds > LIMIT:
        return code, f"{seconds:.1f} s"
    if any(name.startswith(".") for name in there):
        return code, f"a temporary file is left: {sorted(there)}"
    if code == 0:
        return code, "an error line but exit code 0" if errors else outcome(case, there, stdout)
    if code not in (1, 2) or (code == 1 and not any(word in lines[-1] for word in DIVERGED)):
        return code, f"exit code {code}: {stderr}"
    if len(errors) != 1 or lines[-1] != errors[0]:
        return code, f"not one error line at the end: {stderr}"
    if there != case.files:
        return code, f"files were left or changed by a run that failed: {sorted(set(there) ^ set(case.files))}"
    return code, ""


def outcome(case: Case, there: dict[str, bytes], stdout: bytes) -> str:
    """Tell what is wrong with what a successful run has written."""
    from inrr_cli.imaging.reading import decode

    for name, data in case.files.items():
        if there.get(name) != data and name not in case.may_change:
            return f"{name} has changed"
    for name, data in there.items():
        if name not in case.files and not name.endswith(".json"):
            decode(data, Path(name), 2**40)
    if "filled.tif" not in there or case.output is None:
        return ""
    given = case.standard_input if case.image == "-" else case.files[case.image]
    written = stdout if case.output == "-" else there[case.output]
    old, new = (decode(data, Path("."), 2**40) for data in (given, written))
    masks = decode(there["filled.tif"], Path("."), 2**40).pages
    if new.metadata.lossy or "--denoise" in case.arguments:
        return ""
    for number, mask in enumerate(masks):
        page, other = (picture.stored(number, turned=False) for picture in (old, new))
        if page.dtype != other.dtype or page[mask == 0].tobytes() != other[mask == 0].tobytes():
            return f"known pixels of page {number + 1} are others"
        filled = new.pages[number][mask > 0]  # without their opacity, which is as it was
        if np.issubdtype(page.dtype, np.floating) and not np.isfinite(filled).all():
            return f"filled pixels of page {number + 1} are not finite"
    return ""


def work(numbers: range, pipe) -> None:
    """Run cases in a child process and tell of each."""
    for number in numbers:
        pipe.send((number, None, ""))
        with tempfile.TemporaryDirectory(dir=memory()) as name:
            try:
                code, wrong = check(make_case(number), Path(name))
            except Exception:
                code, wrong = "the check itself", traceback.format_exc()
        pipe.send((number, code if isinstance(code, int) else "traceback", wrong))
    pipe.close()


def memory() -> str | None:
    """Return a folder in memory, if there is one."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def fuzz(numbers: range, report=print) -> tuple[Counter, list[tuple[int, str]]]:
    """Run cases; return how often each exit code was, and the number and fault of each case that went wrong."""
    codes, faults = Counter(), []
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    begin = numbers.start
    while begin < numbers.stop:
        ours, theirs = context.Pipe(duplex=False)
        child = context.Process(target=work, args=(range(begin, numbers.stop), theirs))
        child.start()
        theirs.close()
        at = begin
        with contextlib.suppress(EOFError):
            while ours.poll(6 * LIMIT):
                at, code, wrong = ours.recv()
                if code is not None:
                    codes[code] += 1
                    begin = at + 1
                    if wrong:
                        faults.append((at, wrong))
                        report(f"case {at}: {wrong.strip()}", flush=True)
        if child.is_alive():
            child.kill()
        child.join()
        if begin < numbers.stop:
            wrong = f"the process hung or died ({child.exitcode})"
            faults.append((at, wrong))
            report(f"case {at}: {wrong}", flush=True)
            begin = at + 1
    return codes, faults


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--only", type=int)
    options = parser.parse_args()
    if options.only is not None:
        case = make_case(options.only)
        folder = Path(tempfile.mkdtemp())
        print(case.what, case.arguments, {name: len(data) for name, data in case.files.items()}, sep="\n")
        print(*check(case, folder), sep="\n")
        code, _, stderr = run(case, folder)
        print(code, stderr, sep="\n")
        shutil.rmtree(folder)
        return
    start = time.monotonic()
    codes, faults = fuzz(range(options.start, options.start + options.count))
    ended = ", ".join(f"{number:,} ended with {code}" for code, number in sorted(codes.items(), key=str))
    print(f"{sum(codes.values()):,} cases in {time.monotonic() - start:.0f} s: {ended}; {len(faults)} faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    random.seed(0)
    main()
