"""``inrr inpaint``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from inrr_cli.cli import options
from inrr_cli.cli.console import emit, explain, note, progress_bar, warn
from inrr_cli.cli.files import check_outputs, default_output, read_reference
from inrr_cli.cli.report import make_record, print_record
from inrr_cli.errors import ExitCode, InputError
from inrr_cli.imaging.files import Picture, read_mask, read_picture, write_picture, write_uncertainty
from inrr_cli.plan import make_plan
from inrr_cli.registry import REGULARIZERS, REPRESENTATIONS
from inrr_cli.restoration import fit_inpainting
from inrr_cli.values import full_scale

MASK_MODES = ("fill", "known")


@partial(options.with_method_options, methods=REPRESENTATIONS | REGULARIZERS)
def inpaint(
    image: options.Image,
    mask: Annotated[Path, typer.Option("--mask", metavar="FILE", help="White where a pixel is missing.")],
    output: options.Output = None,
    reference: options.Reference = None,
    uncertainty: options.Uncertainty = None,
    reg: options.Reg = None,
    net: options.Net = None,
    mask_mode: Annotated[str, options.choice("--mask-mode", MASK_MODES, "What white means.")] = "fill",
    noise: options.Noise = "auto",
    denoise: options.Denoise = False,
    seed: options.Seed = 0,
    device: options.Device = "auto",
    preset: options.Preset = None,
    steps: options.Steps = None,
    lr: options.Rate = None,
    force: options.Force = False,
    sidecar: options.Sidecar = None,
    keep_partial: options.KeepPartial = False,
    checkpoint: options.CheckpointFile = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    **methods: Any,
) -> None:
    """Fill the missing pixels of a picture from the picture itself; known pixels come back byte for byte.

    [bold]inrr inpaint photo.png --mask mask.png[/bold]   writes photo_restored.png

    [bold]inrr inpaint map.png --mask holes.png --uncertainty sigma.tif[/bold]   with an error bar for each filled pixel

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
    picture = read_picture(image)
    missing, warning = read_mask(mask, picture.pixels.shape[:2], white_is_missing=mask_mode == "fill")
    truth = None if reference is None else read_reference(reference, picture.pixels.shape)
    output = output or default_output(image, "restored")
    check_outputs(output, sidecar, uncertainty, force=force)
    warn(warning)
    fraction = missing.mean()
    if 0.95 < fraction < 1:
        warn(f"{mask}: {fraction:.1%} of the pixels are missing; little is left to restore from")
    if 0 < fraction < 1:
        note(f"filling {missing.sum():,} of {missing.size:,} pixels ({fraction:.1%})")
    with progress_bar(not as_json, plan) as progress:
        result = fit_inpainting(
            picture.pixels, missing, plan, progress=progress, keep_partial=keep_partial, checkpoint=checkpoint
        )
    record = make_record("inpaint", image, output, result, plan, truth, missing)
    explain(result.account)
    write_picture(output, Picture(result.image, picture.icc_profile))
    if uncertainty is not None and result.sigma is not None and result.completed:
        write_uncertainty(uncertainty, result.sigma, full_scale(result.image.dtype))
    emit(record, sidecar, as_json)
    if not as_json:
        print_record(record)
    if not result.completed:
        after = "" if result.steps is None else f" after {result.steps} steps"
        note(f"inrr: interrupted{after}; {output} holds the restoration so far")
        raise typer.Exit(ExitCode.INTERRUPTED)
