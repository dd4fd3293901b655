"""The image before and after, in the terminal: two pixels in each character, a half block of two colours."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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

    from inrr_cli.cli.job import Job

UPPER_HALF = "\u2580"
GAP = 2  # columns between the pictures
BESIDES = 9  # lines of the screen for the labels, a record with a reference, and the prompt, which stay below
SMALLEST = (10, 3)  # columns and lines of a picture in which anything can be seen


@dataclass(frozen=True)
class Before:
    """The first restored page of a job as it was: the work overwrites the pixels, so the view is made before.

    Attributes
    ----------
    number : int
        Of the page, from 0.
    label : str
        What stands below the pictures behind "before" and "after".
    view : (M, N, 3) ndarray of uint8
        The part of the page that is restored, its missing pixels tinted.
    limits : (float, float)
        Values of the image that the view shows as 0 and 255.
    """

    number: int
    label: str
    view: NDArray[np.uint8]
    limits: tuple[float, float]

    @classmethod
    def of(cls, job: Job, measurement: Measurement, *, is_labels: bool = False) -> Before | None:
        """Return the view of a job's first page, whose values may be ids; None if nothing is to be shown.

        Where the terminal cannot show it, a note says why; with -q, and where another process prints what is said,
        there is none.
        """
        if verbosity.quiet or is_collected():
            return None
        if reason := why_not():
            note(f"--show shows nothing: {reason}")
            return None
        number = job.numbers[0]
        missing = None if measurement.missing is None else measurement.missing[0]
        label = f" (page {number + 1})" if len(job.template.pages) > 1 else ""
        page, size = job.template.pages[number], job.like()[0].shape[:2]
        page = page.astype(np.float64) if is_labels else page  # ids of 8 bits are few and small: all would be black
        return cls(number, label, *make_view(page, missing, size, job.transform))

    def show_with(self, found: Mapping[int, Result]) -> None:
        """Print the view and that of the result of the page, by the same contrast, on standard error.

        Parameters
        ----------
        found : mapping of int to Result
            By the number of the page; an interruption may have left out this one.
        """
        if self.number not in found:
            return
        from rich.console import Console

        colours = "truecolor" if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") else "256"
        console = Console(stderr=True, color_system=colours, highlight=False)  # type: ignore[arg-type]
        image = found[self.number].image
        image = image if self.limits == (0, 255) else image.astype(np.float64)
        after = to_rgb(to_8_bits(image, limits=self.limits))
        print_pictures(console, [f"before{self.label}", f"after{self.label}"], [self.view, after])


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


def make_view(
    page: Pixels, missing: NDArray[np.bool_] | None, size: tuple[int, ...], transform: PixelTransform
) -> tuple[NDArray[np.uint8], tuple[float, float]]:
    """Return an RGB view of the part of a page that a result shows, and the limits of its contrast.

    Parameters
    ----------
    page : (M, N[, C]) ndarray
    missing : (M, N[, C]) ndarray of bool, or None
        Samples that do not count for the contrast, and whose pixels are tinted.
    size : (int, int)
        Rows and columns of the result.
    transform : PixelTransform
        Where the pixels of the result lie in the page.
    """
    known = np.isfinite(page) if missing is None else np.isfinite(page) & ~missing
    limits = contrast_limits(page, known)
    view = to_rgb(to_8_bits(page, limits=limits))
    view = view.copy() if missing is None else overlay(view, any_channel(missing))
    top, left = round(transform.top / transform.y), round(transform.left / transform.x)
    rows, columns = (
        max(1, round(length / scale)) for length, scale in zip(size, (transform.y, transform.x), strict=True)
    )
    return view[top : top + rows, left : left + columns], limits


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
    console.print(Segments([*segments, Segment(text), Segment.line()]), end="")


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
