"""Fill in a thread of its own, one mask at a time: with progress for the page, and an end whenever the page asks."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock, Thread, get_ident
from typing import Any

from inrr_cli.cli.console import collect_messages, describe_error, warn
from inrr_cli.cli.inpainting_job import note_advice
from inrr_cli.engine import Control
from inrr_cli.inpainting.label_warning import warn_of_labels
from inrr_cli.masking import Mask
from inrr_cli.page.opened import OpenedImage, notes_of
from inrr_cli.page.versions import GoneError, Version, Versions
from inrr_cli.result import Result
from inrr_cli.settings import Settings

WAIT, STEP = 1.0, 0.02  # seconds that a question for the progress waits for news, and between two looks
REMEMBERED = 20  # jobs that can be asked for; the page asks for the last


class Cancelled(KeyboardInterrupt):
    """The page no longer wants the fill; engines end as on Ctrl-C."""


@dataclass(frozen=True)
class Wish:
    """What the page asks for: a mask (M, N) to fill, by these settings, in so many variants."""

    mask: Mask
    settings: Settings
    variants: int


class FillJob:
    """A fill that waits, runs or is over.

    The thread that fills takes no lock on its way, for `cancel` may interrupt it anywhere.

    Attributes
    ----------
    number : int
        From 1.
    wish : Wish
    state : {"running", "done", "failed", "cancelled"}
    error : str
        Why it failed, in one line.
    version : Version or None
        The result, once it is done.
    seconds : float
        Time that it took.
    """

    def __init__(self, number: int, wish: Wish) -> None:
        self.number, self.wish = number, wish
        self.state, self.error, self.seconds = "running", "", 0.0
        self.version: Version | None = None
        self._progress, self._is_cancelled = (0, 1000), False
        self._lock, self._thread = Lock(), 0  # that may be interrupted; 0 if none

    def cancel(self) -> None:
        """End the fill at once, or soon; one that is over stays as it is."""
        with self._lock:
            self._is_cancelled = True
            if self._thread:
                # as Ctrl-C does in the main thread: long before an engine reports, it may work for a minute
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), ctypes.py_object(Cancelled))
                self._thread = 0

    def run(self, work: Callable[[], Version], keep: Callable[[Version], None]) -> None:
        """Work in this thread until `cancel`, and ``keep`` the version that comes of it."""
        start = time.perf_counter()
        try:
            version = self._run_interruptibly(work)
            self.check()
            keep(version)
        except Cancelled:
            state = "cancelled"
        except Exception as error:
            self.error, state = describe_error(error)[0], "failed"
        else:
            self.version, state = version, "done"
        self.seconds = time.perf_counter() - start
        self.state = state  # last: who reads it finds all else

    def _run_interruptibly(self, work: Callable[[], Version]) -> Version:
        if self.wish.settings.recipe is not None:  # a fit reports often, and imports on its way
            return work()
        try:
            with self._lock:
                self._thread = get_ident()
            self.check()
            return work()
        finally:
            with self._lock:
                self._thread = 0

    def report(self, done: int, total: int, measure: float) -> None:
        """Take the progress of an engine; raise Cancelled if the page no longer wants the fill."""
        del measure
        self.check()
        self._progress = done, total

    def check(self) -> None:
        """Raise Cancelled if the page no longer wants the fill."""
        if self._is_cancelled:
            raise Cancelled

    def describe(self, after: int | None = None) -> dict[str, Any]:
        """Return how the fill goes; if the page has heard of ``after`` done, wait a little for news."""
        end = time.monotonic() + (0 if after is None else WAIT)
        while self.state == "running" and self._progress[0] == after and time.monotonic() < end:
            time.sleep(STEP)
        state, (done, total), version = self.state, self._progress, self.version
        progress = {
            "state": state,
            "done": total if state == "done" else done,
            "total": total,
            "text": self._text(state),
        }
        if state == "failed":
            progress["error"] = self.error
        return progress if state != "done" or version is None else progress | self._describe_result(version)

    def _text(self, state: str) -> str:
        if state != "running":
            return self.error or state
        if self._is_cancelled:
            return "stopping"
        if self._progress[0] == 0:
            return "starting"
        return "filling" if self.wish.settings.recipe is None else "fitting"

    def _describe_result(self, version: Version) -> dict[str, Any]:
        return {
            "version": version.number,
            "window": list(version.window),
            "variants": version.variants,
            "sigma_high": version.sigma_high,
            "filled_pixels": len(version.values),
            "made_up_pixels": 0 if version.made is None else int(version.made.sum()),
            "seconds": round(self.seconds, 3),
            "notes": version.notes,
        }


class Filler:
    """Fills what the page asks for; a new wish ends the fill before.

    Parameters
    ----------
    image : OpenedImage
    versions : Versions
        Where results are put.
    mask_name : str
        Of the mask, for messages.
    prepare : callable
        Called before each fill; returns when all that fills is loaded, for an import must not be interrupted.
    """

    def __init__(self, image: OpenedImage, versions: Versions, mask_name: str, prepare: Callable[[], None]) -> None:
        self.image, self.versions, self.mask_name, self.prepare = image, versions, mask_name, prepare
        self._jobs: dict[int, tuple[FillJob, Thread]] = {}
        self._count, self._lock = 0, Lock()
        self._cache: tuple[Settings | None, dict[tuple[object, ...], Result]] = (None, {})

    def start(self, wish: Wish) -> FillJob:
        """Begin to fill, once the fill before has ended."""
        with self._lock:
            before = self._jobs.get(self._count)
            self._count += 1
            job = FillJob(self._count, wish)
            if before is not None:
                before[0].cancel()
            thread = Thread(target=self._run, args=(job, before), name=f"fill {job.number}")
            self._jobs[job.number] = job, thread
            for number in [number for number in self._jobs if number <= self._count - REMEMBERED]:
                del self._jobs[number]
            thread.start()
        return job

    def job(self, number: int) -> FillJob:
        """Return a job.

        Raises
        ------
        GoneError
            If it is not known.
        """
        with self._lock:
            if number not in self._jobs:
                raise GoneError(f"there is no job {number}")
            return self._jobs[number][0]

    def close(self) -> None:
        """End all fills, and wait for that."""
        with self._lock:
            jobs = list(self._jobs.values())
        for job, _ in jobs:
            job.cancel()
        for _, thread in jobs:
            thread.join()

    def _run(self, job: FillJob, before: tuple[FillJob, Thread] | None) -> None:
        if before is not None:
            before[1].join()
        self.prepare()
        job.run(lambda: self._fill(job), self.versions.add)

    def _fill(self, job: FillJob) -> Version:
        """Fill as `inrr_cli.cli.restoring.Restoring` does; what it would print becomes the notes of the version."""
        wish, image = job.wish, self.image
        with collect_messages() as messages:
            found = image.select(wish.mask, wish.settings)
            work = image.job(found, wish.settings, mask_name=self.mask_name, variants=wish.variants)
            for text in [*found.warnings, warn_of_labels(image.picture, work.stack.pages)]:
                warn(text)
            note_advice(work.stack, wish.settings)
            work.announce()
            work.measurement(None)  # which says whether anything is known to fill from
            work.check_memory()
            if wish.settings != self._cache[0]:
                self._cache = wish.settings, {}
            cache = (
                None if work.stack.sequences else self._cache[1]
            )  # a page that is filled from others is no one image
            result = work.run(Control(job.report, cache=cache))[image.number]
        notes = [text for text in notes_of(messages) if not text.startswith("filling ")]  # the page counts by itself
        return Version.of(job.number, wish.mask, result, wish.settings, notes)
