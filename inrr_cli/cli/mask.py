"""``inrr mask``."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from inrr_cli.cli import options
from inrr_cli.cli.console import note, say
from inrr_cli.cli.parsing import parse_rows_by_columns
from inrr_cli.errors import InputError
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.preview import overlay, to_8_bits
from inrr_cli.imaging.reading import read_picture
from inrr_cli.imaging.writing import check_destination, write_picture
from inrr_cli.masking.synthetic import DEFAULT_TEXT, PAPER_SIZE, Pattern, make_mask

ONE_PATTERN = partial(typer.Option, rich_help_panel="Options of one pattern")


def mask(
    pattern: Annotated[
        Pattern,
        typer.Option(
            "--pattern",
            help="Kind of damage: random pixels, rectangles (patch), script and a stroke (textural), all of them "
            "(mixture), or all but every second row and column (downsample).",
        ),
    ] = Pattern.RANDOM,
    size: Annotated[
        str | None, typer.Option("--size", metavar="HxW", show_default="256x256", help="Rows and columns of the mask.")
    ] = None,
    like: Annotated[Path | None, typer.Option("--like", metavar="IMAGE", help="Take the size of this image.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Random seed; the same seed gives the same mask.")] = 0,
    rate: Annotated[
        float | None,
        ONE_PATTERN(
            "--rate",
            show_default="0.5; 0.125 for textural",
            help="Fraction of missing pixels: of random and textural, and of the random half of mixture.",
        ),
    ] = None,
    text: Annotated[
        str | None, ONE_PATTERN("--text", show_default=DEFAULT_TEXT, help="Text that textural and mixture write.")
    ] = None,
    count: Annotated[
        int | None,
        ONE_PATTERN("--count", show_default="the paper's 2", help="Number of rectangles of patch and mixture."),
    ] = None,
    patch_size: Annotated[
        str | None,
        ONE_PATTERN(
            "--patch-size",
            metavar="HxW",
            show_default="the paper's",
            help="Rows and columns of each rectangle of patch and mixture.",
        ),
    ] = None,
    factor: Annotated[
        int | None,
        ONE_PATTERN("--factor", show_default="2", help="Of downsample: every FACTOR-th row and column stays known."),
    ] = None,
    output: Annotated[
        Path | None,
        options.OUTPUT("-o", "--output", metavar="FILE", show_default="mask_PATTERN.png", help="PNG file to write."),
    ] = None,
    preview: Annotated[
        Path | None,
        options.OUTPUT(
            "--preview", metavar="IMAGE", help="Write OUTPUT_preview.png too: this image with the mask laid over it."
        ),
    ] = None,
    force: options.Force = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Make a mask, white where a pixel is missing.

    [bold]inrr mask --pattern textural --like photo.png[/bold]   writes mask_textural.png

    [bold]inrr mask --pattern random --rate 0.75 --size 512x512 -o mask.png[/bold]   drops three pixels of four
    """
    if size is not None and like is not None:
        raise InputError("give --size or --like, not both")
    output = output or Path(f"mask_{pattern.value}.png")
    view = output.with_name(f"{output.stem}_preview.png")
    check_destination(output, force=force, suffixes=(".png",))
    picture = None if preview is None else read_picture(preview)
    if preview is not None:
        check_destination(view, force=force)
    shape = _choose_shape(size, like, picture)
    if picture is not None and picture.pixels.shape[:2] != shape:
        rows, columns = picture.pixels.shape[:2]
        raise InputError(f"{preview}: is {columns} x {rows} but the mask is {shape[1]} x {shape[0]}")
    missing = make_mask(
        shape,
        pattern,
        seed=seed,
        rate=rate,
        text=text,
        count=count,
        factor=factor,
        patch_size=None if patch_size is None else parse_rows_by_columns("--patch-size", patch_size),
    )
    write_picture(output, Picture.of(np.where(missing, 255, 0).astype(np.uint8)), replace=force)
    if picture is not None:
        write_picture(view, Picture.of(overlay(to_8_bits(picture.pixels), missing)), replace=force)
        note(f"{view}: the mask laid over {preview}")
    record = {
        "command": "mask",
        "output": str(output),
        "preview": None if picture is None else str(view),
        "pattern": pattern.value,
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


def _choose_shape(size: str | None, like: Path | None, picture: Picture | None) -> tuple[int, int]:
    """Return rows and columns: as given, of another image, of the one to preview, or of the paper."""
    if size is not None:
        return parse_rows_by_columns("--size", size)
    picture = read_picture(like) if like is not None else picture
    rows, columns = (PAPER_SIZE, PAPER_SIZE) if picture is None else picture.pixels.shape[:2]
    return rows, columns
