"""Look an image through for its missing samples: which tiles hold some, and what else must be known of the whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inrr_cli.batch.calls import Call, Executor
from inrr_cli.errors import InputError, TileError
from inrr_cli.imaging.windows.spans import windows
from inrr_cli.inpainting.tiles import KNOWN_FRACTION, MARGIN
from inrr_cli.masking import Mask
from inrr_cli.masking.samples import any_channel, is_of_pixels
from inrr_cli.masking.windows import MaskedImage
from inrr_cli.settings import Settings

STEP = 1024  # rows and columns of the windows in which known samples are counted
LARGEST_WINDOW = 2**27  # pixels around a tile, among which KNOWN_FRACTION must be known

Span = tuple[int, int]
Channels = int | tuple[int, ...] | None


class Tile(NamedTuple):
    """A tile with missing samples.

    Attributes
    ----------
    top, left : int
        Its first row and column.
    rows, columns : (int, int)
        First and last + 1 of its window, which has a margin.
    channels : int, tuple of int, or None
        One channel to fill by itself, those to fill together, or None for all.
    """

    top: int
    left: int
    rows: Span
    columns: Span
    channels: Channels

    @property
    def name(self) -> str:
        """What messages and files call it."""
        return f"{self.top}-{self.left}" + ("" if not isinstance(self.channels, int) else f"-{self.channels}")


@dataclass
class Tally:
    """How much some masks mark together.

    Attributes
    ----------
    pixels, samples : int
        Pixels with a marked sample, and marked samples.
    of_pixels : bool
        Whether all masks are the same in all channels.
    """

    pixels: int = 0
    samples: int = 0
    of_pixels: bool = True

    def add(self, mask: Mask) -> None:
        """Count a mask (h, w[, C])."""
        if mask.any():
            self.pixels += int(any_channel(mask).sum())
            self.samples += int(mask.sum())
            self.of_pixels = self.of_pixels and is_of_pixels(mask)

    def join(self, other: Tally) -> None:
        """Count what another one has counted."""
        self.pixels += other.pixels
        self.samples += other.samples
        self.of_pixels = self.of_pixels and other.of_pixels

    def __str__(self) -> str:
        return f"{self.pixels:,} pixels" if self.of_pixels else f"{self.samples:,} samples"


@dataclass
class Facts:
    """What is known of an image, or of some rows of it.

    Attributes
    ----------
    missing : Tally
        Samples to fill.
    known : (C,) ndarray of int
        Number of known samples in each channel.
    unusable : dict
        From what samples outside the mask are, and the source that selects them, to how many there are.
    low, high : float
        Of the known samples of floats.
    tiles : list of (int, int, (C,) ndarray, (C,) ndarray)
        First row and column of each tile with missing samples, and the numbers of its missing and its known ones.
    """

    known: NDArray[np.int64]
    missing: Tally = field(default_factory=Tally)
    unusable: dict[tuple[str, str], Tally] = field(default_factory=dict)
    low: float = np.inf
    high: float = -np.inf
    tiles: list[tuple[int, int, NDArray[np.int64], NDArray[np.int64]]] = field(default_factory=list)

    def join(self, other: Facts) -> None:
        """Add what is known of other rows."""
        self.missing.join(other.missing)
        self.known = self.known + other.known
        for kind, tally in other.unusable.items():
            self.unusable.setdefault(kind, Tally()).join(tally)
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.tiles += other.tiles


def scan(masked: MaskedImage, tile: int, executor: Executor) -> Facts:
    """Look through an image whose tiles have ``tile`` rows and columns."""
    calls = (Call(f"rows {top}", scan_row, (masked, tile, top)) for top in range(0, masked.image.shape[0], tile))
    facts = Facts(np.zeros(masked.image.shape[2:] or (1,), np.int64))
    for part in results(executor, calls):
        facts.join(part)
    facts.tiles.sort(key=lambda found: found[:2])
    return facts


def scan_row(masked: MaskedImage, tile: int, top: int) -> Facts:
    """Return what is known of the tiles from the row ``top``; workers call this."""
    rows, columns, *_ = masked.image.shape
    facts = Facts(np.zeros(masked.image.shape[2:] or (1,), np.int64))
    for left in range(0, columns, tile):
        window = slice(top, min(rows, top + tile)), slice(left, min(columns, left + tile))
        picture, selected = masked.select(*window)
        known = _count(~(selected.missing | selected.ignored))
        facts.known += known
        facts.missing.add(selected.missing)
        for mask, *kind in selected.kinds:
            facts.unusable.setdefault((kind[0], kind[1]), Tally()).add(mask)
        if picture is not None and picture.pixels.dtype.kind == "f" and known.any():
            values = picture.pixels[~(selected.missing | selected.ignored)]
            facts.low, facts.high = min(facts.low, float(values.min())), max(facts.high, float(values.max()))
        if selected.missing.any():
            facts.tiles.append((top, left, _count(selected.missing), known))
    return facts


def plan_tiles(masked: MaskedImage, facts: Facts, settings: Settings, executor: Executor) -> list[Tile]:
    """Return the tiles to fill, as `inrr_cli.inpainting.tiles.tile_windows` would find them, in its order.

    Raises
    ------
    InputError
        If too little is known around a tile.
    """
    assert settings.tile is not None
    tiles: list[Tile] = []
    unsure: list[int] = []
    for channels in _groups(masked, facts, settings):
        chosen = list(range(len(facts.known))) if channels is None else np.atleast_1d(channels).tolist()
        for top, left, missing, known in facts.tiles:
            if not missing[chosen].any():
                continue
            found = _tile(masked, top, left, settings.tile, MARGIN, channels)
            area = (found.rows[1] - found.rows[0]) * (found.columns[1] - found.columns[0])
            if known[chosen].min() / area <= KNOWN_FRACTION:  # in the tile alone: the margin must be looked at
                unsure.append(len(tiles))
            tiles.append(found)
    calls = (Call(str(number), find_window, (masked, settings.tile, tiles[number], number)) for number in unsure)
    for number, found in results(executor, calls):
        tiles[number] = found
    return tiles


def find_window(masked: MaskedImage, side: int, tile: Tile, number: int) -> tuple[int, Tile]:
    """Return a tile, with its number, whose window is wide enough for some samples of it to be known."""
    margin, longest = MARGIN, max(masked.image.shape[:2])
    while True:
        found = _tile(masked, tile.top, tile.left, side, margin, tile.channels)
        area = (found.rows[1] - found.rows[0]) * (found.columns[1] - found.columns[0])
        if _count_known(masked, found).min() / area > KNOWN_FRACTION or margin > longest:
            return number, found
        if area > LARGEST_WINDOW:
            raise InputError(
                f"too little is known around row {tile.top}, column {tile.left} to fill it by window: leave that out "
                "of the mask, or fill a smaller copy of the image first"
            )
        margin *= 2


def results(executor: Executor, calls: Iterable[Call]) -> Iterator[Any]:
    """Yield what calls return.

    Raises
    ------
    TileError
        If one does not return.
    """
    for outcome in executor.run(calls):
        if outcome.failure:
            raise TileError(outcome.failure)
        yield outcome.value


def _groups(masked: MaskedImage, facts: Facts, settings: Settings) -> list[Channels]:
    """Return which channels are filled together; those of which nothing is known are left out."""
    shape = masked.image.shape
    if len(shape) == 2 or (facts.known.all() and not settings.per_channel):
        return [None]
    known = tuple(np.flatnonzero(facts.known).tolist())
    return [*known] if settings.per_channel else [known]


def _tile(masked: MaskedImage, top: int, left: int, side: int, margin: int, channels: Channels) -> Tile:
    rows, columns = masked.image.shape[:2]
    vertical = max(0, top - margin), min(rows, top + side + margin)
    horizontal = max(0, left - margin), min(columns, left + side + margin)
    return Tile(top, left, vertical, horizontal, channels)


def _count_known(masked: MaskedImage, tile: Tile) -> NDArray[np.int64]:
    """Return the numbers of known samples in the window of a tile, in each of its channels."""
    (first, last), (start, end) = tile.rows, tile.columns
    total = np.zeros(masked.image.shape[2:] or (1,), np.int64)
    for rows, columns in windows((last - first, end - start), STEP):
        part = slice(first + rows.start, first + rows.stop), slice(start + columns.start, start + columns.stop)
        selected = masked.select(*part)[1]
        total += _count(~(selected.missing | selected.ignored))
    return total if tile.channels is None else total[np.atleast_1d(tile.channels)]


def _count(mask: Mask) -> NDArray[np.int64]:
    """Return the number of marked samples in each channel (C,) of a mask (h, w[, C])."""
    return np.asarray(np.atleast_3d(mask).sum((0, 1)), np.int64)
