"""``inrr superres``."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import numpy as np
import typer

from inrr_cli.cli import options
from inrr_cli.cli.console import emit, explain, note, progress_bar, warn
from inrr_cli.cli.files import (
    OTHER_SUFFIXES,
    check_others,
    check_output,
    choose_format,
    default_output,
    parse_range,
    read_reference,
    write_result,
)
from inrr_cli.cli.report import Measurement, describe, make_record, print_record
from inrr_cli.errors import ExitCode, InputError
from inrr_cli.imaging.files import MAX_PIXELS, STANDARD, read_picture
from inrr_cli.imaging.views import resize
from inrr_cli.plan import make_plan
from inrr_cli.progress import part_of
from inrr_cli.registry import NETWORK_REGULARIZERS, NETWORKS
from inrr_cli.restoration import Restoration, check_superres, enlarged, fit_superres
from inrr_cli.values import measured_range


@partial(options.with_method_options, methods=NETWORKS | NETWORK_REGULARIZERS)
def superres(
    image: options.Image,
    scale: Annotated[float, typer.Option("--scale", help="Factor above 1, whole or not.")],
    output: options.Output = None,
    reference: options.Reference = None,
    reg: options.NetworkReg = "inrr",
    net: options.Network = "siren",
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
    sidecar: options.Sidecar = None,
    keep_partial: options.KeepPartial = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    **methods: Any,
) -> None:
    """Enlarge a picture: fit a continuous network to its pixels and render it on a finer grid.

    [bold]inrr superres small.png --scale 2[/bold]   writes small_x2.png

    [bold]inrr superres small.png --scale 2.5 --reference large.png[/bold]   measure it
    """
    plan = make_plan(reg=reg, net=net, preset=preset, steps=steps, lr=lr, seed=seed, device=device, **methods)
    check_superres(plan)
    if as_json and output == STANDARD:
        raise InputError("--json and --output - both want standard output; use --sidecar FILE")
    given = parse_range(data_range)
    picture = read_picture(image, max_pixels)
    sizes = [enlarged(page.shape, scale) for page in picture.pages]
    for rows, columns in sizes:
        if rows * columns > max_pixels:
            raise InputError(
                f"the result would have {columns} x {rows} pixels, more than {max_pixels}; see --max-pixels"
            )
    pages = list(range(len(picture.pages)))
    wanted = [np.empty((*size, *page.shape[2:]), page.dtype) for size, page in zip(sizes, picture.pages, strict=True)]
    truths = None if reference is None else read_reference(reference, wanted, pages, max_pixels)
    output = output or default_output(image, f"x{scale:g}", picture)
    kind = choose_format(output, file_format)
    check_output(output, kind, picture, quality, force=force)
    check_others([image, reference, output], {sidecar: OTHER_SUFFIXES["sidecar"]}, force=force)
    height, width = picture.pages[0].shape[:2]
    note(f"enlarging {width} x {height} to {sizes[0][1]} x {sizes[0][0]} by fitting the {net} network and rendering it")
    results: list[Restoration] = []
    with progress_bar(not as_json, plan) as progress:
        for number, page in enumerate(picture.pages):
            part = part_of(progress, number, len(pages))
            results.append(fit_superres(page, scale, plan, progress=part, keep_partial=keep_partial))
            if not results[-1].completed and len(pages) > 1:
                raise KeyboardInterrupt
    everything = np.ones(picture.pages[0].shape[:2], bool)
    measured = Measurement(None, truths, measured_range(picture.pages[0], everything, given))
    record = make_record("superres", image, output, results, plan, measured) | {"scale": scale, "pages": len(pages)}
    explain(results[0].account)
    warn(next((result.notice for result in results if result.notice), ""))
    alphas = [None if alpha is None else resize(alpha, size) for alpha, size in zip(picture.alpha, sizes, strict=True)]
    enlargement = picture.with_pages([result.image for result in results], alphas)
    write_result(output, kind, enlargement, describe(record), quality, scale, force=force)
    emit(record, sidecar, as_json)
    if not as_json and output != STANDARD:
        print_record(record)
    if not results[-1].completed:
        note(f"inrr: interrupted after {results[-1].steps} steps; {output} holds the picture so far")
        raise typer.Exit(ExitCode.INTERRUPTED)
