"""``inrr superres``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.batch.naming import NameTemplate
from inrr_cli.cli import options
from inrr_cli.cli.batch import Command
from inrr_cli.cli.batch_options import BatchOptions, with_batch_options
from inrr_cli.cli.batch_work import Work
from inrr_cli.cli.console import invocation, note
from inrr_cli.cli.files import Files
from inrr_cli.cli.job import Job
from inrr_cli.cli.many import restore_images
from inrr_cli.cli.outputs import OutputOptions, check_standard_output
from inrr_cli.cli.parsing import parse_crop, parse_range, parse_size
from inrr_cli.cli.restoring import Restoring, Written, read_image
from inrr_cli.cli.snapshots import check_snapshots
from inrr_cli.engine import Control
from inrr_cli.errors import InputError
from inrr_cli.forecast import Forecast, superres_seconds
from inrr_cli.imaging.axes import parse_axes
from inrr_cli.imaging.coding_error import coding_error
from inrr_cli.imaging.metadata import PixelTransform
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.reading import MAX_PIXELS
from inrr_cli.imaging.value_range import Pixels, measured_range
from inrr_cli.masking.from_image import opacity
from inrr_cli.memory import check_superres_memory, superres_advice, superres_bytes
from inrr_cli.neural.history import observe_all
from inrr_cli.result import Measurement, Result
from inrr_cli.settings import make_settings
from inrr_cli.superres.kernels import KERNEL_NAMES
from inrr_cli.superres.target import check_scale, make_target
from inrr_cli.superresolution import enlarge_alpha, run_superres, sample_blocks

if TYPE_CHECKING:
    from inrr_cli.cli.reporting import Pages
    from inrr_cli.neural.history import FitHistory


@dataclass(frozen=True)
class Enlargement:
    """What the user asked for: a scale or a size (rows, columns), and a crop (x, y, width, height) of the result."""

    scale: float | None
    size: tuple[int, int] | None
    crop: tuple[int, int, int, int] | None

    def default_name(self) -> str:
        """Return the template of the output's name."""
        how = f"x{self.scale:g}" if self.size is None else f"{self.size[1]}x{self.size[0]}"
        return f"{{stem}}_{how}{'_crop' * (self.crop is not None)}{{suffix}}"


@with_batch_options
@partial(options.with_method_options, task="superres", renamed={"lessons": "train_steps"})
def superres(
    *,
    images: options.Images = None,
    scale: Annotated[
        float | None, options.INPUT("--scale", metavar="S", help="Scale factor above 1, whole or not.")
    ] = None,
    size: Annotated[
        str | None,
        options.INPUT("--size", metavar="WxH", help="Width and height of the result in pixels, instead of --scale."),
    ] = None,
    crop: Annotated[
        str | None,
        options.INPUT("--crop", metavar="X,Y,W,H", help="Make only this part of the enlarged image, in its pixels."),
    ] = None,
    axes: options.Axes = None,
    reference: options.Reference = None,
    config: options.ConfigFile = None,
    kernel: Annotated[
        str,
        options.METHOD(
            "--kernel",
            metavar="|".join(KERNEL_NAMES),
            autocompletion=lambda incomplete: [name for name in KERNEL_NAMES if name.startswith(incomplete)],
            help="How the image was downscaled from the larger one that is sought; SIGMA in pixels of the image.",
        ),
    ] = "bicubic",
    noise: options.Noise = "auto",
    seed: options.Seed = 0,
    device: options.Device = "auto",
    output: options.Output = None,
    name: options.Name = None,
    sidecar: options.Sidecar = None,
    report: options.ReportFile = None,
    force: options.Force = False,
    file_format: options.Format = None,
    file_quality: options.FileQuality = None,
    keep_partial: options.KeepPartial = False,
    data_range: options.DataRange = None,
    tile: Annotated[
        int | None,
        options.LARGE(
            "--tile",
            metavar="N",
            show_default="1024",
            help="Work in tiles of N x N pixels of the result: less memory, more time.",
        ),
    ] = None,
    max_pixels: options.MaxPixels = MAX_PIXELS,
    batch: BatchOptions,
    preset: options.Preset = None,
    steps: options.Steps = None,
    lr: options.LearningRate = None,
    snapshots: options.Snapshots = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    show: options.Show = False,
    **methods: Any,
) -> None:
    """Enlarge an image from the image itself: its structures at one scale teach the next.

    [bold]inrr superres small.png --scale 2[/bold]   writes small_x2.png

    [bold]inrr superres small.png --size 1920x1280 --crop 400,300,512,512[/bold]   makes only a part of it

    [bold]inrr superres small.png --scale 2.5 --reg inrr --reference large.png[/bold]   the paper's method, measured

    [bold]inrr superres scans --scale 2 -o large[/bold]   a folder; run again, the command goes on where it was
    """
    settings = make_settings(
        preset=preset,
        steps=steps,
        lr=lr,
        seed=seed,
        device=device,
        noise=noise,
        tile=tile,
        kernel=kernel,
        task="superres",
        **methods,
    )
    check_snapshots(snapshots, settings)
    check_standard_output(output, as_json=as_json)
    wanted = Enlargement(scale, parse_size(size), parse_crop(crop))
    check_scale(wanted.scale, wanted.size)
    axes = None if axes is None else parse_axes(axes)
    template = NameTemplate(name or wanted.default_name())
    command = Restoring(
        settings,
        OutputOptions(
            file_format,
            file_quality,
            as_json,
            keep_partial,
            max_pixels,
            parse_range(data_range),
            template,
            batch.dry_run,
            show=show,
            snapshots=snapshots,
        ),
    )
    line = invocation.command_line
    files = Files(output, reference, sidecar=sidecar, force=force, report=report, command_line=line)
    work = Work(partial(_enlarge_image, command, wanted, axes))
    restore_images(images or [], files, Command.of(work, files, command), batch)


