"""``inrr compare``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inrr_cli.cli import compare_options, inpaint_options, options
from inrr_cli.cli.console import note, progress_bar, say, warn
from inrr_cli.cli.parsing import parse_range
from inrr_cli.cli.restoring import read_image, read_reference
from inrr_cli.comparison.methods import OURS, absence_note, parse_methods
from inrr_cli.engine import Control
from inrr_cli.errors import InputError
from inrr_cli.imaging.axes import parse_axes
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.reading import MAX_PIXELS, STANDARD
from inrr_cli.imaging.writing import check_destination, encode, write_files
from inrr_cli.inpainting.label_warning import warn_of_labels
from inrr_cli.inpainting.stack import Stack
from inrr_cli.masking.samples import any_channel, describe_count
from inrr_cli.masking.selection import MaskOptions, Page, find_missing
from inrr_cli.settings import make_settings

if TYPE_CHECKING:
    from inrr_cli.comparison.measuring import Row, Yardstick


@dataclass(frozen=True)
class Comparison:
    """The page that methods fill, what they are measured against, and how that is called."""

    picture: Picture
    page: Page
    yardstick: Yardstick
    heading: str


def compare(
    *,
    image: compare_options.Image,
    mask: inpaint_options.Masks,
    mask_mode: inpaint_options.MaskMode = "fill",
    axes: options.Axes = None,
    grow: inpaint_options.Grow = 0,
    max_distance: inpaint_options.MaxDistance = None,
    gaps: inpaint_options.Gaps = "all",
    reference: compare_options.Reference = None,
    config: options.ConfigFile = None,
    methods: compare_options.Methods = None,
    seed: options.Seed = 0,
    device: options.Device = "auto",
    output: compare_options.Sheet = None,
    force: options.Force = False,
    data_range: options.DataRange = None,
    pages: compare_options.Page = None,
    max_pixels: options.MaxPixels = MAX_PIXELS,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Fill an image by several methods, print a table of their errors, and write all fills on one contact sheet.

    [bold]inrr compare photo.png --mask mask.png[/bold]   writes photo_compare.png

    [bold]inrr compare photo.png --mask mask.png --reference truth.png[/bold]   measures the missing pixels themselves

    [bold]inrr compare map.tif --mask nan --methods patch,biharmonic,inrr[/bold]   a network too, which takes longer
    """
    chosen, absent = parse_methods(methods)
    for method in chosen:  # before any work
        make_settings(seed=seed, device=device, **OURS.get(method, {}))
    sheet = _check_sheet(output, [image, reference, *map(Path, mask)], force=force)
    picture = read_image(image, None if axes is None else parse_axes(axes), max_pixels)
    masks = MaskOptions(
        white_is_missing=mask_mode == "fill", grow=grow, max_distance=max_distance, gaps=gaps, max_pixels=max_pixels
    )
    page = _choose_page(picture, mask, masks, pages)
    comparison = _prepare(picture, page, reference, data_range, seed, max_pixels)
    if absent:
        note(absence_note(absent))
    note(f"filling {describe_count(page.missing)} by {len(chosen)} methods")
    rows = [_run(method, comparison, seed, device, as_json=as_json) for method in chosen]
    write_files({sheet: encode(Picture.of(_draw(comparison, rows)), "PNG")}, replace=force)
    if as_json:
        facts = {"input": str(image), "masks": mask, "reference": reference and str(reference), "output": str(sheet)}
        say(json.dumps(facts | _record(comparison, rows, absent, seed), allow_nan=False))
        return
    _print_table(comparison, rows)
    say(f"{sheet}  the fills side by side")


def _check_sheet(output: Path | None, inputs: list[Path | None], *, force: bool) -> Path:
    """Return the file of the contact sheet."""
    image = inputs[0]
    if output == STANDARD:
        raise InputError("-: the contact sheet is written to a file; give --output FILE")
    if output is None or output.is_dir():
        if image is None or image == STANDARD:
            raise InputError("-: what is read from standard input needs --output FILE")
        name = f"{image.stem}_compare.png"
        output = image.with_name(name) if output is None else output / name
    check_destination(output, force=force, suffixes=(".png",))
    if output.resolve() in {path.resolve() for path in inputs if path is not None}:
        raise InputError(f"{output}: is an input too; give another --output")
    return output


def _choose_page(picture: Picture, sources: list[str], masks: MaskOptions, wanted: int | None) -> Page:
    """Return the page to compare on, and tell of its mask."""
    count = len(picture.pages)
    if wanted is not None and wanted > count:
        raise InputError(f"--pages {wanted}: the image has pages 1 to {count}")
    numbers = list(range(count)) if wanted is None else [wanted - 1]
    found = find_missing(sources, picture, numbers, masks)
    for text in found.notes:
        note(text)
    for text in found.warnings:
        warn(text)
    if not found.pages:
        raise InputError("the mask is empty: no pixel is missing, so there is nothing to fill")
    page = found.pages[0]
    if len(found.pages) > 1:
        note(f"comparing on page {page.number + 1}; choose another with --pages")
    warn(warn_of_labels(picture, [page]))
    return page


