"""Run the cells of an experiment and write each result to a file at once, so that a run can resume."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.imaging.atomic import write_atomically
from inrr_cli.paper.experiment import Cell, Measurement, Results


def run_cells(experiment: str, cells: list[Cell], folder: Path, progress: Callable[[int, int], None]) -> Results:
    """Measure the cells that have no file yet, read the others, and return the results of all.

    Parameters
    ----------
    experiment : str
        Name of the experiment; files are written to ``folder / "cells" / experiment``.
    cells : list of Cell
    folder : Path
    progress : callable
        Called before the first cell and after each one with the cells done and the cells in all.

    Raises
    ------
    InputError
        If the folder cannot be made, or a file is unreadable or belongs to another cell.
    """
    cell_folder = folder / "cells" / experiment
    try:
        cell_folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{cell_folder}: cannot make this folder: {error.strerror}") from None
    results: Results = []
    progress(0, len(cells))
    for number, cell in enumerate(cells, 1):
        file = cell_folder / f"{cell.file_stem}.json"
        measurement = _read_cell(file, cell)
        if measurement is None:
            measurement = cell.measure()
            _write_cell(file, cell, measurement)
        results.append((cell.key, measurement))
        progress(number, len(cells))
    return results


def _read_cell(file: Path, cell: Cell) -> Measurement | None:
    """Return the result in a file, None if there is no file."""
    try:
        saved = json.loads(file.read_text(encoding="utf-8"))
        array_file = file.with_suffix(".npz")
        arrays = dict(np.load(array_file)) if array_file.exists() else {}
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: cannot read this cell: {error}; delete it to measure it again") from None
    if saved["key"] != cell.key:
        raise InputError(f"{file}: is of another cell, {saved['key']}; give another --output")
    return Measurement(saved["values"], arrays)


def _write_cell(file: Path, cell: Cell, measurement: Measurement) -> None:
    """Write a result; the arrays first, because the JSON file says that the cell is done."""
    if measurement.arrays:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **measurement.arrays)  # type: ignore[arg-type]
        write_atomically(file.with_suffix(".npz"), buffer.getvalue())
    text = json.dumps({"key": cell.key, "values": measurement.values}, indent=1)
    write_atomically(file, f"{text}\n".encode())