def _enlarge_image(command: Restoring, wanted: Enlargement, axes: str | None, image: Path, files: Files) -> Written:
    """Enlarge an image."""
    picture = read_image(image, axes, command.options.max_pixels)
    job = SuperresJob(picture, wanted, command)
    if files.report is not None and command.settings.net != "grid" and len(picture.pages) == 1:
        from inrr_cli.cli.reporting import new_history

        job.history = new_history()
    return command.restore(job, image, files)


class SuperresJob(Job):
    """The pages of an image to enlarge."""

    command = "superres"
    history: FitHistory | None

    def __init__(self, picture: Picture, wanted: Enlargement, command: Restoring) -> None:
        self.template, self.settings = picture, command.settings
        self.data_range, self.history = command.options.data_range, None
        self.numbers = list(range(len(picture.pages)))
        self.targets = [
            make_target(page.shape, wanted.scale, size=wanted.size, crop=wanted.crop) for page in picture.pages
        ]
        for rows, columns in (target.shape for target in self.targets):
            if rows * columns > command.options.max_pixels:
                raise InputError(
                    f"the result would have {columns} x {rows} pixels, more than {command.options.max_pixels}; "
                    "see --max-pixels"
                )
        first, (rows, columns) = self.targets[0], picture.pages[0].shape[:2]
        self.scales = first.size[1] / columns, first.size[0] / rows
        x, y = (wanted.scale, wanted.scale) if wanted.scale is not None else self.scales
        self.transform = PixelTransform(x, y, left=first.window[1][0], top=first.window[0][0])

    def announce(self) -> None:
        """Tell the sizes and the method."""
        rows, columns = self.template.pages[0].shape[:2]
        target = self.targets[0]
        part = "" if target.is_whole else f", of that {target.shape[1]} x {target.shape[0]},"
        how = "its smaller copies and similar patches"
        if self.settings.net != "grid":
            how = f"the {self.settings.net} network with --reg {self.settings.reg}"
        note(f"enlarging {columns} x {rows} to {target.size[1]} x {target.size[0]}{part} by {how}")

    def like(self) -> list[Pixels]:
        """Return empty pages of the size of the results."""
        pages = zip(self.targets, self.template.pages, strict=True)
        return [np.empty((*target.shape, *page.shape[2:]), page.dtype) for target, page in pages]

    def measurement(self, truths: list[NDArray[Any]] | None) -> Measurement:
        """Measure the whole image: all of it is new."""
        for page, weights in zip(self.template.pages, map(partial(opacity, self.template), self.numbers), strict=True):
            known = np.isfinite(page) & (weights > 0)
            if known.any():
                return Measurement(measured_range(page, known, self.data_range), None, truths)
        raise InputError("the image holds no data: all of it is transparent, not finite or the value of no data")

    def check_memory(self) -> None:
        """Check the largest need of a page."""
        for target, page in zip(self.targets, self.template.pages, strict=True):
            check_superres_memory(page.shape, target, self.settings)

    def forecast(self) -> Forecast:
        """Return what making each page takes."""
        pages = list(zip(self.targets, self.template.pages, strict=True))
        seconds = sum(superres_seconds(*target.shape, self.settings) for target in self.targets)
        needs = [superres_bytes(page.shape, target, self.settings.tile) for target, page in pages]
        return Forecast(sum(page.size for page in self.like()), seconds, max(needs))

    def advice(self) -> str:
        """Return what to do if memory does not suffice."""
        return superres_advice(self.settings)

    def run(self, control: Control) -> dict[int, Result]:
        """Enlarge each page; a stack is enlarged as a whole or not at all."""
        results: dict[int, Result] = {}
        if self.history is not None:
            control = replace(control, observe=observe_all(control.observe, self.history.record))
        noise_floor = coding_error(self.template)
        for number, (page, target) in enumerate(zip(self.template.pages, self.targets, strict=True)):
            part = control.part(number, len(self.numbers))
            weights = opacity(self.template, number)
            result = run_superres(page, target, self.settings, part, noise_floor=noise_floor, opacity=weights)
            made = sample_blocks(weights > 0, target, self.settings)
            results[number] = replace(result, image=self.template.as_held(result.image, made))
            if not result.completed and len(self.numbers) > 1:
                raise KeyboardInterrupt
        return results

    def output(self, results: Mapping[int, Result]) -> Picture:
        """Return the picture of the enlarged pages, with its alpha enlarged too."""
        alphas = [
            None if alpha is None else enlarge_alpha(alpha, target, kernel=self.settings.kernel)
            for alpha, target in zip(self.template.alpha, self.targets, strict=True)
        ]
        return self.template.with_pages([results[number].image for number in self.numbers], alphas)

    def report_pages(self, found: Mapping[int, Result], measurement: Measurement) -> Pages:
        """Return the pages beside their input."""
        from inrr_cli.cli.reporting import superres_pages

        blocks = partial(sample_blocks, settings=self.settings)
        return superres_pages(self.template, self.output(found), found, self.targets, measurement, blocks, self.history)

    def facts(self) -> dict[str, Any]:
        """Return the scale, the kernel and the crop."""
        (top, bottom), (left, right) = self.targets[0].window
        return {
            "scale": self.scales[0],
            "scale_y": self.scales[1],
            "kernel": self.settings.kernel,
            "crop": None if self.targets[0].is_whole else [left, top, right - left, bottom - top],
            "pages": len(self.template.pages),
        }
