"""What ``inpaint`` and ``superres`` share: from an image file and checked options to the files that are written."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from inrr_cli import interruption
from inrr_cli.cli.console import explain, note, progress_bar, say, warn
from inrr_cli.cli.files import Files
from inrr_cli.cli.job import Job
from inrr_cli.cli.live_curves import make_curves
from inrr_cli.cli.outputs import Destination, OutputOptions, check_extra_outputs, check_is_no_input, choose_destinations
from inrr_cli.cli.record import describe, make_record, print_record
from inrr_cli.cli.showing import Before
from inrr_cli.cli.snapshots import Snapshots, make_snapshots, write_with_snapshots
from inrr_cli.engine import Control
from inrr_cli.errors import InputError, OutOfMemoryError
from inrr_cli.forecast import Forecast, machine_speed
from inrr_cli.free_memory import free_memory
from inrr_cli.imaging.axes import Layout
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.reading import STANDARD, read_picture
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.imaging.writing import check_holds, encode, format_of, write_picture
from inrr_cli.neural.history import observe_all
from inrr_cli.result import Measurement, Result
from inrr_cli.settings import Settings
from inrr_cli.shortage import describe_shortage

if TYPE_CHECKING:
    pass

FEW_CHANNELS = 4  # as RGBA has: whoever gives a photograph knows its axes


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
        check_is_no_input(paths, files)
        indices = self.settings.values == "labels"
        truths = None
        if files.reference is not None:
            layout = job.template.layout
            truths = read_reference(
                files.reference, job.like(), layout, job.numbers, options.max_pixels, indices=indices
            )
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
        observe = observe_all(*(seen.record for seen in (curves, snapshots) if seen is not None))
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
            record, outputs[destination.path] = self.encode_variant(job, image, destination, found, measurement, number)
            records.append(record)
        for path, picture in job.extra_pictures(files, found, measurement.value_range).items():
            outputs[path] = encode(picture, format_of(path))
        texts = [json.dumps(record, allow_nan=False) for record in records]
        outputs |= {path: f"{text}\n".encode() for path, text in zip(files.sidecars(), texts, strict=False)}
        if files.report is not None:
            from inrr_cli.cli.reporting import encode_report  # most runs make no report

            pages = job.report_pages(found, measurement)
            outputs[files.report] = encode_report(image, files, pages, records[0], outputs)
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

    def encode_variant(
        self,
        job: Job,
        image: Path,
        destination: Destination,
        found: Mapping[int, Result],
        measurement: Measurement,
        number: int,
    ) -> tuple[dict[str, Any], bytes]:
        """Return the record of a variant of the results, counted from 0, and the bytes of its file."""
        variant = {page: result.variant(number) for page, result in found.items()}
        settings, images = replace(self.settings, seed=self.settings.seed + number), list(variant.values())
        record = make_record(
            job.command,
            image,
            destination.path,
            images,
            settings,
            measurement,
            completed=job.is_complete(found),
        )
        record |= job.facts()
        return record, destination.encode(job.output(variant), describe(record), job.transform)

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


def read_reference(
    path: Path, like: list[Pixels], layout: Layout, numbers: list[int], max_pixels: int, *, indices: bool = False
) -> list[Pixels]:
    """Read the true pages, which must agree with those of a result.

    Parameters
    ----------
    path : Path
        Holds all pages of the image, or only those that were restored.
    like : list of (M, N[, C]) ndarray
        What the true pages must be like.
    layout : Layout
        Of the image.
    numbers : list of int
        Pages that were restored, from 0.
    max_pixels, indices
        Those of `read_picture`.

    Raises
    ------
    InputError
        If the shape, the dtype or the number of the pages is another.
    """
    pages = list(read_picture(path, max_pixels, like=layout, indices=indices).pages)
    if len(pages) > len(like):
        pages = [pages[number] for number in numbers if number < len(pages)]
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
