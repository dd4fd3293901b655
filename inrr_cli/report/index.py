"""The index of a batch: a page that lists its images, failures first and then the doubtful, with links to reports."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

from inrr_cli.report.numbers import in_digits
from inrr_cli.report.rendering import environment, render_template

NAME = "index.html"
MARK = b'<meta name="generator" content="inrr'  # by which an index of ours is known
HEAD = 32768  # bytes of a report that hold its thumbnail: it is the page's icon
MOST_THUMBNAILS = 1000  # of the first rows: with more, the page would be larger than many a report


@dataclass(frozen=True)
class IndexRow:
    """What the index says of an image.

    Attributes
    ----------
    image : str
    report : Path or None
    error : str
        Empty if the image is done.
    missing : float or None
        Share of the samples that was filled.
    doubt : float or None
        Mean error bar, as a share of the range of the image's values.
    sigma, psnr : float or None
        Mean error bar in the image's units, and PSNR in dB: of the filled samples, or of the whole enlarged image.
    made : int or None
        Pixels that were made up.
    seconds : float or None
    """

    image: str
    report: Path | None = None
    error: str = ""
    missing: float | None = None
    doubt: float | None = None
    sigma: float | None = None
    psnr: float | None = None
    made: int | None = None
    seconds: float | None = None

    @classmethod
    def of(cls, line: Mapping[str, Any], report: Path | None) -> IndexRow:
        """Return the row of a line of a journal."""
        record = line.get("record") or {}
        error = line.get("error", "")
        image = str(line.get("image", line["name"]))
        sigma, limits = record.get("sigma_mean"), record.get("data_range") or [0, 0]
        is_amount = sigma is not None and record.get("values") != "labels" and limits[1] > limits[0]
        psnr = record.get("psnr_missing")
        return cls(
            image,
            None if error else report,
            error,
            record.get("missing_fraction"),
            sigma / (limits[1] - limits[0]) if is_amount else None,
            sigma,
            record.get("psnr_full") if psnr is None else psnr,
            record.get("made_up_pixels"),
            record.get("seconds"),
        )

    @property
    def rank(self) -> tuple[bool, float, float, str]:
        """What rows are sorted by: failures, then the largest error bars, then what misses most."""
        return not self.error, -(self.doubt or 0.0), -(self.missing or 0.0), self.image


def render_index(rows: Iterable[IndexRow], folder: Path, command: str) -> bytes:
    """Return the index of some images as the bytes of an HTML file for a folder; ``command`` is what was typed."""
    ordered = sorted(rows, key=lambda row: row.rank)
    failed = sum(bool(row.error) for row in ordered)
    columns = {
        "missing": "Missing",
        "made": "Made up",
        "sigma": "Mean error bar",
        "doubt": "Of the range",
        "psnr": "PSNR",
        "seconds": "Seconds",
    }
    used = {key: name for key, name in columns.items() if any(getattr(row, key) is not None for row in ordered)}
    return render_template(
        "index.html",
        "index.js",
        rows=[_cells(row, folder, number) for number, row in enumerate(ordered)],
        columns=used,
        count=len(ordered) - failed,
        failed=failed,
        command=command,
        environment=environment(),
        without_thumbnails=max(0, len(ordered) - MOST_THUMBNAILS),
    )


def is_foreign(path: Path) -> bool:
    """Return whether a file exists that is no page of ours."""
    if not path.exists():
        return False
    with path.open("rb") as file:
        return MARK not in file.read(HEAD)


def _cells(row: IndexRow, folder: Path, number: int) -> dict[str, Any]:
    """Return what the template shows of a row: texts, and the numbers that it is sorted by."""
    link = thumbnail = ""
    if row.report is not None:
        link = quote_from_bytes(os.fsencode(Path(os.path.relpath(row.report, folder)).as_posix()))
        thumbnail = _thumbnail(row.report) if number < MOST_THUMBNAILS else ""
    shares = {"missing": row.missing, "doubt": row.doubt}
    texts = {name: "" if value is None else f"{value:.2%}" for name, value in shares.items()}
    texts["sigma"] = "" if row.sigma is None else in_digits(row.sigma, 3)
    texts["psnr"] = "" if row.psnr is None else f"{row.psnr:.2f} dB"
    texts["made"] = "" if row.made is None else f"{row.made:,}"
    texts["seconds"] = "" if row.seconds is None else f"{row.seconds:.1f}"
    return {"row": row, "link": link, "thumbnail": thumbnail, "texts": texts}


def _thumbnail(report: Path) -> str:
    """Return the icon of a report; empty if the report is gone."""
    try:
        with report.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return ""
    found = re.search(rb'<link rel="icon" href="(data:image/webp;base64,[A-Za-z0-9+/=]+)">', head)
    return "" if found is None else found[1].decode()
