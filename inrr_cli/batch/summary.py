"""The summary of a batch: a CSV file with the record of each image, made from the journal."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any, BinaryIO

from inrr_cli.batch.journal import BEGUN
from inrr_cli.imaging.atomic import write_atomically

FIRST = ("image", "event", "error", "seconds", "cpu_seconds")  # columns; those of the records follow
RECORD = "record"


def summary_path(journal: Path) -> Path:
    """Return the path of the summary of a journal."""
    return journal.with_name(journal.name.replace("journal", "summary")).with_suffix(".csv")


def write_summary(journal: Path) -> None:
    """Write what a journal says last of each image beside the journal, as rows of a CSV.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    text = io.StringIO()
    with journal.open("rb") as file:
        places, columns = _last_lines(file)
        writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        for place in places:
            file.seek(place)
            line = json.loads(file.readline())
            writer.writerow(line.get(RECORD, {}) | line)
    write_atomically(summary_path(journal), text.getvalue().encode())


def _last_lines(file: BinaryIO) -> tuple[list[int], list[str]]:
    """Return where the last line on each image begins, and the columns of all; the lines may not fit in memory."""
    places: dict[str, int] = {}
    columns: dict[str, Any] = dict.fromkeys(FIRST)
    place = 0
    for data in file:
        try:
            line = json.loads(data)
            if line["event"] != BEGUN:
                places[line["name"]] = place
                columns |= dict.fromkeys(line.get(RECORD, {}))
        except (ValueError, TypeError, KeyError):  # cut off by a crash
            pass
        place += len(data)
    return list(places.values()), list(columns)
