"""The work of a batch on one image, in whatever process."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inrr_cli.batch.journal import Stamp
from inrr_cli.cli.console import Verbosity, collect_messages, describe_error, note, verbosity
from inrr_cli.cli.files import Files
from inrr_cli.cli.restoring import Written
from inrr_cli.errors import UnwritableError

Work = Callable[[Path, Files], Written]  # what a command does with an image; it is pickled


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
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def facts(self, image: str) -> dict[str, Any]:
        """Return what the journal says to those who read it."""
        times = {"seconds": round(self.seconds, 3), "cpu_seconds": round(self.cpu_seconds, 3)}
        return {"image": image, **times, "record": self.record}


def restore_image(work: Work, image: Path, files: Files, how: Verbosity) -> Report:
    """Do the work on an image, and report all that it said."""
    verbosity.__dict__.update(vars(how))
    start, cpu_start = time.perf_counter(), time.process_time()
    with collect_messages() as messages:
        try:
            written = work(image, files)
            inputs = [Stamp.of(path) for path in files.inputs(image)]
            outputs = {path: Stamp.of(path) for path in written.paths}
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
