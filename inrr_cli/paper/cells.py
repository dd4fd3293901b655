"""Run the cells of an experiment and write each result to a file at once, so that a run can resume."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, is_zipfile

import numpy as np
from numpy.typing import NDArray

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
        If the folder cannot be made, or a file is damaged or belongs to another cell, picture or mask.
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
    if not file.exists():
        return None
    try:
        saved = json.loads(file.read_bytes())
        key, fingerprint, values, names = (saved[name] for name in ("key", "fingerprint", "values", "arrays"))
        arrays = _read_arrays(file.with_suffix(".npz"), names) if names else {}
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile):
        raise InputError(f"{file}: is damaged, or of another version; delete it to measure it again") from None
    if key != cell.key:
        raise InputError(f"{file}: is of another cell, {key}; give another --output")
    if fingerprint != cell.fingerprint:
        raise InputError(f"{file}: is of another picture or mask of the same name; give another --output")
    return Measurement(values, arrays)


def _read_arrays(file: Path, names: list[str]) -> dict[str, NDArray[Any]]:
    if not is_zipfile(file):  # of which np.load would leave half an object
        raise BadZipFile
    with np.load(file) as stored:
        return {name: stored[name] for name in names}


def _write_cell(file: Path, cell: Cell, measurement: Measurement) -> None:
    """Write a result; the arrays first, because the JSON file says that the cell is done."""
    if measurement.arrays:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **measurement.arrays)  # type: ignore[arg-type]
        write_atomically(file.with_suffix(".npz"), buffer.getvalue())
    parts = {"key": cell.key, "fingerprint": cell.fingerprint, "values": measurement.values}
    text = json.dumps(parts | {"arrays": list(measurement.arrays)}, indent=1)
    write_atomically(file, f"{text}\n".encode())
