"""The index of a batch with ``--report``: made again at the end of each run, from the journals of its folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from inrr_cli.batch.journal import BEGUN, History
from inrr_cli.cli.console import note, warn
from inrr_cli.cli.files import EXTRA_OUTPUTS, Files
from inrr_cli.errors import InputError
from inrr_cli.imaging.atomic import write_atomically

NEEDED = (  # of a record: the records of many images would take gigabytes
    "missing_fraction", "sigma_mean", "data_range", "psnr_missing", "psnr_full", "made_up_pixels", "seconds", "values",
)  # fmt: skip


class BatchIndex:
    """What the index of a batch tells.

    Parameters
    ----------
    files : Files
        Of the batch: with the folder of reports, and of outputs if there is one.
    """

    def __init__(self, files: Files) -> None:
        self.files = files
        self.lines: dict[str, dict[str, Any]] = {}

    def tell(self, name: str, facts: Mapping[str, Any], outputs: Mapping[Path, Any]) -> None:
        """Take note of an image; only what no journal holds is kept."""
        if self.files.output is None and self.files.report is not None:
            self.lines[name] = _short({"name": name, **facts, "outputs": {str(path): None for path in outputs}})

    def write(self) -> None:
        """Write the index, unless nothing was ever done or tried."""
        from inrr_cli.report.index import NAME, IndexRow, render_index

        folder, output = self.files.report, self.files.output
        assert folder is not None
        lines = self.lines if output is None else _read(output)
        if not lines:
            return
        start = Path() if output is None else output
        rows = [IndexRow.of(line, _report(line, start)) for line in lines.values()]
        write_atomically(folder / NAME, render_index(rows, folder, self.files.command_line))
        note(f"{folder / NAME}: {len(rows)} images, the doubtful first")


@contextmanager
def open_index(files: Files, *, dry_run: bool) -> Iterator[BatchIndex]:
    """Make the index of a batch on the way out, whatever happened; nothing without --report.

    Raises
    ------
    InputError
        If a file that is not ours has the name of the index.
    """
    index = BatchIndex(files)
    if files.report is None or files.preview is not None or dry_run:
        yield index
        return
    from inrr_cli.report.index import NAME, is_foreign

    if is_foreign(files.report / NAME):
        raise InputError(
            f"{files.report / NAME}: is no page of inrr; give another folder to --report, or move the file"
        )
    try:
        yield index
    finally:
        try:
            index.write()
        except (InputError, OSError) as error:
            warn(str(error))


def _read(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what the journals of a folder, one of each shard, say last of each image."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob(History.PATTERN)):
        with path.open("rb") as file:
            for data in file:
                try:
                    line = json.loads(data)
                    if line["event"] != BEGUN:
                        found[line["name"]] = _short(line)
                except (ValueError, TypeError, KeyError):  # cut off by a crash
                    pass
    return found


def _short(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the index needs of a line."""
    record = line.get("record") or {}
    ending = EXTRA_OUTPUTS["report"].ending
    reports = [path for path in line.get("outputs", ()) if path.endswith(ending)]
    kept = {name: line[name] for name in ("name", "image", "error") if name in line}
    return {**kept, "record": {name: record.get(name) for name in NEEDED}, "reports": reports}


def _report(line: Mapping[str, Any], start: Path) -> Path | None:
    return start / line["reports"][0] if line["reports"] else None
