"""The sections of a report: a page's pictures, diagrams and numbers, as the template needs them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from inrr_cli.imaging import colour_maps
from inrr_cli.masking.samples import is_of_pixels
from inrr_cli.report import plots
from inrr_cli.report.contrast import Contrast, Scale, robust_limits
from inrr_cli.report.encoding import encode_layer
from inrr_cli.report.figures import Bar, Figure, gradient, image_bar, make_figure, page_contrast
from inrr_cli.report.model import Curve, Matrix, ReportPage
from inrr_cli.report.reduction import doubtful_crops

LARGEST_MATRIX = 256  # rows that are shown; of a larger one, blocks
MOST_VARIED = 0.98  # quantile of a matrix off its diagonal that the last colour stands for: the diagonal is far larger


@dataclass(frozen=True)
class Plot:
    """A diagram, its heading, and what its lines are."""

    title: str
    svg: Markup
    names: list[str]


@dataclass(frozen=True)
class Picture:
    """A matrix as a picture."""

    name: str
    address: str
    description: str
    bar: Bar


@dataclass(frozen=True)
class Section:
    """What the template shows of a page; ``by_channel`` says that each channel misses samples of its own."""

    key: str
    page: ReportPage
    by_channel: bool
    figure: Figure
    bar: Bar | None
    crops: list[Figure] = field(default_factory=list)
    histogram: Plot | None = None
    plots: list[Plot] = field(default_factory=list)
    matrices: list[Picture] = field(default_factory=list)


def make_section(page: ReportPage, number: int, step: int) -> Section:
    """Return the section of a page, the images of which are shown with ``step`` pixels as one."""
    key, contrast = f"f{number}", page_contrast(page)
    crops = []
    if step > 1:
        for place, crop in enumerate(doubtful_crops(page)):
            crops.append(make_figure(crop.page, f"{key}c{place}", contrast, origin=(crop.left, crop.top)))
    groups = [(name, list(lines)) for name, lines in groupby(page.curves, lambda curve: curve.group)]
    return Section(
        key,
        page,
        page.missing is not None and not is_of_pixels(page.missing),
        make_figure(page, key, contrast, step),
        image_bar(contrast),
        crops,
        _histogram(page, contrast),
        [Plot(name, plots.curves(lines), [_name(line) for line in lines]) for name, lines in groups],
        [_matrix(matrix) for matrix in page.matrices],
    )


def _name(curve: Curve) -> str:
    return curve.name


def _histogram(page: ReportPage, contrast: Contrast) -> Plot | None:
    """Return the values of known and of filled samples; of labels there is no histogram."""
    if contrast.values == "labels":
        return None
    first = page.restored.pixels
    if page.missing is None:
        groups = [("input", page.panes[0].pixels.ravel())] if len(page.panes) > 1 else []
        groups.append(("result", first.ravel()))
    else:
        missing = _like(page.missing, first)
        known = ~missing if page.known is None else _like(page.known, first)
        groups = [("known", first[known]), ("filled", first[missing])]
        groups += [] if page.truth is None else [("truth", page.truth[missing])]
    groups = [(name, samples[np.isfinite(samples)]) for name, samples in groups]
    is_integer = np.issubdtype(first.dtype, np.integer)
    svg = plots.histogram(groups, contrast.scale.low, contrast.scale.high, is_integer=is_integer)
    return Plot("Values", svg, [f"{name}, {samples.size:,} samples" for name, samples in groups])


def _like(mask: NDArray[np.bool_], pixels: NDArray[np.generic]) -> NDArray[np.bool_]:
    return np.broadcast_to(mask.reshape(mask.shape + (1,) * (pixels.ndim - mask.ndim)), pixels.shape)


def _matrix(matrix: Matrix) -> Picture:
    """Return a matrix as a picture; the few large values of its diagonal have the colours of the ends."""
    values = np.asarray(matrix.values, np.float64)
    size = len(values)
    step = -(-size // LARGEST_MATRIX)
    if step > 1:
        even = values[: size // step * step, : size // step * step]
        values = even.reshape(size // step, step, size // step, step).mean((1, 3))
    off = values[~np.eye(len(values), dtype=bool)]
    _, high = robust_limits(np.abs(off), (0.0, MOST_VARIED)) if np.abs(off).any() else (0.0, 1.0)
    if not off.any() or high > np.abs(off).max():
        high = float(np.abs(values).max()) or 1.0
    scale = Scale(-high, high, colour_maps.diverging())
    description = f"{matrix.name}: matrix of {size} x {size}, colours from {-high:.3g} to {high:.3g}"
    return Picture(matrix.name, encode_layer(scale.view(values)), description, _ends(scale))


def _ends(scale: Scale) -> Bar:
    return Bar(gradient(scale), (f"{scale.low:.2g}", "0", f"{scale.high:.2g}"))
