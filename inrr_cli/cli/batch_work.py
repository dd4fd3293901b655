"""The work of a batch on one image, in whatever process."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from inrr_cli.batch.calls import Executor, InProcess
from inrr_cli.batch.journal import Stamp
from inrr_cli.cli.console import Verbosity, collect_messages, describe_error, note, verbosity
from inrr_cli.cli.files import Files
from inrr_cli.cli.restoring import Written
from inrr_cli.errors import UnwritableError
from inrr_cli.imaging.atomic import temporaries_of
from inrr_cli.imaging.shipping import Shipment, shipment, work_on

# Restores an image by window if it should be, with an executor that is started if so; None if it should not.
ByWindow = Callable[[Path, Files, Callable[[], Executor]], Written | None]


@dataclass(frozen=True)
class Work:
    """What a command does with an image; it is pickled.

    Attributes
    ----------
    whole : partial
        Restores an image that fits in memory: a function of the image and its files, after what decides its outputs.
    by_window : ByWindow, optional
    """

    whole: partial[Written]
    by_window: ByWindow | None = None

    def __call__(self, image: Path, files: Files, start: Callable[[], Executor] = InProcess) -> Written:
        """Restore an image; ``start`` starts what fills the tiles of a large one."""
        written = None if self.by_window is None else self.by_window(image, files, start)
        return self.whole(image, files) if written is None else written


@dataclass(frozen=True)
class Report:
    """What became of an image.

    Attributes
    ----------
    messages : list of (bool, str)
        What was said, and whether it is a result.
    error, hint : str
        In one line; empty if the image is done.
    unwritable : bool
        Whether the error is that no file can be written any more.
    record : dict
        The record of the run.
    inputs, outputs : list of Stamp, dict of Path to Stamp
        Of the files that were read and written.
    contents : dict of Path to bytes
        Of files that are still to be written, where they were shipped.
    seconds, cpu_seconds : float
        That the work took.
    """

    messages: list[tuple[bool, str]] = field(default_factory=list)
    error: str = ""
    hint: str = ""
    unwritable: bool = False
    record: dict[str, Any] = field(default_factory=dict)
    inputs: list[Stamp] = field(default_factory=list)
    outputs: dict[Path, Stamp] = field(default_factory=dict)
    contents: dict[Path, bytes] = field(default_factory=dict)
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def facts(self, image: str) -> dict[str, Any]:
        """Return what the journal says to those who read it."""
        times = {"seconds": round(self.seconds, 3), "cpu_seconds": round(self.cpu_seconds, 3)}
        return {"image": image, **times, "record": self.record}


def make_stamps(inputs: list[Path], outputs: Iterable[Path]) -> tuple[list[Stamp], dict[Path, Stamp]]:
    """Return the stamps of files that were read and written."""
    return [Stamp.of(path) for path in inputs], {path: Stamp.of(path) for path in outputs}


def restore_shipped(work: Work, image: Path, files: Files, how: Verbosity, owner: str, shipped: Shipment) -> Report:
    """Do the work on files that were shipped; the report holds the outputs, and no stamps."""
    with work_on(shipped):
        report = restore_image(work, image, files, how, owner)
    return replace(report, contents=shipped.outputs)


def restore_image(work: Work, image: Path, files: Files, how: Verbosity, owner: str) -> Report:
    """Do the work on an image, and report all that it said; ``owner`` is that of temporary files."""
    verbosity.__dict__.update(vars(how))
    start, cpu_start = time.perf_counter(), time.process_time()
    with collect_messages() as messages, temporaries_of(owner):
        try:
            written = work(image, files)
            inputs, outputs = (
                ([], {}) if shipment() or not written.paths else make_stamps(files.inputs(image), written.paths)
            )
        except Exception as error:
            if how.debug:
                note(traceback.format_exc())
            text, hint = describe_error(error, str(image))
            return Report(messages, text, hint, isinstance(error, UnwritableError))
    return Report(
        messages,
        record=written.record,
        inputs=inputs,
        outputs=outputs,
        seconds=time.perf_counter() - start,
        cpu_seconds=time.process_time() - cpu_start,
    )
