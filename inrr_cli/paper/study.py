"""Run the cells of an experiment, keep each one's result in a file, and put them together in tables."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import InputError
from inrr_cli.imaging.atomic import write_atomically

Picture = NDArray[np.uint8]
Key = dict[str, str | int | float]


@dataclass(frozen=True)
class Setup:
    """What an experiment is run on.

    Attributes
    ----------
    images : dict of (H, W) ndarray of uint8
        Grey pictures by name.
    masks : dict of callables
        From a shape (H, W) to a mask (H, W) of bool, True where a pixel is missing, by pattern.
    preset : {"fast", "paper"}
        How networks are fitted.
    seeds : tuple of int
    device : str
    """

    images: dict[str, Picture]
    masks: dict[str, Callable[[tuple[int, int]], NDArray[np.bool_]]]
    preset: str
    seeds: tuple[int, ...]
    device: str

    def choose(self, names: tuple[str, ...]) -> dict[str, Picture]:
        """Return the named pictures that there are, or all if there are none of them."""
        return {name: self.images[name] for name in names if name in self.images} or self.images

    def one(self, name: str) -> tuple[str, Picture]:
        """Return the named picture, or the first if it is not there."""
        return next(iter(self.choose((name,)).items()))


@dataclass(frozen=True)
class Measured:
    """Result of a cell: numbers that JSON has, and arrays."""

    values: dict[str, Any]
    arrays: dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Cell:
    """One measurement: what it is of, and how it is made. Equal keys are the same cell."""

    key: Key
    measure: Callable[[], Measured]

    @property
    def name(self) -> str:
        """Name of its files."""
        return "-".join(str(value).replace("-", "") for value in self.key.values())


@dataclass(frozen=True)
class Report:
    """What came out: rows for a CSV file, Markdown, and the plots by name."""

    rows: list[dict[str, Any]]
    markdown: str
    plots: dict[str, Callable[[Any], None]]


Results = list[tuple[Key, Measured]]


@dataclass(frozen=True)
class Experiment:
    """A table or a figure: its cells, and the report that their results make."""

    title: str
    cells: Callable[[Setup], list[Cell]]
    report: Callable[[Setup, Results], Report]


def run(experiment: str, cells: list[Cell], folder: Path, done: Callable[[int, int], None]) -> Results:
    """Measure the cells that ``folder`` does not hold yet; return all.

    Parameters
    ----------
    experiment : str
        Name of the subfolder for its cells.
    cells : list of Cell
    folder : Path
        Exists.
    done : callable
        Called before the first and after each cell with the number done and that of all.
    """
    kept = folder / "cells" / experiment
    try:
        kept.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{kept}: cannot make this folder: {error.strerror}") from None
    results: Results = []
    done(0, len(cells))
    for number, cell in enumerate(cells, 1):
        file = kept / f"{cell.name}.json"
        measured = _read(file, cell)
        if measured is None:
            measured = cell.measure()
            _write(file, cell, measured)
        results.append((cell.key, measured))
        done(number, len(cells))
    return results


def _read(file: Path, cell: Cell) -> Measured | None:
    """Return a cell that was measured before."""
    try:
        held = json.loads(file.read_text(encoding="utf-8"))
        arrays = file.with_suffix(".npz")
        found = dict(np.load(arrays)) if arrays.exists() else {}
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: cannot read this cell: {error}; delete it to measure it again") from None
    if held["key"] != cell.key:
        raise InputError(f"{file}: is of another cell, {held['key']}; give another --output")
    return Measured(held["values"], found)


def _write(file: Path, cell: Cell, measured: Measured) -> None:
    """Keep a result: the arrays first, for the JSON file says that the cell is done."""
    if measured.arrays:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **measured.arrays)  # type: ignore[arg-type]
        write_atomically(file.with_suffix(".npz"), buffer.getvalue())
    text = json.dumps({"key": cell.key, "values": measured.values}, indent=1)
    write_atomically(file, f"{text}\n".encode())


def write_report(name: str, command: str, experiment: Experiment, report: Report, folder: Path) -> list[Path]:
    """Write NAME.csv, NAME.md and the plots as PNG; return their paths."""
    table = io.StringIO()
    fields = list(dict.fromkeys(field for row in report.rows for field in row))
    writer = csv.DictWriter(table, fields, lineterminator="\n")
    writer.writeheader()
    writer.writerows(report.rows)
    files = {folder / f"{name}.csv": table.getvalue().encode()}
    pictures = {folder / f"{plot}.png": _draw(draw) for plot, draw in report.plots.items()}
    shown = "".join(f"\n![{file.stem}]({file.name})\n" for file in pictures)
    files[folder / f"{name}.md"] = f"# {experiment.title}\n\n    {command}\n\n{report.markdown}\n{shown}".encode()
    for path, data in (files | pictures).items():
        write_atomically(path, data)
    return [*files, *pictures]


def _draw(draw: Callable[[Any], None]) -> bytes:
    """Return a plot as the bytes of a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained")
    draw(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()


def markdown_table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def mean_over_seeds(results: Results, value: str) -> dict[tuple[str | int | float, ...], float]:
    """Mean of a value over the cells that differ in their seed only, by the other values of the key."""
    groups: dict[tuple[str | int | float, ...], list[float]] = {}
    for key, measured in results:
        of = tuple(part for name, part in key.items() if name not in ("seed", "preset"))
        groups.setdefault(of, []).append(measured.values[value])
    return {of: float(np.mean(values)) for of, values in groups.items()}
