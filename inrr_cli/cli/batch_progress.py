"""How a batch goes: a bar with the rate and the time that is left, and the failures last."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from inrr_cli.cli.console import note, verbosity

SPEED_PERIOD = 600.0  # seconds over which the rate is the mean: images may take minutes
MOST_FAILURES = 20  # that are listed; the summary has all


class BatchProgress:
    """A bar on stderr, if that is a terminal.

    Parameters
    ----------
    count : int or None
        Number of images, None where there is no end.
    """

    def __init__(self, count: int | None) -> None:
        self.count = count
        self._bar: Any = None

    def __enter__(self) -> BatchProgress:
        if verbosity.quiet or not sys.stderr.isatty():
            return self
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("images"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=sys.stdout.isatty(),
            speed_estimate_period=SPEED_PERIOD,
        )
        self._bar.start()
        self._task = self._bar.add_task("", total=self.count, rate="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self) -> None:
        """Count an image that is done, failed or skipped."""
        if self._bar is not None:
            task = self._bar.tasks[0]
            rate = f"{60 * task.speed:.3g} a minute" if task.speed else ""
            self._bar.update(self._task, advance=1, rate=rate)

    def of_all(self) -> str:
        """Return how many images there are, in words."""
        return "" if self.count is None else f" of {self.count}"


def print_failures(failures: dict[str, str], count: int, summary: str) -> None:
    """Print which images failed and why.

    Parameters
    ----------
    failures : dict
        From images to errors.
    count : int
        Number of all images.
    summary : str
        What holds all failures, for a long list; empty if nothing does.
    """
    shown = list(failures.items())[:MOST_FAILURES]
    width = max(len(image) for image, _ in shown)
    note(f"inrr: {len(failures)} of {count} images failed:")
    for image, error in shown:
        note(f"  {image:<{width}}  {error.removeprefix(f'{image}: ')}")
    if len(failures) > len(shown):
        note(f"  and {len(failures) - len(shown)} more{f'; see {summary}' if summary else ''}")


def describe_forecasts(forecasts: list[dict[str, Any]], jobs: int) -> str:
    """Return what all images take together with so many workers."""
    samples, seconds = (sum(forecast[name] for forecast in forecasts) for name in ("samples", "cpu_seconds"))
    most = max(forecast["memory_mb"] for forecast in forecasts) / 1e3
    return f"{samples:,} samples in all, about {_duration(seconds / jobs)} by {jobs} workers; {most:.1f} GB the largest"


def _duration(seconds: float) -> str:
    """Return a time in its largest unit that is not too coarse."""
    for unit, size in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
