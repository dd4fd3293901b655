"""What runs in a worker process. Importing this module loads neither numpy nor torch."""

from __future__ import annotations

import os
import signal
import threading
import time
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from types import FrameType

from inrr_cli.interruption import SIGNALS, is_import

READY, NEEDS, DONE, FAILED = "ready", "needs", "done", "failed"  # what a worker says; and of its parent:
GRANTED = "granted"

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
ORPHAN_GRACE = 1.0  # seconds that a worker without a parent has to remove its temporary files


def serve(connection: Connection, threads: int, environment: dict[str, str]) -> None:
    """Run the calls that come by a pipe until the parent ends this process, or is gone itself.

    Ctrl-C in a terminal reaches all processes of the command; the parent alone answers it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)
    try:
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)  # which were held back at the start
        threading.Thread(target=_watch_parent, daemon=True).start()
        for name in THREAD_VARIABLES:  # before the libraries that read them are loaded, torch with the first image
            os.environ[name] = str(threads)
        os.environ.update(environment)
        _serve(connection)
    except (KeyboardInterrupt, EOFError, BrokenPipeError):
        os._exit(1)  # nobody waits for a word, and threads that compute would hold up an orderly exit


def _serve(connection: Connection) -> None:
    from inrr_cli import memory

    held = 0.0

    def claim(needed: float) -> None:
        nonlocal held
        if needed > held:
            connection.send((NEEDS, needed))
            connection.recv()
            held = needed

    memory.claim = claim
    connection.send((READY, None))
    while True:
        call = connection.recv()
        held = 0.0
        try:
            answer = DONE, call.function(*call.arguments)
        except Exception as error:
            answer = FAILED, f"{type(error).__name__}: {error}"
        connection.send(answer)


def _stop(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt once, so that temporary files are removed on the way out."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if is_import(frame):  # of C code that may abort with an exception; no file is being written
        os._exit(1)
    raise KeyboardInterrupt


def _watch_parent() -> None:
    """End this process when its parent is gone, even if it was killed."""
    parent = parent_process()
    if parent is None:
        return
    wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(ORPHAN_GRACE)
    os._exit(1)
