"""Start processes that no signal catches half-way."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import resource_tracker

from inrr_cli.interruption import delay_signals


@contextmanager
def signals_held(numbers: Sequence[signal.Signals]) -> Iterator[None]:
    """Hold signals back until the end: a start that they break off leaves a process of which nobody knows.

    Threads and processes that are started within have them blocked. So a process does not hear of Ctrl-C before it can
    say that it ignores it.
    """
    with delay_signals(numbers):
        if not hasattr(signal, "pthread_sigmask"):  # Windows
            yield
            return
        resource_tracker.ensure_running()  # whose start lets signals through again
        before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
