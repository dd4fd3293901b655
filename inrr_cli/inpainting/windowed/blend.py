"""Join the tiles: where several have filled a sample, their weighted mean counts, so that there are no seams."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inrr_cli.imaging.value_range import cast
from inrr_cli.imaging.windows.image import WindowedImage
from inrr_cli.imaging.windows.samples import Cache
from inrr_cli.inpainting.tiles import MARGIN
from inrr_cli.inpainting.windowed.scan import Tile
from inrr_cli.inpainting.windowed.spool import Filled, Spool
from inrr_cli.masking import Mask
from inrr_cli.solvers.blend_tiles import ramp_weights

CACHE = 64 * 2**20  # bytes of tiles that were read


class Block(NamedTuple):
    """A window (h, w[, C]) of the result.

    Attributes
    ----------
    filled : ndarray of bool
        Samples that were filled.
    values : (n,) ndarray
        Those samples, in the type of the image.
    sigma : (n,) ndarray of float32
        One standard deviation of each.
    """

    filled: Mask
    values: NDArray[Any]
    sigma: NDArray[np.float32]


class Blend:
    """The filled samples of all tiles.

    Parameters
    ----------
    image : WindowedImage
    tiles : list of Tile
        In the order in which their values are added.
    spool : Spool
        That holds all of them.
    """

    def __init__(self, image: WindowedImage, tiles: list[Tile], spool: Spool) -> None:
        self.image, self.tiles, self.spool = image, tiles, spool
        spans = [(*tile.rows, *tile.columns) for tile in tiles]
        self._spans: NDArray[np.int64] = np.array(spans, np.int64).reshape(-1, 4)
        self._cache: Cache[Filled] = Cache(CACHE, lambda filled: sum(array.nbytes for array in filled))
        self._near = slice(0), np.empty(0, np.int64)

    def touches(self, rows: slice, columns: slice) -> bool:
        """Return whether a tile may have filled a sample in a window."""
        return bool(len(self._touching(rows, columns)))

    def block(self, rows: slice, columns: slice) -> Block:
        """Return what was filled in a window: the sums that `inpaint_tiles` forms, in its order."""
        shape = (rows.stop - rows.start, columns.stop - columns.start, *(self.image.shape[2:] or (1,)))
        values, sigmas, weights = (np.zeros(shape) for _ in range(3))
        for number in self._touching(rows, columns):
            tile = self.tiles[number]
            place, filled = self._inside(number, rows, columns)
            region = tuple((0, side) for side in self.image.shape[:2])
            weight = ramp_weights((tile.rows, tile.columns), region, MARGIN)  # type: ignore[arg-type]
            part = weight[place[0] + rows.start - tile.rows[0], place[1] + columns.start - tile.columns[0]]
            values[place] += part * np.where(np.isfinite(filled.values), filled.values, 0)
            sigmas[place] += part * filled.sigma
            weights[place] += part
        made = weights > 0
        mean = cast(values[made] / weights[made], self.image.dtype)
        sigma = (sigmas[made] / weights[made]).astype(np.float32)
        return Block(made.reshape((*shape[:2], *self.image.shape[2:])), mean, sigma)

    def _touching(self, rows: slice, columns: slice) -> NDArray[np.int64]:
        """Return the numbers of the tiles whose windows overlap a window, in order."""
        if self._near[0] != rows:
            self._near = rows, np.flatnonzero((self._spans[:, 0] < rows.stop) & (self._spans[:, 1] > rows.start))
        near = self._near[1]
        spans = self._spans[near]
        return np.asarray(near[(spans[:, 2] < columns.stop) & (spans[:, 3] > columns.start)])

    def _inside(self, number: int, rows: slice, columns: slice) -> tuple[tuple[NDArray[Any], ...], Filled]:
        """Return the samples that a tile has filled in a window, and their rows, columns and channels there."""
        tile = self.tiles[number]
        filled = self._cache.get(number, lambda: self.spool.read(tile))
        channels = self._channels(tile)
        shape = (tile.rows[1] - tile.rows[0], tile.columns[1] - tile.columns[0], len(channels))
        row, column, channel = np.unravel_index(filled.places, shape)
        row, column = row + (tile.rows[0] - rows.start), column + (tile.columns[0] - columns.start)
        high, wide = rows.stop - rows.start, columns.stop - columns.start
        here = (row >= 0) & (row < high) & (column >= 0) & (column < wide)
        place = row[here], column[here], channels[channel[here]]
        return place, Filled(*(array[here] for array in filled))

    def _channels(self, tile: Tile) -> NDArray[np.int64]:
        """Return the numbers of the channels that a tile has filled."""
        count = (self.image.shape[2:] or (1,))[0]
        return np.arange(count) if tile.channels is None else np.atleast_1d(np.array(tile.channels))
