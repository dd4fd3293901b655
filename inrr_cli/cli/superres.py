"""``inrr superres``."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from inrr_cli.cli import options
from inrr_cli.cli.batch import for_each_image, whatever_the_image
from inrr_cli.cli.console import note, progress_bar
from inrr_cli.cli.files import (
    OTHER_SUFFIXES,
    check_others,
    check_standard_output,
    choose_destination,
    parse_range,
    read_reference,
)
from inrr_cli.cli.report import Measurement, conclude, describe, make_record
from inrr_cli.errors import InputError
from inrr_cli.imaging.picture import Picture, PixelTransform
from inrr_cli.imaging.value_range import measured_range
from inrr_cli.imaging.writing import MAX_PIXELS, read_picture
from inrr_cli.inpainting.image import Result
from inrr_cli.memory import check_superres_memory
from inrr_cli.methods import NETWORKS, REPRESENTATIONS, TASKS
from inrr_cli.progress import part_of
from inrr_cli.settings import make_settings
from inrr_cli.superresolution import (
    Target,
    check_kernel,
    check_scale,
    check_superres,
    enlarge_plane,
    make_target,
    run_superres,
)

KERNELS = ("bicubic", "area", "lanczos", "point", "gaussian:SIGMA")
ENLARGERS = {name: kind for name, kind in REPRESENTATIONS.items() if name != "ntk"}


@partial(options.with_method_options, methods=NETWORKS | TASKS["superres"])
@partial(for_each_image, writes={"sidecar": ".json"})
def superres(
    image: Path,
    scale: Annotated[float | None, typer.Option("--scale", metavar="S", help="Factor above 1, whole or not.")] = None,
    size: Annotated[
        str | None, typer.Option("--size", metavar="WxH", help="Pixels to make, instead of --scale.")
    ] = None,
    crop: Annotated[
        str | None,
        typer.Option("--crop", metavar="X,Y,W,H", help="Make only this part of the enlarged picture, in its pixels."),
    ] = None,
    output: options.Output = None,
    reference: options.Reference = None,
    kernel: Annotated[
        str,
        options.choice(
            "--kernel",
            KERNELS,
            "How the picture came from the fine one that is sought; SIGMA in its own pixels.",
        ),
    ] = "bicubic",
    reg: options.Reg = None,
    net: Annotated[
        str | None, options.choice("--net", ENLARGERS, "Pixel grid or network.", default="grid for patch, else siren")
    ] = None,
    noise: options.Noise = "auto",
    preset: options.Preset = None,
    seed: options.Seed = 0,
    device: options.Device = "auto",
    steps: options.Steps = None,
    lr: options.Rate = None,
    force: options.Force = False,
    file_format: options.Format = None,
    quality: options.Quality = None,
    data_range: options.DataRange = None,
    max_pixels: options.MaxPixels = MAX_PIXELS,
    tile: options.FineTile = None,
    sidecar: options.Sidecar = None,
    keep_partial: options.KeepPartial = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    **methods: Any,
) -> None:
    """Enlarge a picture from the picture itself: what it shows at one scale teaches the next.

    [bold]inrr superres small.png --scale 2[/bold]   writes small_x2.png

    [bold]inrr superres small.png --size 1920x1280 --crop 400,300,512,512[/bold]   only a part of it

    [bold]inrr superres small.png --scale 2.5 --reg inrr --reference large.png[/bold]   the paper's, measured
    """
    with whatever_the_image():
        settings = make_settings(
            reg=reg,
            net=net,
            preset=preset,
            steps=steps,
            lr=lr,
            seed=seed,
            device=device,
            noise=noise,
            task="superres",
            **methods,
        )
        check_superres(settings, tile)
        check_kernel(kernel)
        check_standard_output(output, as_json=as_json)
        given = parse_range(data_range)
        wanted_size, wanted_crop = parse_size(size), parse_crop(crop)
        check_scale(scale, wanted_size)
    picture = read_picture(image, max_pixels)
    targets = [make_target(page.shape, scale, size=wanted_size, crop=wanted_crop) for page in picture.pages]
    for target, page in zip(targets, picture.pages, strict=True):
        rows, columns = target.shape
        if rows * columns > max_pixels:
            raise InputError(
                f"the result would have {columns} x {rows} pixels, more than {max_pixels}; see --max-pixels"
            )
        check_superres_memory(page.shape, target, settings)
    pages = list(range(len(picture.pages)))
    like = [np.empty((*t.shape, *page.shape[2:]), page.dtype) for t, page in zip(targets, picture.pages, strict=True)]
    truths = None if reference is None else read_reference(reference, like, pages, max_pixels)
    name = f"x{scale:g}" if scale is not None else str(size)
    what = name + "_crop" * (crop is not None)
    made = choose_destination(
        output, file_format, image=image, what=what, picture=picture, quality=quality, force=force
    )
    check_others([image, reference, made.path], {sidecar: OTHER_SUFFIXES["sidecar"]}, force=force)
    _say_what(picture, targets, settings.net, settings.reg)
    results: list[Result] = []
    with progress_bar(not as_json, settings) as progress:
        for number, (page, target) in enumerate(zip(picture.pages, targets, strict=True)):
            part = part_of(progress, number, len(pages))
            results.append(
                run_superres(page, target, settings, kernel=kernel, tile=tile, progress=part, keep_partial=keep_partial)
            )
            if not results[-1].completed and len(pages) > 1:
                raise KeyboardInterrupt
    everything = np.ones(picture.pages[0].shape[:2], bool)
    measured = Measurement(None, truths, measured_range(picture.pages[0], everything, given))
    record = make_record("superres", image, made.path, results, settings, measured) | _asked(
        picture, targets[0], kernel
    )
    alphas = [
        None if alpha is None else enlarge_plane(alpha, target, kernel=kernel)
        for alpha, target in zip(picture.alpha, targets, strict=True)
    ]
    enlargement = picture.with_pages([result.image for result in results], alphas)
    (top, _), (left, _) = targets[0].window
    transform = PixelTransform(scale or record["scale"], scale or record["scale_y"], left, top)
    made.write(enlargement, describe(record), transform)
    conclude(record, results, made, sidecar, as_json=as_json, whole=results[-1].completed)


def parse_size(text: str | None) -> tuple[int, int] | None:
    """Rows and columns of ``WxH``."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,7})[xX](\d{1,7})", text.strip())
    if match is None or not int(match[1]) or not int(match[2]):
        raise InputError(f"--size must be WIDTHxHEIGHT in pixels, as in 1920x1080; got {text!r}")
    return int(match[2]), int(match[1])


