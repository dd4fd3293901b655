"""The image before and after, in the terminal: two pixels in each character, a half block of two colours."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.cli.console import is_collected, note, on_terminal, verbosity
from inrr_cli.imaging.metadata import PixelTransform
from inrr_cli.imaging.preview import contrast_limits, overlay, to_8_bits, to_rgb
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.masking.samples import any_channel
from inrr_cli.result import Measurement, Result

if TYPE_CHECKING:
    from rich.console import Console
    from rich.segment import Segment

    from inrr_cli.cli.restoring import Job

UPPER_HALF = "\u2580"
GAP = 2  # columns between the pictures
BESIDES = 4  # lines of the screen for the labels, the record and the prompt, which shall not push the pictures out
SMALLEST = (10, 3)  # columns and lines of a picture in which anything can be seen


def show_before_and_after(job: Job, found: Mapping[int, Result], measurement: Measurement) -> None:
    """Print the first restored page of a job, before and after, on standard error.

    Where that cannot be, a note says why; with -q, and where another process prints what is said, nothing is.

    Parameters
    ----------
    job : Job
    found : mapping of int to Result
        By the number of the page.
    measurement : Measurement
        Of these pages; its missing samples are tinted.
    """
    if verbosity.quiet or is_collected():
        return
    if reason := why_not():
        note(f"--show shows nothing: {reason}")
        return
    from rich.console import Console

    colours = "truecolor" if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") else "256"
    console = Console(stderr=True, color_system=colours, highlight=False)  # type: ignore[arg-type]
    number = next(iter(found))
    page = f" (page {number + 1})" if len(job.template.pages) > 1 else ""
    missing = None if measurement.missing is None else any_channel(measurement.missing[0])
    before = job.template.pages[number]
    views = make_views(before, missing, found[number].image, job.transform)
    print_pictures(console, [f"before{page}", f"after{page}"], views)


def why_not() -> str:
    """Return why the terminal can show no picture; empty if it can."""
    if not on_terminal():
        return "standard error is no terminal"
    if os.environ.get("NO_COLOR"):
        return "NO_COLOR asks for no colours"
    if (kind := os.environ.get("TERM", "").lower()) in ("", "dumb", "unknown") and sys.platform != "win32":
        return f"the terminal has no colours (TERM={kind})"
    try:
        UPPER_HALF.encode(sys.stderr.encoding or "ascii")
    except UnicodeEncodeError:
        return f"{sys.stderr.encoding} has no half block"
    return ""


def make_views(
    before: Pixels, missing: NDArray[np.bool_] | None, after: Pixels, transform: PixelTransform
) -> list[NDArray[np.uint8]]:
    """Return RGB views of an image before and after, by the same contrast, of the same part of it.

    Parameters
    ----------
    before : (M, N[, C]) ndarray
    missing : (M, N) ndarray of bool, or None
        Pixels of ``before`` to tint.
    after : (P, Q[, C]) ndarray
    transform : PixelTransform
        Where its pixels lie in ``before``.
    """
    known = np.isfinite(before)
    if missing is not None:
        known &= ~(missing if before.ndim == 2 else missing[..., None])
    limits = contrast_limits(before, known)
    first, second = to_rgb(to_8_bits(before, limits=limits)), to_rgb(to_8_bits(after, limits=limits))
    if missing is not None:
        first = overlay(first, missing)
    top, left = round(transform.top / transform.y), round(transform.left / transform.x)
    rows, columns = round(after.shape[0] / transform.y), round(after.shape[1] / transform.x)
    return [first[top : top + max(rows, 1), left : left + max(columns, 1)], second]


def print_pictures(console: Console, labels: list[str], views: list[NDArray[np.uint8]]) -> None:
    """Print RGB pictures side by side with labels below, all in the size of the last one, shrunk to fit the terminal.

    Colours are as near as the console has them.
    """
    columns, lines = (console.width + GAP) // len(views) - GAP, console.height - BESIDES
    if columns < SMALLEST[0] or lines < SMALLEST[1]:
        note(f"--show shows nothing: {console.width} columns and {console.height} lines are too few")
        return
    from rich.segment import Segment, Segments

    height, width = views[-1].shape[:2]
    scale = min(1.0, columns / width, 2 * lines / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    pictures = [_resize(view, size) for view in views]
    labels = [label[:columns] for label in labels]
    column = max(size[0], *map(len, labels)) + GAP
    segments: list[Segment] = []
    for row in range(0, size[1], 2):
        for picture in pictures:
            segments += [*_line(picture[row : row + 2]), Segment(" " * (column - size[0]))]
        segments[-1] = Segment.line()
    text = "".join(label.ljust(column) for label in labels).rstrip()
    console.print(Segments([*segments, Segment(text)]))


def _resize(view: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return an RGB picture in another size (columns, rows): each pixel the mean of those that it covers."""
    from PIL import Image

    return np.asarray(Image.fromarray(np.ascontiguousarray(view)).resize(size, Image.Resampling.BOX))


def _line(pair: NDArray[Any]) -> Iterator[Segment]:
    """Return a line of characters for two rows of pixels, or for the last one alone."""
    from rich.color import Color
    from rich.segment import Segment
    from rich.style import Style

    colours = [[Color.from_rgb(*pixel) for pixel in row.tolist()] for row in pair]
    upper, lower = colours[0], colours[1] if len(colours) > 1 else [None] * len(colours[0])
    for above, below in zip(upper, lower, strict=True):
        yield Segment(UPPER_HALF, Style(color=above, bgcolor=below))
