"""``inrr inpaint``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from inrr_cli.cli import options
from inrr_cli.cli.batch import for_each_image, whatever_the_image
from inrr_cli.cli.console import explain, progress_bar, say
from inrr_cli.cli.files import (
    OTHER_SUFFIXES,
    check_others,
    check_standard_output,
    choose_destination,
    parse_pages,
    parse_range,
    read_reference,
)
from inrr_cli.cli.filling import find_missing
from inrr_cli.cli.report import Measurement, conclude, describe, make_record
from inrr_cli.errors import InputError
from inrr_cli.imaging.writing import MAX_PIXELS, check_holds, format_of, read_picture, write_picture
from inrr_cli.inpainting.pages import fill_pages
from inrr_cli.inpainting.tiles import check_tile
from inrr_cli.masking.from_file import FROM_PICTURE
from inrr_cli.memory import check_memory
from inrr_cli.methods import REGULARIZERS, REPRESENTATIONS
from inrr_cli.settings import Settings, make_settings

MASK_MODES = ("fill", "known")
MASK = "Masks"
ENDINGS = {"uncertainty": "_sigma.tif", "save_mask": "_mask.png", "preview": "_preview.png", "sidecar": ".json"}


@partial(options.with_method_options, methods=REPRESENTATIONS | REGULARIZERS)
@partial(for_each_image, writes=ENDINGS, alone=("checkpoint",))
def inpaint(
    image: Path,
    mask: Annotated[
        list[str],
        typer.Option(
            "--mask",
            metavar=f"FILE|{'|'.join(FROM_PICTURE)}",
            help="What is missing: white in a file; or by the image itself: not a number, transparent, no data, equal "
            "to V, lost lines of a scan, dead pixels. Several are joined.",
        ),
    ],
    output: options.Output = None,
    reference: options.Reference = None,
    uncertainty: options.Uncertainty = None,
    reg: options.Reg = None,
    net: options.Net = None,
    noise: options.Noise = "auto",
    denoise: options.Denoise = False,
    seed: options.Seed = 0,
    device: options.Device = "auto",
    mask_mode: Annotated[str, options.choice("--mask-mode", MASK_MODES, "What white means.", MASK)] = "fill",
    grow: Annotated[
        int, typer.Option("--grow", metavar="N", min=0, help="Widen the mask by N pixels.", rich_help_panel=MASK)
    ] = 0,
    max_distance: Annotated[
        float | None,
        typer.Option(
            "--max-distance",
            metavar="N",
            help="Leave what is farther than N pixels from known ones as it is.",
            rich_help_panel=MASK,
        ),
    ] = None,
    preview: Annotated[
        Path | None,
        typer.Option(
            "--preview",
            metavar="FILE",
            help="Only write a .png of the image with the mask over it.",
            rich_help_panel=MASK,
        ),
    ] = None,
    save_mask: Annotated[
        Path | None,
        typer.Option("--save-mask", metavar="FILE", help="Write what was filled, as a mask.", rich_help_panel=MASK),
    ] = None,
    pages: options.Pages = None,
    per_channel: options.PerChannel = False,
    data_range: options.DataRange = None,
    preset: options.Preset = None,
    steps: options.Steps = None,
    lr: options.Rate = None,
    checkpoint: options.CheckpointFile = None,
    force: options.Force = False,
    file_format: options.Format = None,
    quality: options.Quality = None,
    max_pixels: options.MaxPixels = MAX_PIXELS,
    tile: options.Tile = None,
    sidecar: options.Sidecar = None,
    keep_partial: options.KeepPartial = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    **methods: Any,
) -> None:
    """Fill the missing pixels of a picture from the picture itself; known pixels come back byte for byte.

    [bold]inrr inpaint photo.png --mask mask.png[/bold]   writes photo_restored.png

    [bold]inrr inpaint map.tif --mask nan --mask lines --uncertainty sigma.tif[/bold]   holes and lost lines of a scan

    [bold]inrr inpaint photo.png --mask mask.png --reg inrr --reference photo.png[/bold]   the paper's method, measured
    """
    with whatever_the_image():
        if mask_mode not in MASK_MODES:
            raise InputError(f"--mask-mode must be fill or known, got {mask_mode!r}")
        settings = make_settings(
            reg=reg,
            net=net,
            preset=preset,
            steps=steps,
            lr=lr,
            seed=seed,
            device=device,
            noise=noise,
            denoise=denoise,
            **methods,
        )
        _check_options(settings, tile=tile, uncertainty=uncertainty, checkpoint=checkpoint)
        check_standard_output(output, as_json=as_json)
        given = parse_range(data_range)
    picture = read_picture(image, max_pixels)
    filling = find_missing(
        mask,
        picture,
        parse_pages(pages, len(picture.pages)),
        white_is_missing=mask_mode == "fill",
        grow=grow,
        max_distance=max_distance,
        max_pixels=max_pixels,
    )
    jobs = filling.jobs
    if checkpoint is not None and (len(jobs) > 1 or per_channel):
        raise InputError("--checkpoint is for one page, all channels together; choose it with --pages")
    inputs = [image, reference, checkpoint, *map(Path, mask)]
    if preview is not None:
        check_others([*inputs, output], {preview: (".png",)}, force=force)
        view, count = filling.preview()
        write_picture(preview, view, replace=force)
        say(f"{preview}  {count:,} pixels to fill; nothing was restored")
        return
    opaque = filling.opaque() if "alpha" in mask else picture
    made = choose_destination(
        output, file_format, image=image, what="restored", picture=opaque, quality=quality, force=force
    )
    others = {sidecar: OTHER_SUFFIXES["sidecar"], uncertainty: OTHER_SUFFIXES["uncertainty"]}
    check_others([*inputs, made.path], others | {save_mask: OTHER_SUFFIXES["mask"]}, force=force)
    if checkpoint is not None and checkpoint.resolve() == made.path.resolve():
        raise InputError(f"{checkpoint}: is the output too; give another --checkpoint")
    filling.say_how_much(mask)
    if not jobs:
        raise InputError("the mask is empty: no pixel is missing, so there is nothing to fill")
    wanted = [job.pixels for job in jobs]
    truths = None if reference is None else read_reference(reference, wanted, filling.numbers, max_pixels)
    scale = filling.range(given)
    if save_mask is not None:
        check_holds(format_of(save_mask), save_mask, filling.masks(len(jobs)))
    if uncertainty is not None:
        check_holds(format_of(uncertainty), uncertainty, filling.uncertainty(uncertainty, [], scale))
    for job in jobs:
        check_memory(job.pixels.shape, int(job.missing.sum()), settings, tile, per_channel=per_channel)

    def doing(number: int) -> None:
        if len(jobs) > 1:
            explain(f"page {filling.numbers[number] + 1}")

    with progress_bar(not as_json, settings) as progress:
        results = fill_pages(
            jobs,
            settings,
            per_channel=per_channel,
            tile=tile,
            progress=progress,
            keep_partial=keep_partial,
            checkpoint=checkpoint,
            doing=doing,
        )
    results = filling.as_held(results)
    measured = Measurement([job.missing for job in jobs], truths, scale)
    record = make_record("inpaint", image, made.path, results, settings, measured) | {"pages": len(picture.pages)}
    made.write(filling.restored(results, opaque), describe(record))
    completed = all(result.completed for result in results) and len(results) == len(jobs)
    if save_mask is not None:
        write_picture(save_mask, filling.masks(len(results)), replace=force)
    if uncertainty is not None and completed:
        write_picture(uncertainty, filling.uncertainty(uncertainty, results, scale), replace=force)
    conclude(record, results, made, sidecar, as_json=as_json, whole=completed)


def _check_options(settings: Settings, *, tile: int | None, uncertainty: Path | None, checkpoint: Path | None) -> None:
    """Refuse options that have no meaning for a settings."""
    if tile is not None:
        check_tile(tile, settings)
    if uncertainty is not None and settings.net != "grid":
        raise InputError("--uncertainty needs the patch engine on the pixel grid; leave --net and --reg out")
    if checkpoint is not None and settings.recipe is None:
        raise InputError("--checkpoint is for a network's fit; give --reg inrr or another network")
