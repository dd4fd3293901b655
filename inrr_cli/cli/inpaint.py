"""``inrr inpaint``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from inrr_cli.cli import options
from inrr_cli.cli.console import emit, explain, note, progress_bar, say, warn
from inrr_cli.cli.files import (
    OTHER_SUFFIXES,
    check_others,
    check_output,
    choose_format,
    default_output,
    parse_pages,
    parse_range,
    read_reference,
    write_result,
)
from inrr_cli.cli.report import Measurement, describe, make_record, print_record
from inrr_cli.errors import ExitCode, InputError
from inrr_cli.imaging.files import MAX_PIXELS, STANDARD, read_picture, write_picture, write_uncertainty
from inrr_cli.imaging.masks import FROM_PICTURE, Mask, keep_near, make_masks, widen
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.views import overlay, to_8_bits
from inrr_cli.memory import check_memory
from inrr_cli.pages import Job, fill_pages
from inrr_cli.plan import make_plan
from inrr_cli.registry import REGULARIZERS, REPRESENTATIONS
from inrr_cli.restoration import Restoration
from inrr_cli.values import full_scale, measured_range

MASK_MODES = ("fill", "known")
MASK = "Masks"


@partial(options.with_method_options, methods=REPRESENTATIONS | REGULARIZERS)
def inpaint(
    image: options.Image,
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
    if mask_mode not in MASK_MODES:
        raise InputError(f"--mask-mode must be fill or known, got {mask_mode!r}")
    plan = make_plan(
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
    if uncertainty is not None and plan.net != "grid":
        raise InputError("--uncertainty needs the patch engine on the pixel grid; leave --net and --reg out")
    if checkpoint is not None and plan.recipe is None:
        raise InputError("--checkpoint is for a network's fit; give --reg inrr or another network")
    if as_json and output == STANDARD:
        raise InputError("--json and --output - both want standard output; use --sidecar FILE")
    given = parse_range(data_range)
    picture = read_picture(image, max_pixels)
    numbers = parse_pages(pages, len(picture.pages))
    found, said = make_masks(mask, picture, numbers, white_is_missing=mask_mode == "fill")
    for text in said:
        warn(text) if "values" in text else note(text)
    missing, untrusted = _to_fill(picture, found, numbers, grow, max_distance)
    chosen = [number for number, holes in zip(numbers, missing, strict=True) if holes.any()]
    if checkpoint is not None and (len(chosen) > 1 or per_channel):
        raise InputError("--checkpoint is for one page, all channels together; choose it with --pages")
    jobs = [
        Job(picture.pages[number], holes, unknown)
        for number, holes, unknown in zip(numbers, missing, untrusted, strict=True)
        if number in chosen
    ]
    if preview is not None:
        check_others(image, {preview: (".png",)}, force=force)
        shown = numbers.index(chosen[0]) if chosen else 0
        write_picture(preview, Picture.of(overlay(to_8_bits(picture.pages[numbers[shown]]), missing[shown])))
        say(f"{preview}  {missing[shown].sum():,} pixels to fill; nothing was restored")
        return
    output = output or default_output(image, "restored", picture)
    kind = choose_format(output, file_format)
    opaque = picture if "alpha" not in mask else _opaque(picture, dict(zip(numbers, missing, strict=True)))
    check_output(output, kind, opaque, quality, force=force)
    others = {sidecar: OTHER_SUFFIXES["sidecar"], uncertainty: OTHER_SUFFIXES["uncertainty"]}
    check_others(output, others | {save_mask: OTHER_SUFFIXES["mask"]}, force=force)
    truths = None if reference is None else read_reference(reference, [j.pixels for j in jobs], chosen, max_pixels)
    _say_how_much(mask, jobs, len(numbers))
    if not jobs:
        raise InputError("the mask is empty: no pixel is missing, so there is nothing to fill")
    for job in jobs:
        check_memory(job.pixels.shape, int(job.missing.sum()), plan, tile, per_channel=per_channel)

    def doing(number: int) -> None:
        if len(jobs) > 1:
            explain(f"page {chosen[number] + 1}")

    with progress_bar(not as_json, plan) as progress:
        results = fill_pages(
            jobs,
            plan,
            per_channel=per_channel,
            tile=tile,
            progress=progress,
            keep_partial=keep_partial,
            checkpoint=checkpoint,
            doing=doing,
        )
    known = ~(jobs[0].missing | jobs[0].untrusted)
    measured = Measurement([job.missing for job in jobs], truths, measured_range(jobs[0].pixels, known, given))
    record = make_record("inpaint", image, output, results, plan, measured) | {"pages": len(picture.pages)}
    explain(results[0].account)
    restored = opaque.with_pages(_put_back(picture, chosen, results))
    write_result(output, kind, restored, describe(record), quality)
    completed = all(result.completed for result in results) and len(results) == len(jobs)
    if save_mask is not None:
        filled = dict(zip(numbers, missing, strict=True))
        blank = [np.zeros(page.shape[:2], bool) for page in picture.pages]
        white = [np.where(filled.get(n, empty), 255, 0).astype(np.uint8) for n, empty in enumerate(blank)]
        write_picture(save_mask, Picture.of(white[0]).with_pages(white, [None] * len(white)))
    if uncertainty is not None and completed:
        sigmas = [result.sigma for result in results if result.sigma is not None]
        write_uncertainty(uncertainty, sigmas, full_scale(jobs[0].pixels.dtype))
    emit(record, sidecar, as_json)
    if not as_json and output != STANDARD:
        print_record(record)
    if not completed:
        after = "" if results[-1].steps is None else f" after {results[-1].steps} steps"
        note(f"inrr: interrupted{after}; {output} holds the restoration so far")
        raise typer.Exit(ExitCode.INTERRUPTED)


def _to_fill(
    picture: Picture, found: list[Mask], numbers: list[int], grow: int, max_distance: float | None
) -> tuple[list[Mask], list[Mask]]:
    """Return what of each page is filled, and what is neither known nor filled."""
    if max_distance is not None and not 0 < max_distance < float("inf"):
        raise InputError(f"--max-distance must be above 0, got {max_distance:g}")
    fill, leave = [], []
    for mask, number in zip(found, numbers, strict=True):
        page = picture.pages[number]
        missing = widen(mask, grow)
        strange = np.zeros(missing.shape, bool)
        if np.issubdtype(page.dtype, np.floating):
            finite = np.isfinite(page) if page.ndim == 2 else np.isfinite(page).all(2)
            strange = ~finite & ~missing
            if strange.any():
                warn(f"{strange.sum():,} pixels outside the mask are not finite and stay so; --mask nan fills them")
        near = missing
        if max_distance is not None and missing.any():
            near = missing & keep_near(missing | strange, max_distance)
        fill.append(near)
        leave.append((missing & ~near) | strange)
    return fill, leave


def _opaque(picture: Picture, filled: dict[int, Mask]) -> Picture:
    """Return the picture with what was transparent and is filled now opaque."""
    alphas = list(picture.alpha)
    for number, missing in filled.items():
        alpha = alphas[number]
        if alpha is not None:
            alphas[number] = np.where(missing, alpha.dtype.type(full_scale(alpha.dtype)), alpha)
    return picture.with_pages(picture.pages, alphas)


def _say_how_much(mask: list[str], jobs: list[Job], pages: int) -> None:
    for job in jobs:
        fraction = job.missing.mean()
        if 0.95 < fraction < 1:
            warn(f"{', '.join(mask)}: {fraction:.1%} of the pixels are missing; little is left to restore from")
    missing, size = sum(int(job.missing.sum()) for job in jobs), sum(job.missing.size for job in jobs)
    if 0 < missing < size:
        where = "" if pages == 1 else f" on {len(jobs)} of {pages} pages"
        note(f"filling {missing:,} of {size:,} pixels ({missing / size:.1%}){where}")


def _put_back(picture: Picture, numbers: list[int], results: list[Restoration]) -> list[Any]:
    """All pages, those that were restored in their places."""
    pages = list(picture.pages)
    for number, result in zip(numbers, results, strict=False):
        pages[number] = result.image
    return pages
