"""``inrr inpaint``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from inrr_cli.batch.naming import NameTemplate
from inrr_cli.cli import inpaint_options, options
from inrr_cli.cli.batch import Command
from inrr_cli.cli.batch_options import BatchOptions, with_batch_options
from inrr_cli.cli.batch_work import Work
from inrr_cli.cli.console import invocation, note, warn
from inrr_cli.cli.files import EXTRA_OUTPUTS, Files
from inrr_cli.cli.inpainting_job import InpaintingJob, check_estimate, check_files, make_stack, note_advice
from inrr_cli.cli.many import restore_images
from inrr_cli.cli.outputs import OutputOptions, check_extra_outputs, check_standard_output
from inrr_cli.cli.parsing import parse_pages, parse_range
from inrr_cli.cli.restoring import Restoring, Written, read_image, write_preview
from inrr_cli.cli.snapshots import check_snapshots
from inrr_cli.cli.windowed import restore_by_window
from inrr_cli.errors import InputError
from inrr_cli.imaging.axes import parse_axes
from inrr_cli.imaging.reading import MAX_PIXELS
from inrr_cli.inpainting.label_warning import warn_of_labels
from inrr_cli.masking.selection import MaskOptions, find_missing
from inrr_cli.settings import make_settings


@with_batch_options
@partial(options.with_method_options, task="inpaint")
def inpaint(
    *,
    images: options.Images = None,
    mask: inpaint_options.Masks,
    mask_mode: inpaint_options.MaskMode = "fill",
    axes: options.Axes = None,
    exclude: inpaint_options.Exclude = None,
    grow: inpaint_options.Grow = 0,
    max_distance: inpaint_options.MaxDistance = None,
    gaps: inpaint_options.Gaps = "all",
    preview: inpaint_options.Preview = None,
    reference: options.Reference = None,
    config: options.ConfigFile = None,
    noise: options.Noise = "auto",
    values: inpaint_options.Values = "linear",
    fill: inpaint_options.FillKind = "expected",
    variants: inpaint_options.Variants = 1,
    denoise: inpaint_options.Denoise = False,
    seed: options.Seed = 0,
    device: options.Device = "auto",
    output: options.Output = None,
    name: options.Name = None,
    uncertainty: inpaint_options.Uncertainty = None,
    estimate: inpaint_options.Estimate = False,
    save_mask: inpaint_options.SaveMask = None,
    sidecar: options.Sidecar = None,
    report: options.ReportFile = None,
    force: options.Force = False,
    file_format: options.Format = None,
    file_quality: options.FileQuality = None,
    keep_partial: options.KeepPartial = False,
    data_range: options.DataRange = None,
    pages: inpaint_options.Pages = None,
    stack: inpaint_options.Stacking = "auto",
    per_channel: inpaint_options.PerChannel = False,
    tile: inpaint_options.Tile = None,
    max_pixels: options.MaxPixels = MAX_PIXELS,
    batch: BatchOptions,
    preset: options.Preset = None,
    steps: options.Steps = None,
    warm_start: options.WarmStart = None,
    lr: options.LearningRate = None,
    checkpoint: inpaint_options.Checkpoint = None,
    snapshots: options.Snapshots = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    show: options.Show = False,
    **methods: Any,
) -> None:
    """Fill the missing pixels of an image from the image itself; known samples come back bit for bit.

    [bold]inrr inpaint photo.png --mask mask.png[/bold]   writes photo_restored.png

    [bold]inrr inpaint map.tif --mask nan --mask lines --uncertainty sigma.tif[/bold]   fills holes and lost lines

    [bold]inrr inpaint photo.png --mask mask.png --reg inrr --reference true.png[/bold]   the paper's method, measured

    [bold]inrr inpaint scans --mask masks -o restored[/bold]   a folder; run again, the command goes on where it was
    """
    settings = make_settings(
        preset=preset,
        steps=steps,
        warm_start=warm_start,
        lr=lr,
        seed=seed,
        device=device,
        noise=noise,
        denoise=denoise,
        tile=tile,
        per_channel=per_channel,
        values=values,
        stack=stack,
        fill=fill,
        **methods,
    )
    files = Files(
        output,
        reference,
        mask,
        checkpoint,
        sidecar,
        uncertainty,
        save_mask,
        preview,
        force,
        exclude=exclude,
        variants=variants,
        report=report,
        command_line=invocation.command_line,
    )
    check_files(files, settings, keep_partial=keep_partial)
    check_estimate(settings, asked=estimate)
    check_snapshots(snapshots, settings)
    check_standard_output(output, as_json=as_json)
    parse_pages(pages)
    axes = None if axes is None else parse_axes(axes)
    template = NameTemplate(name or "{stem}_restored{suffix}")
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
            estimate,
            show,
            snapshots,
        ),
    )
    masks = MaskOptions(
        white_is_missing=mask_mode == "fill", grow=grow, max_distance=max_distance, gaps=gaps, max_pixels=max_pixels
    )
    asked = command, masks, pages, axes
    work = Work(partial(_inpaint_image, *asked), partial(restore_by_window, *asked))
    restore_images(images or [], files, Command.of(work, files, command), batch)


def _inpaint_image(
    command: Restoring, masks: MaskOptions, pages: str | None, axes: str | None, image: Path, files: Files
) -> Written:
    """Restore an image, or only write its preview."""
    is_labels = command.settings.values == "labels"
    picture = read_image(image, axes, command.options.max_pixels, indices=is_labels)
    selected = parse_pages(pages, len(picture.pages))
    # the other pages may tell something of those that were selected
    numbers = list(range(len(picture.pages))) if command.settings.uses_neighbours else selected
    found = find_missing(files.masks, picture, numbers, masks, files.exclude)
    stack = make_stack(picture, found, selected, command.settings)
    for text in found.notes:
        note(text)
    for text in found.warnings:
        warn(text)
    if command.settings.values == "linear":
        warn(warn_of_labels(picture, stack.pages))
    note_advice(stack, command.settings)
    lack = (
        "--gaps and --max-distance leave nothing of the mask to fill"
        if found.marked
        else "the mask is empty: no pixel is missing, so there is nothing to fill"
    )
    wants_sigma = files.uncertainty is not None or files.report is not None
    job = InpaintingJob(
        stack,
        files.masks,
        command,
        lack,
        wants_sigma=wants_sigma,
        variants=files.variants,
        keeps_input=files.report is not None,
    )
    if files.checkpoint is not None and (len(stack.pages) > 1 or command.settings.per_channel):
        raise InputError("--checkpoint is for one page, all channels together; choose it with --pages")
    if files.preview is None:
        return command.restore(job, image, files)
    suffixes = EXTRA_OUTPUTS["preview"].suffixes
    check_extra_outputs([*files.inputs(image), files.output], {files.preview: suffixes}, files)
    write_preview(files.preview, *job.stack.preview(), force=files.force)
    return Written({}, [files.preview])
