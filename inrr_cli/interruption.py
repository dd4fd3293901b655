"""Ctrl-C and SIGTERM: the first stops the run in order, a second one kills it at once. Imports next to nothing."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from threading import get_ident, main_thread

from inrr_cli.errors import ExitCode

TYPE_CHECKING = False  # see inrr_cli/__init__.py
if TYPE_CHECKING:
    from collections.abc import Iterator
    from sys import UnraisableHookArgs
    from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
MESSAGE = "\ninrr: interrupted; no file was left half-written"
SHOW_CURSOR = "\x1b[?25h"  # which a progress bar hides
IMPORTING = "<frozen importlib._bootstrap>"  # where Python's frames of an import lie

received: list[int] = []
_pending = False  # a signal came, and nobody has had its KeyboardInterrupt
_delays = 0  # entered


def heed_signals() -> None:
    """Let the first signal raise KeyboardInterrupt, unless the shell has this process ignore it.

    For the main thread, as all of this.
    """
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _stop)
    sys.unraisablehook = _ignore_unraisable


@contextmanager
def delay_interruption() -> Iterator[None]:
    """Within, the first signal raises nothing; its KeyboardInterrupt follows at the end. A second one kills at once.

    For code that takes the locks of `threading`: an exception between the acquisition of a lock and the block that
    releases it would leave other threads waiting for ever (https://github.com/python/cpython/issues/74174). Elsewhere
    than in the main thread, which alone gets signals, it does nothing.
    """
    global _delays
    if get_ident() != main_thread().ident:
        yield
        return
    _delays += 1
    try:
        yield
    finally:
        _delays -= 1
    raise_if_pending()


def raise_if_pending() -> None:
    """Raise the KeyboardInterrupt of a signal that was delayed, or that was lost because it came in a finalizer."""
    global _pending
    if _pending and not _delays and get_ident() == main_thread().ident:
        _pending = False
        raise KeyboardInterrupt


def ignore_signals() -> None:
    """Let nothing disturb the interpreter's exit, but what follows on a first signal."""
    if not received:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)


def exit_code() -> ExitCode:
    """Return the exit code of an interrupted run."""
    return ExitCode.TERMINATED if signal.SIGTERM in received else ExitCode.INTERRUPTED


def is_import(frame: FrameType | None) -> bool:
    """Whether a frame is, or was called by, an import."""
    while frame is not None:
        if frame.f_code.co_filename == IMPORTING:
            return True
        frame = frame.f_back
    return False


def _ignore_unraisable(lost: UnraisableHookArgs) -> None:
    """Print an exception that nobody can catch, unless a signal made it: `raise_if_pending` follows."""
    global _pending
    if received and lost.exc_type is KeyboardInterrupt:
        _pending = True
    else:
        sys.__unraisablehook__(lost)


def _stop(number: int, frame: FrameType | None) -> None:
    global _pending
    received.append(number)
    for each in SIGNALS:
        if signal.getsignal(each) == _stop:
            signal.signal(each, signal.SIG_DFL)
    if is_import(frame):
        # C code that is being loaded may lose an exception, turn it into another or abort. No file is being written.
        try:
            os.write(2, f"{MESSAGE}\n{SHOW_CURSOR * os.isatty(2)}".encode())
        finally:
            os._exit(exit_code())
    if _delays:
        _pending = True
    else:
        raise KeyboardInterrupt
