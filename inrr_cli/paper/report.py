"""Reports of experiments: rows, Markdown tables and means over seeds, and the files of a report."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from inrr_cli.errors import OutputExistsError
from inrr_cli.imaging.atomic import write_atomically
from inrr_cli.paper.experiment import Experiment, Report, Results


def check_report(name: str, command: str, folder: Path) -> None:
    """Refuse to overwrite the page, table or plot of a name, unless the same command wrote them.

    Raises
    ------
    OutputExistsError
        If there is such a file.
    """
    page = folder / f"{name}.md"
    if page.is_file() and f"\n    {command}\n" in page.read_text(encoding="utf-8", errors="replace"):
        return
    for file in (page, *(page.with_suffix(suffix) for suffix in (".csv", ".png"))):
        if file.exists():
            raise OutputExistsError(f"{file}: is not of this command; use --force to overwrite it, or write elsewhere")


def write_report(name: str, command: str, experiment: Experiment, report: Report, folder: Path) -> list[Path]:
    """Write NAME.csv, NAME.md and the plots as PNG; return their paths."""
    table = io.StringIO()
    fields = list(dict.fromkeys(field for row in report.rows for field in row))
    writer = csv.DictWriter(table, fields, lineterminator="\n")
    writer.writeheader()
    writer.writerows(report.rows)
    plots = {folder / f"{plot}.png": _draw_png(draw) for plot, draw in report.plots.items()}
    links = "".join(f"\n![{file.stem}]({file.name})\n" for file in plots)
    seeds = sorted({row["seed"] for row in report.rows})
    if plots and len(seeds) > 1:
        links += f"\nThe plots show seed {report.rows[0]['seed']} alone.\n"
    page = f"# {experiment.title}\n\n    {command}\n\n{report.markdown}\n{links}"
    files = {folder / f"{name}.csv": table.getvalue().encode(), folder / f"{name}.md": page.encode()} | plots
    for path, data in files.items():
        write_atomically(path, data)
    return list(files)


def _draw_png(draw: Callable[[Any], None]) -> bytes:
    from matplotlib.figure import Figure

    figure = Figure(layout="compressed")
    draw(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()


def result_rows(results: Results) -> list[dict[str, Any]]:
    """Return one row for each cell: its key and its values."""
    return [{**key, **measurement.values} for key, measurement in results]


def markdown_table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def verdict(holds: bool) -> str:
    """Return the words for whether a claim of the paper holds."""
    return "holds" if holds else "does not hold"


def mean_over_seeds(results: Results, value: str) -> dict[tuple[Any, ...], float]:
    """Return the mean of a value over cells that differ in their seed only, by the rest of the key without recipe."""
    apart = ("seed", "preset", "warm_start", "steps")
    groups: dict[tuple[Any, ...], list[float]] = {}
    for key, measurement in results:
        group = tuple(part for name, part in key.items() if name not in apart)
        groups.setdefault(group, []).append(measurement.values[value])
    return {group: float(np.mean(values)) for group, values in groups.items()}
