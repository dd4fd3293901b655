"""``inrr mask``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from inrr_cli.cli import options
from inrr_cli.cli.console import note, say
from inrr_cli.errors import InputError
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.preview import overlay, to_8_bits
from inrr_cli.imaging.writing import check_destination, read_picture, write_picture
from inrr_cli.masking.synthetic import DEFAULT_TEXT, PAPER_SIZE, Pattern, make_mask

PATTERNS = tuple(pattern.value for pattern in Pattern)
OF_PATTERN = "Of one pattern"


def mask(
    pattern: Annotated[str, options.choice("--pattern", PATTERNS, "Kind of damage.")] = "random",
    size: Annotated[
        str | None, typer.Option("--size", metavar="HxW", show_default="256x256", help="Rows x columns.")
    ] = None,
    like: Annotated[Path | None, typer.Option("--like", metavar="IMAGE", help="Take the size of a picture.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", show_default="mask_PATTERN.png", help="File to write."),
    ] = None,
    preview: Annotated[
        Path | None,
        typer.Option("--preview", metavar="IMAGE", help="Also write OUTPUT_preview.png: this picture, mask over it."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same mask.")] = 0,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate",
            show_default="0.5; textural 0.125",
            help="Missing fraction of random, textural and mixture's random half.",
            rich_help_panel=OF_PATTERN,
        ),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            "--text", show_default=DEFAULT_TEXT, help="What textural and mixture write.", rich_help_panel=OF_PATTERN
        ),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(
            "--count", show_default="the paper's 2", help="Rectangles of patch and mixture.", rich_help_panel=OF_PATTERN
        ),
    ] = None,
    patch_size: Annotated[
        str | None,
        typer.Option(
            "--patch-size", metavar="HxW", show_default="the paper's", help="Their size.", rich_help_panel=OF_PATTERN
        ),
    ] = None,
    factor: Annotated[
        int | None,
        typer.Option(
            "--factor", show_default="2", help="downsample keeps every FACTOR-th pixel.", rich_help_panel=OF_PATTERN
        ),
    ] = None,
    force: options.Force = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Make a mask, white where a pixel is missing.

    [bold]inrr mask --pattern textural --like photo.png[/bold]   writes mask_textural.png

    [bold]inrr mask --pattern random --rate 0.75 --size 512x512 -o mask.png[/bold]
    """  # fmt: skip
    if size is not None and like is not None:
        raise InputError("give --size or --like, not both")
    output = output or Path(f"mask_{pattern}.png")
    shown = output.with_name(f"{output.stem}_preview.png")
    check_destination(output, force=force, suffixes=(".png",))
    picture = None if preview is None else read_picture(preview)
    if preview is not None:
        check_destination(shown, force=force)
    if like is not None:
        shape = read_picture(like).pixels.shape[:2]
    elif size is not None:
        shape = _parse_size("--size", size)
    else:
        shape = (PAPER_SIZE, PAPER_SIZE) if picture is None else picture.pixels.shape[:2]
    if picture is not None and picture.pixels.shape[:2] != shape:
        rows, columns = picture.pixels.shape[:2]
        raise InputError(f"{preview}: is {columns} x {rows} but the mask is {shape[1]} x {shape[0]}")
    missing = make_mask(
        shape, pattern, seed=seed, rate=rate, text=text, count=count, factor=factor,
        patch_size=None if patch_size is None else _parse_size("--patch-size", patch_size),
    )  # fmt: skip
    write_picture(output, Picture.of(np.where(missing, 255, 0).astype(np.uint8)), replace=force)
    if picture is not None:
        write_picture(shown, Picture.of(overlay(to_8_bits(picture.pixels), missing)), replace=force)
        note(f"{shown}: the mask laid over {preview}")
    record = {
        "command": "mask",
        "output": str(output),
        "preview": None if picture is None else str(shown),
        "pattern": pattern,
        "width": shape[1],
        "height": shape[0],
        "seed": seed,
        "missing_pixels": int(missing.sum()),
        "missing_fraction": float(missing.mean()),
    }
    if as_json:
        say(json.dumps(record))
    else:
        say(f"{output}  {shape[1]} x {shape[0]}, {missing.sum():,} pixels missing ({missing.mean():.1%})")


def _parse_size(flag: str, text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,6})x(\d{1,6})", text)
    if match is None or "0" in match.groups():
        raise InputError(f"{flag} must be rows x columns such as 480x640, got {text!r}")
    return int(match[1]), int(match[2])
