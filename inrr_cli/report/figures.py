"""The pictures of a page as layers: what all panes share is embedded once, and each adds what differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from inrr_cli.imaging import colour_maps
from inrr_cli.masking.samples import any_channel
from inrr_cli.report.contrast import Contrast, Scale, choose_contrast, robust_limits
from inrr_cli.report.encoding import encode_layer
from inrr_cli.report.model import Map, Mask, Pane, ReportPage
from inrr_cli.report.numbers import in_digits
from inrr_cli.report.outline import outline_path
from inrr_cli.report.reduction import (
    any_in_blocks,
    first_of_blocks,
    largest_in_blocks,
    mean_blocks,
    most_doubtful_pixel,
)

SCATTERED = 0.02  # straight pieces of an outline for each pixel; more hide the picture
SMALL = 480  # pixels of the longer side: a smaller image is shown enlarged, with its pixels as squares
STRIPES = 90  # across an image; the hatching of made-up pixels
FEWEST = 6  # pixels between the stripes, of an image that is small
ACROSS = {1: 2, 2: 2, 3: 3, 5: 3, 6: 3}  # panes in a row, by their number, so that the last row is not nearly empty
MADE = np.array([0, 150, 136], np.uint8)  # RGB of made-up pixels, a green that photographs seldom have
EXPECTED = np.array([72, 118, 200], np.uint8)  # RGB of pixels with their expected value
HIGHEST = 0.995  # quantile of a measure that the last colour stands for: one outlier does not darken all others


@dataclass(frozen=True)
class Bar:
    """A colour bar: a CSS gradient, and the values at its ends and in its middle."""

    gradient: str
    values: tuple[str, str, str]


@dataclass(frozen=True)
class ShownPane:
    """A pane as the page needs it.

    Attributes
    ----------
    key, name, note, description : str
    layers : list of str
        Keys of pictures, from the lowest up.
    bar : Bar or None
    is_map : bool
    is_filled : bool
        Whether what was made up is marked in the pane.
    reading : dict
        How the lens reads values from colours: ``low``, ``high``, and ``kind``: a colour map, "exact", "near" or "".
    """

    key: str
    name: str
    note: str
    description: str
    layers: list[str]
    bar: Bar | None = None
    is_map: bool = False
    is_filled: bool = False
    reading: dict[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Figure:
    """Pictures of one size, with one lens.

    Attributes
    ----------
    key : str
    rows, columns : int
        Of the pictures.
    layers : dict of str to str
        ``data:`` addresses by key.
    panes : list of ShownPane
        In the order of the page, then its maps.
    outline : str or None
        Path of the mask's outline; None if there is none, or ``tint`` is given.
    tint, hatch : str or None
        Keys of the layers that mark what was filled and what was made up.
    shows_outline : bool
        Whether the outline is shown at first: not of scattered pixels, which it would hide.
    place : (int, int)
        Column and row where the lens is at first.
    origin : (int, int)
        Column and row of the image at the top left.
    step : int
        Pixels of the image that became one.
    is_small : bool
    across : int
        Panes side by side on a wide screen.
    contrast : str
        How the image is shown, in a sentence.
    """

    key: str
    rows: int
    columns: int
    layers: dict[str, str]
    panes: list[ShownPane]
    outline: str | None
    tint: str | None
    hatch: str | None
    shows_outline: bool
    place: tuple[int, int]
    origin: tuple[int, int]
    step: int
    is_small: bool
    across: int
    contrast: str


def page_contrast(page: ReportPage) -> Contrast:
    """Return how the images of a page are shown: by the known samples."""
    first = page.restored.pixels
    known = page.known
    if known is None:
        known = np.isfinite(first) if page.missing is None else np.isfinite(first) & ~_like(page.missing, first)
    return choose_contrast(first, known, values=page.values, inverted=page.inverted, missing=page.missing)


def make_figure(
    page: ReportPage, key: str, contrast: Contrast, step: int = 1, origin: tuple[int, int] = (0, 0)
) -> Figure:
    """Return the pictures of a page, ``step`` pixels as one; ``origin`` is where a part of an image begins."""
    reduce = first_of_blocks if page.values == "labels" else mean_blocks
    views = [reduce(_view(pane, contrast), step) for pane in page.panes]
    base = page.panes.index(page.restored)
    rows, columns = views[base].shape[:2]
    missing = None if page.missing is None else any_in_blocks(any_channel(page.missing), step)
    filled = "" if missing is None else f"; {missing.mean():.1%} of the pixels were filled"
    layers: dict[str, str] = {}
    panes: list[ShownPane] = []
    for number, (pane, view) in enumerate(zip(page.panes, views, strict=True)):
        name = f"{key}-p{number}"
        differs = (view != views[base]).any(2)
        shares = number != base and not differs.all()
        if number == base or differs.any():
            layers[name] = encode_layer(view, differs if shares else None)
        below = [f"{key}-p{base}"] if shares else []
        description = f"{pane.name}: {columns} x {rows} pixels{filled}"
        own = [name] if name in layers else []
        reading = _reading(contrast, is_colour=pane.pixels.ndim == 3 and contrast.channel is None)
        panes.append(
            ShownPane(name, pane.name, pane.note, description, below + own, is_filled=pane.is_filled, reading=reading)
        )
    panes += _map_panes(page.maps, key, step, layers)
    hatch = _hatch(page.made, missing, key, step, layers, panes)
    outline = None if missing is None or not missing.any() else outline_path(missing)
    shows_outline = outline is not None and outline.count("M") < SCATTERED * rows * columns
    tint = None
    if missing is not None and missing.any() and outline is None:
        tint = f"{key}-tint"
        layers[tint] = encode_layer(np.broadcast_to(np.array([255, 0, 110], np.uint8), (*missing.shape, 3)), missing)
    row, column = most_doubtful_pixel(page)
    is_small = max(rows, columns) < SMALL
    place, across = (column // step, row // step), ACROSS.get(len(panes), 4)
    return Figure(
        key,
        rows,
        columns,
        layers,
        panes,
        outline,
        tint,
        hatch,
        shows_outline,
        place,
        origin,
        step,
        is_small,
        across,
        contrast.caption,
    )


def gradient(scale: Scale) -> str:
    """Return the CSS colours of a scale from left to right."""
    return ", ".join(f"rgb({r} {g} {b})" for r, g, b in scale.colours[np.linspace(0, 255, 33).astype(int)].tolist())


def image_bar(contrast: Contrast) -> Bar | None:
    """Return the colour bar of an image; labels have none."""
    return None if contrast.values == "labels" else _bar(contrast.scale)


def _like(mask: Mask, pixels: NDArray[np.generic]) -> Mask:
    """Return a mask of pixels or samples in the shape of an image."""
    return np.broadcast_to(mask.reshape(mask.shape + (1,) * (pixels.ndim - mask.ndim)), pixels.shape)


def _view(pane: Pane, contrast: Contrast) -> NDArray[np.uint8]:
    """Return the colours (M, N, 3) of a pane."""
    view = contrast.view(pane.pixels, pane.opacity)
    return view if view.ndim == 3 else np.repeat(view[..., None], 3, 2)


def _reading(contrast: Contrast, *, is_colour: bool) -> dict[str, float | str]:
    """Return how the values of an image are read from its colours: not those of labels and of angles."""
    scale, channels = contrast.scale, 3 if is_colour else 1
    if contrast.values != "linear":
        return {"kind": ""}
    if contrast.is_inverted:
        return {"low": scale.high, "high": scale.low, "kind": "near", "channels": channels}
    kind = "exact" if contrast.is_exact else "near"
    return {"low": scale.low, "high": scale.high, "kind": kind, "channels": channels}


def _map_panes(maps: Sequence[Map], key: str, step: int, layers: dict[str, str]) -> list[ShownPane]:
    """Return the panes of measures, and add their layers."""
    panes = []
    for number, one in enumerate(maps):
        values, name = largest_in_blocks(one.values, step), f"{key}-m{number}"
        scale, kind = _map_scale(values, one.kind)
        has_value = ~np.isnan(values)
        if has_value.any():
            layers[name] = encode_layer(scale.view(np.nan_to_num(values, posinf=scale.high)), has_value)
        description = f"{one.name}, {one.note}: colours from {in_digits(scale.low)} to {in_digits(scale.high)}"
        reading: dict[str, float | str] = {"low": scale.low, "high": scale.high, "kind": kind}
        panes.append(
            ShownPane(
                name, one.name, one.note, description, [name] * (name in layers), _bar(scale), True, reading=reading
            )
        )  # fmt: skip
    return panes


def _map_scale(values: NDArray[np.floating], kind: str) -> tuple[Scale, str]:
    """Return the colours of a measure, and the name of their map."""
    if kind == "probability":
        return Scale(0.0, 1.0, colour_maps.sequential()), "sequential"
    _, high = robust_limits(np.abs(values), (0.0, HIGHEST))
    if kind == "residual":
        return Scale(-high, high, colour_maps.diverging()), "diverging"
    return Scale(0.0, high, colour_maps.sequential()), "sequential"


def _bar(scale: Scale) -> Bar:
    middle = (scale.low + scale.high) / 2
    return Bar(gradient(scale), (in_digits(scale.low), in_digits(middle), in_digits(scale.high)))


def _hatch(
    made: Mask | None, missing: Mask | None, key: str, step: int, layers: dict[str, str], panes: list[ShownPane]
) -> str | None:
    """Add the stripes over made-up pixels, and a pane that tells where each pixel comes from; return their key."""
    if made is None or missing is None or not made.any():
        return None
    reduced = any_in_blocks(made, step)
    rows, columns = np.indices(reduced.shape)
    period = max(FEWEST, max(reduced.shape) // STRIPES)
    stripes = reduced & ((rows + columns) % period < max(1, period // 4))
    hatch, origin = f"{key}-made", f"{key}-origin"
    layers[hatch] = encode_layer(np.broadcast_to(MADE, (*reduced.shape, 3)), stripes)
    layers[origin] = encode_layer(np.where(reduced[..., None], MADE, EXPECTED), missing)
    note = "Blue: the expected value of what was measured around it. Green: made up of copies, not measured."
    share = f"{made.mean():.1%} of the pixels are made up"
    panes.append(
        ShownPane(origin, "Origin", note, f"Origin of each pixel: {share}", [origin], is_map=True, reading={"kind": ""})
    )
    return hatch
