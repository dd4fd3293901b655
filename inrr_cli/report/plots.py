"""Diagrams as SVG: histograms and curves. Their colours come from the page, so that they suit its theme."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from inrr_cli.report.model import Curve
from inrr_cli.report.numbers import in_digits

WIDTH, HEIGHT = 440, 230
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 10, 40  # margins for numbers and the name of the axis
BINS = 64  # of a histogram; fewer if there are fewer integers
TICKS = 5  # about so many numbers on an axis


@dataclass(frozen=True)
class Axis:
    """From values to places along an axis of a diagram."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Return where a value lies, in pixels."""
        low, high, at = (math.log10(v) if self.logarithmic else v for v in (self.low, self.high, value))
        return self.start + (self.end - self.start) * (at - low) / ((high - low) or 1.0)

    def ticks(self) -> list[float]:
        """Return round values to print beside the axis."""
        if self.logarithmic:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            every = max(1, math.ceil((last - first) / TICKS))
            return [10.0**n for n in range(first, last + 1, every) if self.low <= 10.0**n * 1.0001 <= self.high * 1.001]
        rough = (self.high - self.low) / TICKS or 1.0
        power = 10 ** math.floor(math.log10(rough))
        step = next((power * m for m in (1, 2, 5) if power * m >= rough), 10 * power)
        first = math.ceil(self.low / step - 1e-9)
        return [step * n for n in range(first, math.floor(self.high / step + 1e-9) + 1)]


def histogram(
    groups: Sequence[tuple[str, NDArray[np.floating]]], low: float, high: float, *, is_integer: bool
) -> Markup:
    """Return the shares of samples between two values; each group is a line of its own, and sums to one.

    Parameters
    ----------
    groups : sequence of (str, (n,) ndarray)
        Names and finite samples.
    low, high : float
        Samples beyond count in the first and the last bin.
    is_integer : bool
        Whether bins must hold equally many integers each.
    """
    edges = np.linspace(low, high, BINS + 1)
    if is_integer:
        width = math.ceil((high - low + 1) / BINS)
        edges = np.arange(math.floor(low) - 0.5, high + width, width)
        low, high = float(edges[0]), float(edges[-1])
    shares = [np.histogram(samples.clip(low, high), edges)[0] / max(1, samples.size) for _, samples in groups]
    peak = max((float(share.max()) for share in shares), default=1.0) or 1.0
    x, y = Axis(low, high, LEFT, WIDTH - RIGHT), Axis(0, peak, HEIGHT - BOTTOM, TOP)
    parts = [_axes(x, y, "value", percent=True)]
    for number, share in enumerate(shares):
        points = [f"{x.place(edges[0]):.1f},{y.place(0):.1f}"]
        for place, height in enumerate(share):
            points += [f"{x.place(e):.1f},{y.place(float(height)):.1f}" for e in edges[place : place + 2]]
        points.append(f"{x.place(edges[-1]):.1f},{y.place(0):.1f}")
        parts.append(Markup('<polyline class="series s{} area" points="{}"/>').format(number, " ".join(points)))
    names = " and ".join(f"{name} ({samples.size:,})" for name, samples in groups)
    return _svg(Markup("").join(parts), f"Histogram of {names}, from {in_digits(low)} to {in_digits(high)}")


def curves(lines: Sequence[Curve]) -> Markup:
    """Return measures of one group against steps, which lie on a logarithmic scale."""
    drawn = [[(s, v) for s, v in zip(line.steps, line.values, strict=True) if _fits(s, v, line)] for line in lines]
    every = [point for points in drawn for point in points] or [(1, 1.0)]
    steps, values = [float(step) for step, _ in every], [float(value or 0) for _, value in every]
    margin = 0.0 if lines[0].logarithmic else 0.05 * (max(values) - min(values)) or 0.5
    x = Axis(min(steps), max(max(steps), min(steps) + 1), LEFT, WIDTH - RIGHT, True)
    low, high = min(values) - margin, max(values) + margin
    y = Axis(low, high if high > low else low * 1.1, HEIGHT - BOTTOM, TOP, lines[0].logarithmic)
    parts = [_axes(x, y, "steps")]
    for number, points in enumerate(drawn):
        path = " ".join(f"{x.place(s):.1f},{y.place(float(v or 0)):.1f}" for s, v in points)
        parts.append(Markup('<polyline class="series s{}" points="{}"/>').format(number, path))
    last = [
        f"{line.name} {in_digits(float(points[-1][1] or 0))} {line.unit}"
        for line, points in zip(lines, drawn, strict=True)
        if points
    ]
    return _svg(Markup("").join(parts), f"Against {int(x.low)} to {int(x.high)} steps; at the end: {', '.join(last)}")


def _fits(step: int, value: float | None, line: Curve) -> bool:
    """Whether a point has a place on its axes."""
    is_number = value is not None and math.isfinite(value)
    return step >= 1 and is_number and (not line.logarithmic or (value or 0) > 0)


def _axes(x: Axis, y: Axis, name: str, *, percent: bool = False) -> Markup:
    """Return lines and numbers of both axes."""
    parts = []
    for value in y.ticks():
        text = f"{100 * value:.3g} %" if percent else _number(value, y)
        at = y.place(value)
        parts.append(
            Markup('<path class="grid" d="M{} {:.1f}H{}"/><text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
                LEFT, at, WIDTH - RIGHT, LEFT - 6, at + 4, text
            )
        )
    for value in x.ticks():
        parts.append(
            Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
                x.place(value), HEIGHT - BOTTOM + 16, _number(value, x)
            )
        )
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(Markup('<path class="axis" d="M{} {}H{}"/>').format(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT))
    parts.append(Markup('<text class="axis-name" x="{}" y="{}" text-anchor="middle">{}</text>').format(
        middle, HEIGHT - 6, name
    ))  # fmt: skip
    return Markup("").join(parts)


def _number(value: float, axis: Axis) -> str:
    """Return a tick with no more digits than tell it from the next."""
    if axis.logarithmic and (value < 1e-3 or value >= 1e4):
        power = str(round(math.log10(value))).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"10{power}"
    return f"{value:.10g}" if 1e-3 <= abs(value) < 1e6 or value == 0 else f"{value:.2g}"


def _svg(content: Markup, label: str) -> Markup:
    return Markup('<svg class="plot" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, label, content
    )