def _prepare(
    picture: Picture, page: Page, reference: Path | None, data_range: str | None, seed: int, max_pixels: int
) -> Comparison:
    """Read the truth, or choose the known samples to hide."""
    from inrr_cli.comparison.measuring import Yardstick
    from inrr_cli.holdout.shapes import hide_like_holes

    value_range = Stack(picture, [page], [page.number]).value_range(parse_range(data_range))
    if reference is not None:
        like, numbers = [page.pixels], [page.number]
        truth = read_reference(reference, like, picture.layout, numbers, max_pixels)[0]
        heading = f"{describe_count(page.missing)} measured against {reference.name}"
        return Comparison(picture, page, Yardstick(value_range, truth, None), heading)
    hidden = hide_like_holes(page.missing, page.known, seed)
    if not hidden.any():
        raise InputError("too little is known to hide some of it and measure there; give the truth with --reference")
    heading = f"no truth: measured at {describe_count(hidden)} that are known, hidden in the shape of the mask's holes"
    return Comparison(picture, page, Yardstick(value_range, None, hidden), heading)


def _run(method: str, comparison: Comparison, seed: int, device: str, *, as_json: bool) -> Row:
    """Fill by one method and measure."""
    from inrr_cli.comparison.measuring import choose_fill, compare_method

    settings = make_settings(**OURS.get(method, {}))
    with progress_bar(not as_json, settings) as progress:
        fill = choose_fill(method, seed, device, Control(progress))
        row = compare_method(method, fill, comparison.page, comparison.yardstick)
    if row.failure:
        warn(f"{row.title}: {row.failure}")
    return row


def _draw(comparison: Comparison, rows: list[Row]) -> Any:
    """Return the contact sheet: damaged, each method, and the truth, (H, W, 3) of uint8."""
    from inrr_cli.comparison.contact_sheet import Panel, contrast_of, damaged_view, draw_sheet, largest_hole, view_of

    page, truth = comparison.page, comparison.yardstick.truth
    contrast, inverted = contrast_of(page.pixels, page.known), bool(comparison.picture.metadata.white_is_zero)
    damage = describe_count(page.missing)
    panels = [Panel("damaged", damage, damaged_view(page.pixels, page.missing, contrast, inverted=inverted))]
    for row in rows:
        if row.image is not None:
            view = view_of(row.image, contrast, inverted=inverted)
            panels.append(Panel(row.title, f"{_decibels(row.psnr)}, {row.seconds:.1f} s", view))
    if truth is not None:
        panels.append(Panel("truth", "", view_of(truth, contrast, inverted=inverted)))
    return draw_sheet(panels, largest_hole(page.missing), comparison.heading)


def _record(comparison: Comparison, rows: list[Row], absent: list[str], seed: int) -> dict[str, Any]:
    """Return what the comparison found, for a program."""
    from inrr_cli import __version__

    page, yardstick = comparison.page, comparison.yardstick
    measured = page.missing if yardstick.hidden is None else yardstick.hidden
    name = "psnr_missing" if yardstick.hidden is None else "psnr_hidden"
    return {
        "command": "compare",
        "page": page.number + 1,
        "width": page.pixels.shape[1],
        "height": page.pixels.shape[0],
        "channels": 1 if page.pixels.ndim == 2 else page.pixels.shape[2],
        "dtype": str(page.pixels.dtype),
        "missing_pixels": int(any_channel(page.missing).sum()),
        "missing_samples": int(page.missing.sum()),
        "missing_fraction": float(page.missing.mean()),
        "measured_on": "truth" if yardstick.hidden is None else "hidden",
        "measured_samples": int(measured.sum()),
        "data_range": [yardstick.value_range.low, yardstick.value_range.high],
        "seed": seed,
        "results": [_result(row, name) for row in rows],
        "not_installed": absent,
        "version": __version__,
    }


def _result(row: Row, measure: str) -> dict[str, Any]:
    measures: dict[str, float | None] = {"psnr_missing": None, "psnr_hidden": None}
    finite = row.psnr is not None and row.psnr < float("inf")  # JSON has no infinity
    measures[measure] = row.psnr if finite else None
    facts = {"ssim_full": row.ssim, "seconds": round(row.seconds, 3)}
    texts = {"failure": row.failure or None, "remark": row.remark or None}
    return {"method": row.method, "title": row.title, **measures, **facts, **texts}


def _print_table(comparison: Comparison, rows: list[Row]) -> None:
    """Print the measures, the best in bold."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    measure = "psnr_missing" if comparison.yardstick.hidden is None else "psnr_hidden"
    table = Table("method", measure, "ssim_full", "seconds", "note", title=comparison.heading, title_justify="left")
    for column in table.columns[1:4]:
        column.justify = "right"
    best = max((row.psnr for row in rows if row.psnr is not None), default=None)
    for row in rows:
        similarity = "-" if row.ssim is None else f"{row.ssim:.4f}"
        cells = row.title, _decibels(row.psnr), similarity, f"{row.seconds:.1f}", row.failure or row.remark
        table.add_row(*map(Text, cells), style="bold" if row.psnr is not None and row.psnr == best else None)
    Console().print(table)


def _decibels(psnr: float | None) -> str:
    return "-" if psnr is None else f"{psnr:.2f} dB"
