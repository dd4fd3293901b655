"""Curves of a network's fit, drawn in the terminal while it runs: loss, energy, and PSNR where the truth is known."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inrr_cli.cli.console import on_terminal, verbosity
from inrr_cli.engine import FitState
from inrr_cli.neural.history import FitHistory, Point
from inrr_cli.result import Measurement
from inrr_cli.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.text import Text

    from inrr_cli.cli.job import Job

POINTS = 400  # steps at which the losses are looked at, which costs nothing: two for each character of a wide terminal
BRAILLE = 0x2800  # of the block in Unicode; its eight low bits are the dots
DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])  # bits of the dots, four rows of two
NAME_WIDTH = 10  # columns for the name of a curve and its last value
RANGE_WIDTH = 9  # columns for the highest and the lowest value, as in 1.23e-04
NARROW = 60  # columns; below, the curve needs those of its range
NARROWEST = 24  # columns; below, no curve is drawn
HIGHEST = 4  # lines of a curve
LOWEST = 2


class Curves:
    """The course of a fit as a Rich renderable; give `record` to a `Control` as its ``observe``.

    Parameters
    ----------
    measured : FitHistory, optional
        Measures the PSNR against the truth, at fewer steps, for that renders the image.
    """

    def __init__(self, measured: FitHistory | None = None) -> None:
        self.losses, self.measured = FitHistory(POINTS), measured
        self.total = 1

    def record(self, state: FitState) -> None:
        """Look at a fit after a step."""
        self.total = state.total
        self.losses.record(state)
        if self.measured is not None:
            self.measured.record(state)

    def series(self) -> dict[str, list[tuple[int, float]]]:
        """Return the steps and the values of each curve that has any, by its name."""
        losses = list(self.losses.course)
        measured = [] if self.measured is None else list(self.measured.course)
        found = {
            "loss": [(point.step, point.loss) for point in losses],
            "energy": [(point.step, point.energy) for point in losses],
            "PSNR": [(point.step, value) for point in measured if (value := _psnr(point)) is not None],
        }
        return {name: points for name, points in found.items() if any(value for _, value in points)}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """Draw the curves, as high as the terminal has room for."""
        series, width = self.series(), options.max_width
        lines = min(HIGHEST, (console.height - 2) // max(1, len(series)))  # a line for the bar, and one for the cursor
        if lines < LOWEST or width < NARROWEST:
            return
        for name, points in series.items():
            yield from _draw(name, points, self.total, width, lines)


def make_curves(job: Job, settings: Settings, measurement: Measurement) -> Curves | None:
    """Return the curves of a job's fits; None unless a network is fitted, with -v, on a terminal that has Braille."""
    if settings.recipe is None or not (verbosity.verbose and on_terminal()):
        return None
    try:
        chr(BRAILLE).encode(sys.stderr.encoding or "ascii")
    except UnicodeEncodeError:
        return None
    if measurement.truths is None or len(job.numbers) > 1:
        return Curves()
    truth = measurement.truths[0]
    missing = None if measurement.missing is None else measurement.missing[0]
    image = job.like()[0] if missing is not None else truth  # an enlargement has no pixel of its own yet
    return Curves(FitHistory(image=image, missing=missing, truth=truth, value_range=measurement.value_range))


def _psnr(point: Point) -> float | None:
    """Return the PSNR at missing pixels, else that of the whole image."""
    return point.psnr_full if point.psnr_missing is None else point.psnr_missing


def _draw(name: str, points: list[tuple[int, float]], total: int, width: int, lines: int) -> Iterator[Text]:
    """Return the lines of a curve: its name and last value, the curve, and its range where there is room."""
    from rich.text import Text

    steps, values = (np.array(part, float) for part in zip(*points, strict=True))
    in_decibels = name == "PSNR"
    form = "{:.1f} dB" if in_decibels else "{:.2e}"
    usable = np.isfinite(values) if in_decibels else np.isfinite(values) & (values > 0)
    if not usable.any():
        return
    steps, values = steps[usable], values[usable]
    columns = width - NAME_WIDTH - (RANGE_WIDTH if width >= NARROW else 0)
    curve = braille_curve(steps / total, values if in_decibels else np.log(values), columns, lines)
    names, ranges = [name, form.format(values[-1])], [""] * lines
    ranges[0], ranges[-1] = form.format(values.max()), form.format(values.min())
    for number, line in enumerate(curve):
        label = names[number] if number < len(names) else ""
        yield Text(
            f"{label:{NAME_WIDTH}}{line}" + (f"{ranges[number]:>{RANGE_WIDTH}}" if width >= NARROW else ""),
            no_wrap=True,
            overflow="crop",
        )


def braille_curve(places: NDArray[np.float64], values: NDArray[np.float64], columns: int, lines: int) -> list[str]:
    """Draw values over places as a line of Braille dots.

    Parameters
    ----------
    places : (K,) ndarray
        Rising, in [0, 1], the left and the right edge.
    values : (K,) ndarray
        The lowest is drawn at the bottom, the highest at the top.
    columns, lines : int
        Size of the drawing in characters; each has 2 x 4 dots.

    Returns
    -------
    list of str
        The lines, from the top.
    """
    width, height = 2 * columns, 4 * lines
    at = np.linspace(0, 1, width)
    span = values.max() - values.min()
    heights = (values - values.min()) / span if span > 0 else np.full_like(values, 0.5)
    reached = (at >= places[0]) & (at <= places[-1])
    reached[int(np.abs(at - places[-1]).argmin())] = True  # a single point is a dot
    rows = np.round((1 - np.interp(at, places, heights)) * (height - 1)).astype(int)
    dots = np.zeros((height, width), bool)
    for column in np.flatnonzero(reached):
        row = rows[column]
        last = rows[column - 1] if column and reached[column - 1] else row
        dots[min(row, last + 1) : max(row, last - 1) + 1, column] = True  # from beside the last dot, so that it joins
    bits = (dots.reshape(lines, 4, columns, 2) * DOTS[:, None, :]).sum((1, 3))
    return ["".join(chr(BRAILLE + bit) for bit in line) for line in bits]
