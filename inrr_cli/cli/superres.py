"""``inrr superres``."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import typer

from inrr_cli.cli import options
from inrr_cli.cli.console import emit, explain, note, progress_bar
from inrr_cli.cli.files import check_outputs, default_output, read_reference
from inrr_cli.cli.report import make_record, print_record
from inrr_cli.errors import ExitCode
from inrr_cli.imaging.files import Picture, read_picture, write_picture
from inrr_cli.plan import make_plan
from inrr_cli.registry import NETWORK_REGULARIZERS, NETWORKS
from inrr_cli.restoration import check_superres, enlarged, fit_superres


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
    picture = read_picture(image)
    size = enlarged(picture.pixels.shape, scale)
    truth = None if reference is None else read_reference(reference, (*size, *picture.pixels.shape[2:]))
    output = output or default_output(image, f"x{scale:g}")
    check_outputs(output, sidecar, force=force)
    height, width = picture.pixels.shape[:2]
    note(f"enlarging {width} x {height} to {size[1]} x {size[0]} by fitting the {net} network and rendering it")
    with progress_bar(not as_json, plan) as progress:
        result = fit_superres(picture.pixels, scale, plan, progress=progress, keep_partial=keep_partial)
    record = make_record("superres", image, output, result, plan, truth, None) | {"scale": scale}
    explain(result.account)
    write_picture(output, Picture(result.image, picture.icc_profile))
    emit(record, sidecar, as_json)
    if not as_json:
        print_record(record)
    if not result.completed:
        note(f"inrr: interrupted after {result.steps} steps; {output} holds the picture so far")
        raise typer.Exit(ExitCode.INTERRUPTED)
