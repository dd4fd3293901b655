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
    from collections.abc import Iterator, Sequence
    from sys import UnraisableHookArgs
    from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
MESSAGE = "\ninrr: interrupted; no file was left half-written"
SHOW_CURSOR = "\x1b[?25h"  # which a progress bar hides
IMPORTING = "<frozen importlib._bootstrap>"  # where Python's frames of an import lie

received: list[int] = []
_is_lost = False  # the KeyboardInterrupt of a signal


def heed_signals() -> None:
    """Let the first signal raise KeyboardInterrupt, unless the shell has this process ignore it.

    For the main thread, as all of this.
    """
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _stop)
    sys.unraisablehook = _ignore_unraisable


@contextmanager
def delay_signals(numbers: Sequence[signal.Signals] = SIGNALS) -> Iterator[None]:
    """Within, the first signal is only noted; its handler follows at the end. A second one has both answered at once.

    For code that takes the locks of `threading`: an exception between the acquisition of a lock and the block that
    releases it would leave other threads waiting for ever (https://github.com/python/cpython/issues/74174). Elsewhere
    than in the main thread, which alone gets signals, it does nothing.
    """
    if get_ident() != main_thread().ident:
        yield
        return
    handlers = {number: handler for number in numbers if callable(handler := signal.getsignal(number))}
    noted: list[int] = []
    is_within = True

    def note(number: int, _: FrameType | None) -> None:
        noted.append(number)
        if len(noted) > 1 or not is_within:
            answer()

    def answer() -> None:
        signals = noted.copy()
        noted.clear()
        for number, handler in handlers.items():
            signal.signal(number, handler)
        try:
            for first in signals[:1]:
                signal.raise_signal(first)
        finally:
            for second in signals[1:]:
                signal.raise_signal(second)

    try:
        for number in handlers:
            signal.signal(number, note)
        yield
    finally:
        is_within = False
        answer()


def raise_if_lost() -> None:
    """Raise the KeyboardInterrupt of a signal that came in a finalizer, where nobody can catch it."""
    global _is_lost
    if _is_lost and get_ident() == main_thread().ident:
        _is_lost = False
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
    """Print an exception that nobody can catch, unless a signal made it: `raise_if_lost` follows."""
    global _is_lost
    if received and lost.exc_type is KeyboardInterrupt:
        _is_lost = True
    else:
        sys.__unraisablehook__(lost)


def _stop(number: int, frame: FrameType | None) -> None:
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
    raise KeyboardInterrupt
