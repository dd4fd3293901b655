"""The outputs of ``inrr compare``: the contact sheet, the record, the table and the report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inrr_cli.cli.console import say
from inrr_cli.cli.files import Files
from inrr_cli.cli.reporting import hashed_inputs, sha256
from inrr_cli.comparison.contact_sheet import (
    Panel,
    View,
    contrast_of,
    damaged_view,
    draw_sheet,
    largest_hole,
    view_of,
)
from inrr_cli.comparison.measuring import Row, Yardstick, time_ratios
from inrr_cli.comparison.peers import BIHARMONIC, PEERS
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.reading import STANDARD
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.masking.samples import any_channel, describe_count
from inrr_cli.masking.selection import Page
from inrr_cli.report.model import Map, Pane, Report, ReportPage, Table
from inrr_cli.report.rendering import render_report

OVER_BIHARMONIC = "x biharmonic"  # of seconds


@dataclass(frozen=True)
class Comparison:
    """The page that methods fill, what they are measured against, and how that is called."""

    picture: Picture
    page: Page
    yardstick: Yardstick
    heading: str

    @property
    def measure(self) -> str:
        """The name of the PSNR: of the missing samples, or of hidden ones."""
        return "psnr_missing" if self.yardstick.hidden is None else "psnr_hidden"

    @property
    def inverted(self) -> bool:
        """Whether the lowest value is white."""
        return bool(self.picture.metadata.white_is_zero)


def draw_comparison(comparison: Comparison, rows: list[Row]) -> View:
    """Return the contact sheet: damaged, each method, and the truth, (H, W, 3) of uint8."""
    page, truth, inverted = comparison.page, comparison.yardstick.truth, comparison.inverted
    contrast = contrast_of(page.pixels, page.known)
    damaged = damaged_view(page.pixels, page.missing, contrast, inverted=inverted)
    panels = [Panel("damaged", describe_count(page.missing), damaged)]
    for row in rows:
        if row.image is not None:
            panels.append(Panel(row.title, _summary(row), view_of(row.image, contrast, inverted=inverted)))
    if truth is not None:
        panels.append(Panel("truth", "", view_of(truth, contrast, inverted=inverted)))
    return draw_sheet(panels, largest_hole(page.missing), comparison.heading)


def make_comparison_record(
    comparison: Comparison, rows: list[Row], image: Path, files: Files, absent: list[str], seed: int
) -> dict[str, Any]:
    """Return what the comparison found, for a program; ``absent`` are methods that are not installed."""
    from inrr_cli import __version__

    page, yardstick = comparison.page, comparison.yardstick
    measured = page.missing if yardstick.hidden is None else yardstick.hidden
    return {
        "command": "compare",
        "input": str(image),
        "masks": files.masks,
        "reference": None if files.reference is None else str(files.reference),
        "output": str(files.output),
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
        "results": [
            _result(row, ratio, comparison.measure) for row, ratio in zip(rows, time_ratios(rows), strict=True)
        ],
        "not_installed": absent,
        "version": __version__,
    }


def _result(row: Row, ratio: float | None, measure: str) -> dict[str, Any]:
    measures: dict[str, float | None] = {"psnr_missing": None, "psnr_hidden": None}
    finite = row.psnr is not None and row.psnr < float("inf")  # JSON has no infinity
    measures[measure] = row.psnr if finite else None
    times = {"seconds": round(row.seconds, 3), "seconds_over_biharmonic": None if ratio is None else round(ratio, 2)}
    texts = {"failure": row.failure or None, "remark": row.remark or None}
    return {"method": row.method, "title": row.title, **measures, "ssim_full": row.ssim, **times, **texts}


def print_table(comparison: Comparison, rows: list[Row]) -> None:
    """Print the measures, the best in bold, and how many times as long as the biharmonic fill each took."""
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    ratios = time_ratios(rows)
    columns = ("method", comparison.measure, "ssim_full", "seconds", "note")
    table = RichTable(*columns, title=comparison.heading, title_justify="left")
    table.columns[0].no_wrap = True
    for column in table.columns[1:4]:
        column.justify = "right"
    best = max((row.psnr for row in rows if row.psnr is not None), default=None)
    for row, ratio in zip(rows, ratios, strict=True):
        similarity = "-" if row.ssim is None else f"{row.ssim:.4f}"
        seconds = f"{row.seconds:.1f}" + ("" if ratio is None else f" ({_times(ratio)})")
        cells = row.title, _decibels(row), similarity, seconds, row.failure or row.remark
        table.add_row(*map(Text, cells), style="bold" if row.psnr is not None and row.psnr == best else None)
    if any(ratio is not None for ratio in ratios):
        table.caption, table.caption_justify = f"(2x): twice the seconds of {PEERS[BIHARMONIC].title}", "left"
    console = Console()
    with console.capture() as capture:
        console.print(table)
    say(capture.get().rstrip("\n"))


def encode_comparison(
    comparison: Comparison, rows: list[Row], image: Path, files: Files, record: dict[str, Any], sheet: bytes
) -> bytes:
    """Return the report as the bytes of a file: the panes of all methods, their residuals and error bars, the table.

    ``sheet`` are the bytes of the contact sheet, which ``files.output`` names.
    """
    page, truth = comparison.page, comparison.yardstick.truth
    filled = [row for row in rows if row.image is not None]
    panes = [Pane("Damaged", page.pixels, describe_count(page.missing), is_filled=False)]
    panes += [Pane(row.title, row.image, _summary(row)) for row in filled if row.image is not None]
    panes += [] if truth is None else [Pane("Truth", truth, is_filled=False)]
    cells = [
        [row.title, *(None if value is None else round(value, digits) for value, digits in numbers), _note(row)]
        for row, numbers in zip(rows, _numbers(rows), strict=True)
    ]
    columns = ["method", f"{comparison.measure} in dB", "ssim_full", "seconds", OVER_BIHARMONIC, "note"]
    table = Table("Methods", columns, cells)
    shown = ReportPage(
        "The image" if len(comparison.picture.pages) == 1 else f"Page {page.number + 1}",
        panes,
        missing=page.missing,
        known=page.known,
        maps=[*_error_bars(filled, page), *_residuals(filled, page, truth)],
        truth=truth,
        inverted=comparison.inverted,
        facts={"missing": f"{page.missing.mean():.1%}"},
        notes=[f"{comparison.heading[0].upper()}{comparison.heading[1:]}."],
    )
    report = Report(
        "standard input" if image == STANDARD else image.name,
        f"{len(rows)} methods on one image.",
        [shown],
        tables=[table],
        command=files.command_line,
        files=[*hashed_inputs(image, files), ("contact sheet", str(files.output), sha256(sheet))],
        record={name: value for name, value in record.items() if name != "results"},  # the table has them
    )
    return render_report(report)


def _numbers(rows: list[Row]) -> list[list[tuple[float | None, int]]]:
    """Return the numbers of each row of the table, and their decimal places."""
    finite = [row.psnr if row.psnr is not None and row.psnr < float("inf") else None for row in rows]
    every = zip(rows, finite, time_ratios(rows), strict=True)
    return [[(decibels, 2), (row.ssim, 4), (row.seconds, 1), (ratio, 1)] for row, decibels, ratio in every]


def _times(ratio: float) -> str:
    return f"{ratio:.2g}x" if ratio < 10 else f"{ratio:.0f}x"


def _note(row: Row) -> str:
    return row.failure or row.remark or ("exact" if row.psnr == float("inf") else "")


def _error_bars(rows: list[Row], page: Page) -> list[Map]:
    """Return the map of the first method that has error bars."""
    for row in rows:
        if row.sigma is not None:
            values = _of_pixels(row.sigma, page)
            return [Map(f"Error bar of {row.title}", values, "one standard deviation, in the image's units")]
    return []


def _residuals(rows: list[Row], page: Page, truth: Pixels | None) -> list[Map]:
    """Return the map of what each method fills in less the truth; without a truth none."""
    if truth is None:
        return []
    maps = []
    for row in rows:
        if row.image is not None:
            with np.errstate(all="ignore"):  # values far out of the range
                difference = (row.image.astype(np.float64) - truth.astype(np.float64)).astype(np.float32)
            maps.append(Map(f"Residual of {row.title}", _of_pixels(difference, page), "filled less true", "residual"))
    return maps


def _of_pixels(values: np.ndarray[Any, np.dtype[np.float32]], page: Page) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the value of a filled sample of each pixel that is farthest from 0; NaN where nothing is filled."""
    channels = np.where(np.atleast_3d(page.missing), np.atleast_3d(values), np.float32(0))
    farthest = np.take_along_axis(channels, np.abs(channels).argmax(2)[..., None], 2)[..., 0]
    return np.where(any_channel(page.missing), farthest, np.float32(np.nan))


def _summary(row: Row) -> str:
    return f"{_decibels(row)}, {row.seconds:.1f} s"


def _decibels(row: Row) -> str:
    return "-" if row.psnr is None else f"{row.psnr:.2f} dB"