def parse_crop(text: str | None) -> tuple[int, int, int, int] | None:
    """First column and row, number of columns and rows, of ``X,Y,W,H``."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,7}),(\d{1,7}),(\d{1,7}),(\d{1,7})", text.replace(" ", ""))
    if match is None:
        raise InputError(f"--crop must be X,Y,WIDTH,HEIGHT in pixels of the enlarged picture; got {text!r}")
    left, top, wide, high = (int(number) for number in match.groups())
    return left, top, wide, high


def _say_what(picture: Picture, targets: list[Target], net: str, reg: str) -> None:
    height, width = picture.pages[0].shape[:2]
    rows, columns = targets[0].size
    how = (
        "what its smaller copies and similar patches teach" if net == "grid" else f"the {net} network with --reg {reg}"
    )
    part = "" if targets[0].is_whole else f", of that {targets[0].shape[1]} x {targets[0].shape[0]},"
    note(f"enlarging {width} x {height} to {columns} x {rows}{part} by {how}")


def _asked(picture: Picture, target: Target, kernel: str) -> dict[str, Any]:
    """Return what the record says of the task."""
    (top, bottom), (left, right) = target.window
    rows, columns = picture.pages[0].shape[:2]
    return {
        "scale": target.size[1] / columns,
        "scale_y": target.size[0] / rows,
        "kernel": kernel,
        "crop": None if target.is_whole else [left, top, right - left, bottom - top],
        "pages": len(picture.pages),
    }
