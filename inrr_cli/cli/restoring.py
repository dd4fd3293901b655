"""What ``inpaint`` and ``superres`` share: from an image file and checked options to the files that are written."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import typer
from numpy.typing import NDArray

from inrr_cli import interruption
from inrr_cli.cli.console import explain, note, progress_bar, say, warn
from inrr_cli.cli.files import Files
from inrr_cli.cli.live_curves import make_curves
from inrr_cli.cli.outputs import Destination, OutputOptions, check_extra_outputs, choose_destinations
from inrr_cli.cli.record import describe, make_record, print_record
from inrr_cli.cli.showing import Before
from inrr_cli.cli.snapshots import Snapshots, make_snapshots, write_with_snapshots
from inrr_cli.engine import Control
from inrr_cli.errors import InputError, OutOfMemoryError
from inrr_cli.forecast import Forecast, machine_speed
from inrr_cli.free_memory import free_memory
from inrr_cli.imaging.metadata import IDENTITY, PixelTransform
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.reading import STANDARD, read_picture
from inrr_cli.imaging.value_range import Pixels, ValueRange
from inrr_cli.imaging.writing import check_holds, encode, format_of, write_picture
from inrr_cli.neural.history import observe_all
from inrr_cli.result import Measurement, Result
from inrr_cli.settings import Settings
from inrr_cli.shortage import describe_shortage

FEW_CHANNELS = 4  # as RGBA has: whoever gives a photograph knows its axes


class Job(ABC):
    """The work of a command on one image.

    Attributes
    ----------
    command : str
        "inpaint" or "superres".
    template : Picture
        A picture like the output, for its format and metadata.
    numbers : list of int
        Pages that are restored, from 0.
    transform : PixelTransform
        Where the pixels of the output lie in the input.
    """

    command: ClassVar[str]
    template: Picture
    numbers: list[int]
    transform: PixelTransform = IDENTITY

    @abstractmethod
    def announce(self) -> None:
        """Tell the user what will be done; raise InputError if nothing is to do."""

    @abstractmethod
    def like(self) -> list[Pixels]:
        """Return arrays of the shape and dtype of each restored page: what a reference must agree with."""

    @abstractmethod
    def measurement(self, truths: list[NDArray[Any]] | None) -> Measurement:
        """Return what the results are measured against."""

    @abstractmethod
    def check_memory(self) -> None:
        """Raise InputError if the work does not fit in memory."""

    @abstractmethod
    def forecast(self) -> Forecast:
        """Return what the work will take."""

    @abstractmethod
    def advice(self) -> str:
        """Return what to do if memory does not suffice; empty if nothing helps."""

    @abstractmethod
    def run(self, control: Control) -> dict[int, Result]:
        """Restore each page, by number; fewer results than pages if the run was interrupted."""

    def is_complete(self, results: Mapping[int, Result]) -> bool:
        """Whether all pages were restored, each to the end."""
        return all(number in results and results[number].completed for number in self.numbers)

    @abstractmethod
    def output(self, results: Mapping[int, Result]) -> Picture:
        """Return the picture to write."""

    def extra_pictures(
        self, files: Files, results: Mapping[int, Result], value_range: ValueRange
    ) -> dict[Path, Picture]:
        """Return the further pictures to write; before the work with no results, for a check."""
        return {}

    def facts(self) -> dict[str, Any]:
        """Return what the record says of this command alone."""
        return {"pages": len(self.template.pages)}


@dataclass(frozen=True)
class Written:
    """What was written for an image: its record and the files."""

    record: dict[str, Any]
    paths: list[Path]


@dataclass(frozen=True)
class Restoring:
    """Checked options of a command; `restore` applies them to an image.

    Attributes
    ----------
    settings : Settings
    options : OutputOptions
    """

    settings: Settings
    options: OutputOptions

    def restore(self, job: Job, image: Path, files: Files) -> Written:
        """Restore an image and write the outputs of a job.

        Raises
        ------
        OutOfMemoryError
            If memory runs out on the way.
        """
        try:
            return self._restore(job, image, files)
        except Exception as error:
            text = describe_shortage(error, free_memory())
            if text is None:
                raise
            raise OutOfMemoryError("; ".join(filter(None, (text, job.advice())))) from error

    def _restore(self, job: Job, image: Path, files: Files) -> Written:
        options = self.options
        destinations = choose_destinations(files, image, job.template, options)
        paths = [destination.path for destination in destinations]
        check_extra_outputs([*files.inputs(image), *paths], files.extra_outputs(), files)
        if files.checkpoint is not None and files.checkpoint.resolve() == paths[0].resolve():
            raise InputError(f"{files.checkpoint}: is the output too; give another --checkpoint")
        indices = self.settings.values == "labels"
        truths = None
        if files.reference is not None:
            truths = read_reference(files.reference, job, options.max_pixels, indices=indices)
        job.announce()
        measurement = job.measurement(truths)
        for path, picture in job.extra_pictures(files, {}, measurement.value_range).items():
            check_holds(format_of(path), path, picture)
        used = [*files.inputs(image), *paths, *files.extra_outputs()]
        snapshots = make_snapshots(options.snapshots, job, used, files, self.settings, measurement)
        job.check_memory()
        if options.dry_run:
            return self.announce(job.forecast(), job.command, image, files, paths[0])
        before = Before.of(job, measurement, is_labels=indices) if options.show else None
        curves = None if options.as_json else make_curves(job, self.settings, measurement)
        observe = observe_all(seen.record for seen in (curves, snapshots) if seen is not None)
        with progress_bar(not options.as_json, self.settings, curves) as progress:
            found = job.run(Control(progress, options.keep_partial, files.checkpoint, observe=observe))
        if before is not None:
            before.show_with(found)
        return self._write(job, image, files, destinations, found, measurement, snapshots)

    def announce(self, forecast: Forecast, command: str, image: Path, files: Files, output: Path) -> Written:
        """Say what the work on an image would be; nothing is written."""
        seconds = forecast.cpu_seconds / machine_speed()
        record = {
            "command": command,
            "input": str(image),
            "masks": files.masks,
            "output": str(output),
            "samples": forecast.samples,
            "cpu_seconds": round(seconds, 3),
            "memory_mb": round(forecast.memory / 1e6, 1),
        }
        masks = "".join(f" + {mask}" for mask in files.masks)
        needs = f"{forecast.samples:,} samples, about {seconds:.1f} s of a core, {forecast.memory / 1e9:.1f} GB"
        say(json.dumps(record) if self.options.as_json else f"{image}{masks} -> {output}  {needs}")
        return Written(record, [])

    def _write(
        self,
        job: Job,
        image: Path,
        files: Files,
        destinations: list[Destination],
        found: dict[int, Result],
        measurement: Measurement,
        snapshots: Snapshots | None,
    ) -> Written:
        """Write the outputs, tell of them, and exit if the run was interrupted."""
        results, completed = list(found.values()), job.is_complete(found)
        measurement = measurement.of([place for place, number in enumerate(job.numbers) if number in found])
        outputs, records = {}, []
        for number, destination in enumerate(destinations):
            variant = {page: result.variant(number) for page, result in found.items()}
            settings, images = replace(self.settings, seed=self.settings.seed + number), list(variant.values())
            record = make_record(
                job.command, image, destination.path, images, settings, measurement, completed=completed
            )
            records.append(record | job.facts())
            outputs[destination.path] = destination.encode(job.output(variant), describe(record), job.transform)
        for path, picture in job.extra_pictures(files, found, measurement.value_range).items():
            outputs[path] = encode(picture, format_of(path))
        texts = [json.dumps(record, allow_nan=False) for record in records]
        outputs |= {path: f"{text}\n".encode() for path, text in zip(files.sidecars(), texts, strict=False)}
        write_with_snapshots(outputs, snapshots, replace=files.force)
        explain(results[0].summary)
        warn(next((result.notice for result in results if result.notice), ""))
        for record, text in zip(records, texts, strict=True):
            self._print(record, text)
        if not completed:
            after = "" if results[-1].steps is None else f" after {results[-1].steps} steps"
            note(f"inrr: interrupted{after}; {destinations[0].path} holds the image so far")
            raise typer.Exit(interruption.exit_code())
        return Written(records[0], list(outputs))

    def _print(self, record: dict[str, Any], text: str) -> None:
        """Print a record as JSON, or for people unless the picture itself went to standard output."""
        if self.options.as_json:
            say(text)
        elif record["output"] != str(STANDARD):
            print_record(record)


def read_image(path: Path, axes: str | None, max_pixels: int, *, indices: bool = False) -> Picture:
    """Read an image, and say what its axes were taken for if it has more than one page or a few channels.

    The parameters are those of `read_picture`.
    """
    picture = read_picture(path, max_pixels, axes, indices=indices)
    layout = picture.layout
    if layout.warning:
        warn(f"{path}: {layout.warning}")
    elif axes is not None or layout.page_count > 1 or math.prod(layout.sizes(layout.channel_axes)) > FEW_CHANNELS:
        note(f"{path}: {layout}")
    return picture


def read_reference(path: Path, job: Job, max_pixels: int, *, indices: bool = False) -> list[Pixels]:
    """Read the true pages, which must agree with those of a job; the file holds all pages of the image or only those.

    ``indices`` is that of `read_picture`.

    Raises
    ------
    InputError
        If the shape, the dtype or the number of the pages is another.
    """
    like = job.like()
    pages = list(read_picture(path, max_pixels, like=job.template.layout, indices=indices).pages)
    if len(pages) > len(like):
        pages = [pages[number] for number in job.numbers if number < len(pages)]
    for page, other in zip(pages, like, strict=False):
        if page.shape != other.shape or page.dtype != other.dtype:
            raise InputError(
                f"{path}: the reference is {_describe(page)} but the result is {_describe(other)}; they must agree"
            )
    if len(pages) != len(like):
        raise InputError(f"{path}: the reference has {len(pages)} pages but the result has {len(like)}")
    return pages


def write_preview(path: Path, picture: Picture, count: int, *, force: bool) -> None:
    """Write a preview of a mask and say how many pixels it marks."""
    write_picture(path, picture, replace=force)
    say(f"{path}  {count:,} pixels to fill; nothing was restored")


def _describe(page: Pixels) -> str:
    channels = {1: "grey", 3: "RGB"}
    count = 1 if page.ndim == 2 else page.shape[2]
    return f"{page.shape[1]} x {page.shape[0]} {channels.get(count, f'{count}-channel')} {page.dtype}"
