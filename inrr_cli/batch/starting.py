"""Start processes that no signal catches half-way."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import resource_tracker


@contextmanager
def signals_held(numbers: Sequence[signal.Signals]) -> Iterator[None]:
    """Hold signals back until the end: a start that they break off leaves a process of which nobody knows.

    Threads and processes that are started within have them blocked. So a process does not hear of Ctrl-C before it can
    say that it ignores it.
    """
    with _noted(numbers):
        if not hasattr(signal, "pthread_sigmask"):  # Windows
            yield
            return
        resource_tracker.ensure_running()  # whose start lets signals through again
        before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _noted(numbers: Sequence[signal.Signals]) -> Iterator[None]:
    """Only note signals, which other threads may receive for this one, and answer them at the end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    handlers = {number: handler for number in numbers if callable(handler := signal.getsignal(number))}
    for number in handlers:
        signal.signal(number, lambda number, _: received.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for first in received[:1]:
            signal.raise_signal(first)
