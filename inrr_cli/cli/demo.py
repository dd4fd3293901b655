"""``inrr demo``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from inrr_cli.cli import options
from inrr_cli.cli.console import invocation, note, progress_bar, say
from inrr_cli.cli.files import EXTRA_OUTPUTS
from inrr_cli.engine import Control
from inrr_cli.errors import InputError
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.preview import side_by_side
from inrr_cli.imaging.value_range import ValueRange
from inrr_cli.imaging.writing import check_destination, write_files, write_picture
from inrr_cli.inpainting.image import run_inpainting
from inrr_cli.masking.synthetic import Pattern, make_mask
from inrr_cli.metrics import psnr
from inrr_cli.settings import make_settings

if TYPE_CHECKING:
    from inrr_cli.report.model import ReportPage

VIEWS = ("damaged", "mask", "restored", "comparison")


def demo(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Folder to write the images to.")] = Path(
        "inrr-demo"
    ),
    device: options.Device = "auto",
    seed: options.Seed = 0,
    force: options.Force = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Damage a photograph in five ways, restore it, print how close the result is to the truth, and write a report.

    [bold]inrr demo[/bold]   writes to the folder inrr-demo

    [bold]inrr demo images --force[/bold]   overwrites the files in the folder images
    """
    from inrr_cli.report.restored import inpainting_page  # not needed for --help

    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; give a folder")
    settings = make_settings(seed=seed, device=device)
    truth = _photograph()
    page = folder / "report.html"
    names = {(pattern, view): folder / f"{pattern.value}_{view}.png" for pattern in Pattern for view in VIEWS}
    if folder.exists():
        for path in names.values():
            check_destination(path, force=force)
        check_destination(page, force=force, suffixes=EXTRA_OUTPUTS["report"].suffixes)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot make this folder: {error.strerror}") from None
    note(f"restoring scikit-image's photograph of an astronaut, {truth.shape[1]} x {truth.shape[0]}, into {folder}")
    rows, pages = [], []
    for pattern in Pattern:
        missing = make_mask(truth.shape[:2], pattern, seed=seed)
        damaged = np.where(missing[..., None], 0, truth).astype(np.uint8)
        with progress_bar(not as_json, settings) as progress:
            result = run_inpainting(damaged, missing, settings, Control(progress))
        pictures = {
            "damaged": damaged,
            "mask": np.where(missing, 255, 0).astype(np.uint8),
            "restored": result.image,
            "comparison": side_by_side([damaged, result.image, truth]),
        }
        for view, pixels in pictures.items():
            write_picture(names[pattern, view], Picture.of(pixels), replace=force)
        title = f"{pattern.value.capitalize()} pixels missing"
        pages.append(inpainting_page(title, damaged, [result], missing, ValueRange(0.0, 255.0), truth=truth))
        rows.append(
            {
                "pattern": pattern.value,
                "missing_fraction": float(missing.mean()),
                "psnr_missing": psnr(result.image / 255, truth / 255, missing),
                "psnr_full": psnr(result.image / 255, truth / 255),
                "seconds": round(result.seconds, 1),
            }
        )
        note(f"  {pattern.value}: {result.seconds:.1f} s")
    _write_report(page, pages, rows, force=force)
    if as_json:
        say(json.dumps({"command": "demo", "folder": str(folder), "report": str(page), "results": rows}))
    else:
        _print_table(rows)
        say(f"Look at {folder}/*_comparison.png: damaged, restored, true.")
        say(f"Or open the report, with a slider and a lens, in a browser: {page.resolve().as_uri()}")


def _write_report(path: Path, pages: list[ReportPage], rows: list[dict[str, Any]], *, force: bool) -> None:
    """Write the report of all restorations."""
    from inrr_cli.report.model import Report, Table
    from inrr_cli.report.rendering import render_report

    cells = [[row[name] for name in ("pattern", "missing_fraction", "psnr_missing", "psnr_full")] for row in rows]
    table = Table("Five kinds of damage", ["pattern", "missing fraction", "PSNR of the missing", "PSNR of all"], cells)
    subtitle = "A photograph of scikit-image, damaged in five ways and restored from itself."
    command = invocation.command_line
    report = Report("inrr demo", subtitle, pages, tables=[table], command=command)
    write_files({path: render_report(report)}, replace=force)


def _photograph() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return the astronaut of scikit-image, reduced: (256, 256, 3) uint8."""
    from PIL import Image
    from skimage.data import astronaut

    return np.asarray(Image.fromarray(astronaut()).resize((256, 256), Image.Resampling.LANCZOS))


def _print_table(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("pattern", *("missing", "psnr_missing", "psnr_full", "time"))
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        table.add_row(
            row["pattern"],
            f"{row['missing_fraction']:.1%}",
            f"{row['psnr_missing']:.2f} dB",
            f"{row['psnr_full']:.2f} dB",
            f"{row['seconds']:.1f} s",
        )
    Console().print(table)
