"""``inrr compare``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from inrr_cli.cli import compare_options, inpaint_options, options
from inrr_cli.cli.console import invocation, note, progress_bar, say, warn
from inrr_cli.cli.files import Files
from inrr_cli.cli.outputs import check_extra_outputs
from inrr_cli.cli.parsing import parse_range
from inrr_cli.cli.restoring import read_image, read_reference
from inrr_cli.comparison.methods import OURS, absence_note, parse_methods
from inrr_cli.engine import Control
from inrr_cli.errors import InputError
from inrr_cli.imaging.axes import parse_axes
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.reading import MAX_PIXELS, STANDARD
from inrr_cli.imaging.writing import encode, write_files
from inrr_cli.inpainting.label_warning import warn_of_labels
from inrr_cli.inpainting.stack import Stack
from inrr_cli.masking.samples import describe_count
from inrr_cli.masking.selection import MaskOptions, Page, find_missing
from inrr_cli.settings import make_settings

if TYPE_CHECKING:
    from inrr_cli.cli.comparison_outputs import Comparison
    from inrr_cli.comparison.measuring import Row


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
    report: options.ReportFile = None,
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
    files = Files(
        _choose_sheet(output, image), reference, mask, force=force, report=report, command_line=invocation.command_line
    )
    _check_outputs(image, files)
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
    _write(comparison, rows, image, files, absent, seed, as_json=as_json)


def _write(
    comparison: Comparison,
    rows: list[Row],
    image: Path,
    files: Files,
    absent: list[str],
    seed: int,
    *,
    as_json: bool,
) -> None:
    """Write the contact sheet and the report, and print the record or the table."""
    from inrr_cli.cli.comparison_outputs import draw_comparison, encode_comparison, make_comparison_record, print_table

    assert files.output is not None
    record = make_comparison_record(comparison, rows, image, files, absent, seed)
    sheet = encode(Picture.of(draw_comparison(comparison, rows)), "PNG")
    outputs = {files.output: sheet}
    if files.report is not None:
        outputs[files.report] = encode_comparison(comparison, rows, image, files, record, sheet)
    write_files(outputs, replace=files.force)
    if as_json:
        say(json.dumps(record, allow_nan=False))
        return
    print_table(comparison, rows)
    say(f"{files.output}  the fills side by side")
    if files.report is not None:
        say(f"{files.report}  the report")


def _choose_sheet(output: Path | None, image: Path) -> Path:
    """Return the file of the contact sheet."""
    if output == STANDARD:
        raise InputError("-: the contact sheet is written to a file; give --output FILE")
    if output is not None and not output.is_dir():
        return output
    if image == STANDARD:
        raise InputError("-: what is read from standard input needs --output FILE")
    name = f"{image.stem}_compare.png"
    return image.with_name(name) if output is None else output / name


def _check_outputs(image: Path, files: Files) -> None:
    """Refuse outputs that cannot be written, or are an input."""
    assert files.output is not None
    extra = {files.output: (".png",)} | files.extra_outputs()
    check_extra_outputs(files.inputs(image), extra, files)


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
    from inrr_cli.cli.comparison_outputs import Comparison
    from inrr_cli.comparison.measuring import Yardstick
    from inrr_cli.holdout.sampling import HIDDEN_TO_MEASURE, sample_holdout

    value_range = Stack(picture, [page], [page.number]).value_range(parse_range(data_range))
    if reference is not None:
        like, numbers = [page.pixels], [page.number]
        truth = read_reference(reference, like, picture.layout, numbers, max_pixels)[0]
        heading = f"{describe_count(page.missing)} measured against {reference.name}"
        return Comparison(picture, page, Yardstick(value_range, truth, None), heading)
    hidden = sample_holdout(page.missing, page.known, seed, HIDDEN_TO_MEASURE)
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
