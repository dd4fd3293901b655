"""What an error says of a failed allocation, whoever raises it: Python, NumPy, torch, or the loader of libraries."""

from __future__ import annotations

import re

SIGNS = re.compile(
    "allocate memory|not enough memory|out of memory|bad_alloc|bad allocation|ALLOC_FAILED|failed to map segment", re.I
)
SIZE = r"([\d.]+) ?(bytes|[KMGT]iB)"
UNITS = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


def describe_shortage(error: BaseException, free: float | None) -> str | None:
    """Return what could not be allocated and what is free, as far as that is known; None for another error.

    Parameters
    ----------
    error : BaseException
    free : float or None
        Bytes that are free now. By now the failed run has given some back, so it is told only if it explains the error.
    """
    if not isinstance(error, MemoryError | RuntimeError | ImportError | OSError):
        return None
    text = str(error)
    if "can't start new thread" in text:
        return "no other thread can be started, by a limit of memory or processes; set OMP_NUM_THREADS=1"
    if not isinstance(error, MemoryError) and not SIGNS.search(text):
        return None
    asked = _size(rf"allocate {SIZE}", text)
    device = next((name for name in ("CUDA", "MPS") if name in text), "")
    if device:
        free = _size(rf"of which {SIZE} is free", text)
    where = f"out of memory on the {device} device" if device else "out of memory"
    if asked is None:
        return where
    known = "" if free is None or free >= asked else f" and {_format(free)} are free"
    return f"{where}: {_format(asked)} more were asked for{known}"


def _size(pattern: str, text: str) -> float | None:
    found = re.search(pattern, text, re.I)
    return None if found is None else float(found[1]) * UNITS[found[2]]


def _format(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
