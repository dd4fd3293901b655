"""Fill in a thread of its own, one mask at a time: with progress for the page, and an end whenever the page asks."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Any

from inrr_cli.cli.console import collect_messages, describe_error, warn
from inrr_cli.cli.inpainting_job import note_advice
from inrr_cli.engine import Control
from inrr_cli.inpainting.label_warning import warn_of_labels
from inrr_cli.masking import Mask
from inrr_cli.page.opened import OpenedImage
from inrr_cli.page.versions import GoneError, Version, Versions
from inrr_cli.result import Result
from inrr_cli.settings import Settings

WAIT = 1.0  # seconds that a question for the progress waits for news
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

    Attributes
    ----------
    number : int
        From 1.
    state : {"running", "done", "failed", "cancelled"}
    version : Version or None
        The result, once it is done.
    """

    def __init__(self, number: int, wish: Wish) -> None:
        self.number, self.wish = number, wish
        self.state, self.text, self.seconds = "running", "starting", 0.0
        self.version: Version | None = None
        self._done, self._total, self._is_cancelled = 0, 1000, False
        self._news = Condition()

    def cancel(self) -> None:
        """End the fill as soon as the engine reports; one that is over stays as it is."""
        with self._news:
            self._is_cancelled = True
            if self.state == "running":
                self.text = "stopping"
            self._news.notify_all()

    def report(self, done: int, total: int, measure: float) -> None:
        """Take the progress of an engine, in whose thread this runs.

        Raises
        ------
        Cancelled
            If the page no longer wants the fill.
        """
        del measure
        with self._news:
            if self._is_cancelled:
                raise Cancelled
            if (done, total) != (self._done, self._total):
                self._done, self._total = done, total
                self.text = "filling" if self.wish.settings.recipe is None else "fitting"
                self._news.notify_all()

    def check(self) -> None:
        """Raise Cancelled if the page no longer wants the fill."""
        self.report(self._done, self._total, 0.0)

    def end(self, state: str, text: str, version: Version | None, seconds: float) -> None:
        """Say how the fill has ended."""
        with self._news:
            self.state, self.text, self.version, self.seconds = state, text, version, seconds
            self._done = self._total if state == "done" else self._done
            self._news.notify_all()

    def describe(self, after: int | None) -> dict[str, Any]:
        """Return how the fill goes; if the page has heard of ``after`` done, wait a little for news."""
        with self._news:
            if after is not None:
                self._news.wait_for(lambda: self.state != "running" or self._done != after, WAIT)
            progress = {"state": self.state, "done": self._done, "total": self._total, "text": self.text}
            if self.state == "failed":
                progress["error"] = self.text
            return progress | self._describe_result()

    def _describe_result(self) -> dict[str, Any]:
        version = self.version
        if version is None:
            return {}
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
    """Fills what the page asks for; a new wish ends the fill before."""

    def __init__(self, image: OpenedImage, versions: Versions, mask_name: str) -> None:
        self.image, self.versions, self.mask_name = image, versions, mask_name
        self._jobs: dict[int, FillJob] = {}
        self._threads: dict[int, Thread] = {}
        self._count = 0
        self._changes = Condition()
        self._cache: tuple[Settings | None, dict[tuple[object, ...], Result]] = (None, {})

    def start(self, wish: Wish) -> FillJob:
        """Begin to fill, once the fill before has ended."""
        with self._changes:
            self._count += 1
            job, before = FillJob(self._count, wish), self._jobs.get(self._count - 1)
            thread_before = self._threads.get(self._count - 1)
            if before is not None:
                before.cancel()
            thread = Thread(target=self._run, args=(job, thread_before), name=f"fill {job.number}")
            self._jobs[job.number], self._threads[job.number] = job, thread
            for number in [n for n in self._jobs if n <= self._count - REMEMBERED]:
                del self._jobs[number], self._threads[number]
            thread.start()
        return job

    def job(self, number: int) -> FillJob:
        """Return a job.

        Raises
        ------
        GoneError
            If it is not known.
        """
        with self._changes:
            if number not in self._jobs:
                raise GoneError(f"there is no job {number}")
            return self._jobs[number]

    def close(self) -> None:
        """End all fills, and wait for that."""
        with self._changes:
            jobs, threads = list(self._jobs.values()), list(self._threads.values())
        for job in jobs:
            job.cancel()
        for thread in threads:
            thread.join()

    def _run(self, job: FillJob, before: Thread | None) -> None:
        if before is not None:
            before.join()
        start = time.perf_counter()
        try:
            with collect_messages() as messages:
                result = self._fill(job)
            notes = [text.removeprefix("inrr: ") for _, text in messages]
            version = Version.of(job.number, job.wish.mask, result, job.wish.settings, notes)
        except Cancelled:
            job.end("cancelled", "cancelled", None, time.perf_counter() - start)
        except Exception as error:
            job.end("failed", describe_error(error)[0], None, time.perf_counter() - start)
        else:
            self.versions.add(version)
            job.end("done", "done", version, time.perf_counter() - start)

    def _fill(self, job: FillJob) -> Result:
        """Fill as `inrr_cli.cli.restoring.Restoring` does; what it would print becomes the notes of the version."""
        job.check()
        wish, image = job.wish, self.image
        found = image.select(wish.mask, wish.settings)
        work = image.job(found, wish.settings, mask_name=self.mask_name, variants=wish.variants)
        for text in [*found.warnings, warn_of_labels(image.picture, work.stack.pages)]:
            warn(text)
        note_advice(work.stack, wish.settings)
        work.announce()
        work.measurement(None)  # which says whether anything is known to fill from
        work.check_memory()
        job.check()
        if wish.settings != self._cache[0]:
            self._cache = wish.settings, {}
        # a page that is filled from others is not one image
        cache = None if work.stack.sequences else self._cache[1]
        return work.run(Control(job.report, cache=cache))[image.number]
