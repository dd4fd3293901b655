"""Tiles of a page as the screen shows them, at full size or reduced; of large images only what is asked for."""

from __future__ import annotations

import io
import os
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.preview import shown_channels
from inrr_cli.imaging.value_range import Pixels, full_scale
from inrr_cli.page.contrast import SHOWN_MAXIMUM, Contrast, Extent, as_numbers, to_colours, to_levels
from inrr_cli.page.versions import GoneError, Version

TILE = 512  # pixels on a side
# rows that are reduced at a time, for what is in the processor's cache is reduced fast; a multiple of the factors of
# images of up to 2**18 pixels on a side
BAND = 512
KEPT_TILES = 48  # of filled pages before their contrast, at most 3 MB each: two screens full

Values = NDArray[np.float32] | NDArray[np.uint8]  # (M, N[, 3]); of 8 bits as they are, else as `as_numbers` returns


def reduce(values: Values, factor: int) -> Values:
    """Return the means of squares of ``factor`` pixels on a side; at the border, and beside NaN, of what is there."""
    if factor == 1:
        return values
    if values.dtype == np.uint8:
        return np.asarray(Image.fromarray(np.ascontiguousarray(values)).reduce(factor))
    channels = np.atleast_3d(values)
    means = [_reduce_channel(np.ascontiguousarray(channels[..., index]), factor) for index in range(channels.shape[2])]
    return np.stack(means, 2) if values.ndim == 3 else means[0]


def _reduce_channel(values: Pixels, factor: int) -> NDArray[np.float32]:
    finite = np.isfinite(values)
    if finite.all():
        return np.asarray(Image.fromarray(values).reduce(factor))
    sums, weights = (
        np.asarray(Image.fromarray(part).reduce(factor))
        for part in (np.where(finite, values, np.float32(0)), finite.astype(np.float32))
    )
    with np.errstate(invalid="ignore"):
        return np.asarray(sums / weights, np.float32)  # 0 / 0 is NaN where nothing is finite


Place = tuple[int, int, int]  # level, row and column of a tile


class Views:
    """The views of a page and of its fills.

    Parameters
    ----------
    picture : Picture
    number : int
        Of the page, from 0.
    extent : Extent
        Of its values.

    Attributes
    ----------
    levels : int
        Number of levels; each has half the rows and columns of the one before, and the last is one tile.
    """

    def __init__(self, picture: Picture, number: int, extent: Extent) -> None:
        self._page, self._alpha = shown_channels(picture.pages[number]), picture.alpha[number]
        self._is_inverted, self._stored_page = picture.metadata.white_is_zero, picture.pages[number]
        low = extent.proposed.low
        self._offset = 0.0 if self._page.dtype == np.uint8 or abs(low) > SHOWN_MAXIMUM else low
        self.levels = max(0, (max(self._page.shape[:2]) - 1) // TILE).bit_length() + 1
        self._lock = Lock()
        self._reduced: dict[int, tuple[Values, Values | None]] = {}
        self._filled: OrderedDict[tuple[int, ...], Values] = OrderedDict()

    def image_tile(self, place: Place, contrast: Contrast) -> bytes:
        """Return a tile of the page as a PNG.

        Raises
        ------
        GoneError
            If there is no such tile.
        """
        return self._encode(self._values(place), place, contrast)

    def filled_tile(self, version: Version, variant: int, place: Place, contrast: Contrast) -> bytes:
        """Return a tile of the page with what a variant of a version has filled in, as a PNG."""
        version.check(variant)
        key = (version.number, variant, *place)
        with self._lock:
            values = self._filled.pop(key, None)
        if values is None:

            def part(rows: slice, columns: slice) -> Values:
                return self._numbers(shown_channels(version.part_of(self._stored_page, rows, columns, variant)))

            values = self._replace(self._values(place), place, version, part)
        with self._lock:
            self._filled[key] = values
            while len(self._filled) > KEPT_TILES:
                self._filled.popitem(last=False)
        return self._encode(values, place, contrast)

    def sigma_tile(self, version: Version, place: Place) -> bytes:
        """Return a tile of the error bars of a version as colours, transparent where nothing was filled, as a PNG.

        Raises
        ------
        GoneError
            If the version has no error bars, or there is no such tile.
        """
        sigma, high = version.sigma_of_pixels, version.sigma_high
        if sigma is None or high is None:
            raise GoneError("this fill has no error bar")
        shares = np.clip(sigma / np.float32(high), 0, 1)

        def part(rows: slice, columns: slice) -> Values:
            target = np.full((rows.stop - rows.start, columns.stop - columns.start), np.nan, np.float32)
            version.insert(target, rows, columns, shares)
            return target

        rows, columns = self._cells(place)
        nothing = np.full((rows.stop - rows.start, columns.stop - columns.start), np.nan, np.float32)
        replaced = self._replace(nothing, place, version, part)
        return _to_png(to_colours(np.asarray(replaced, np.float32)))

    def _replace(self, tile: Values, place: Place, version: Version, part: Callable[[slice, slice], Values]) -> Values:
        """Return a tile whose cells in the window of a version are made again, of ``part`` of the page at full size."""
        factor, window = 2 ** place[0], version.window
        rows, columns = self._cells(place)
        top, left = max(rows.start, window.top // factor), max(columns.start, window.left // factor)
        bottom = min(rows.stop, -(-(window.top + window.height) // factor))
        right = min(columns.stop, -(-(window.left + window.width) // factor))
        if top >= bottom or left >= right:
            return tile
        height, width = self._page.shape[:2]
        replaced, inside = tile.copy(), np.s_[top - rows.start : bottom - rows.start, left - columns.start :]
        full = part(slice(top * factor, min(height, bottom * factor)), slice(left * factor, min(width, right * factor)))
        replaced[inside][:, : right - left] = reduce(full, factor)
        return replaced

    def _values(self, place: Place) -> Values:
        """Return the values of a tile."""
        part = self._cells(place)
        return self._levels()[place[0]][0][part] if place[0] else self._numbers(self._page[part])

    def _opacity(self, place: Place) -> Values | None:
        """Return the opacity of a tile in 8 bits, None if the page has none."""
        if self._alpha is None:
            return None
        part = self._cells(place)
        if place[0] == 0:
            return _to_8_bits(self._alpha[part])
        opacity = self._levels()[place[0]][1]
        return None if opacity is None else opacity[part]

    def _levels(self) -> dict[int, tuple[Values, Values | None]]:
        """Return the values and the opacity of all reduced levels, which are made when one is needed first."""
        with self._lock:
            if not self._reduced:
                with ThreadPoolExecutor(os.cpu_count(), "levels") as pool:
                    bands = list(pool.map(self._reduce_band, range(0, len(self._page), BAND)))
                self._reduced = {
                    level + 1: (_join([values for values, _ in parts]), _join([opacity for _, opacity in parts]))
                    for level, parts in enumerate(zip(*bands, strict=True))
                }
            return self._reduced

    def _reduce_band(self, top: int) -> list[tuple[Values, Values | None]]:
        """Return the values and the opacity of a band of rows at each reduced level."""
        rows = slice(top, top + BAND)
        values = self._numbers(self._page[rows])
        opacity = None if self._alpha is None else _to_8_bits(self._alpha[rows])
        factors = [2**level for level in range(1, self.levels)]
        return [(reduce(values, by), None if opacity is None else reduce(opacity, by)) for by in factors]

    def _numbers(self, pixels: Pixels) -> Values:
        return pixels if pixels.dtype == np.uint8 else as_numbers(pixels, self._offset)

    def _cells(self, place: Place) -> tuple[slice, slice]:
        """Return the rows and columns of a tile at its level."""
        level, row, column = place
        height, width = self._page.shape[:2] if 0 <= level < self.levels else (0, 0)
        rows, columns = (-(-size // 2 ** max(0, level)) for size in (height, width))
        if not (0 <= row * TILE < rows and 0 <= column * TILE < columns):
            raise GoneError(f"there is no tile at level {level}, row {row}, column {column}")
        return (
            slice(row * TILE, min(rows, (row + 1) * TILE)),
            slice(column * TILE, min(columns, (column + 1) * TILE)),
        )

    def _encode(self, values: Values, place: Place, contrast: Contrast) -> bytes:
        """Return values as a PNG in a contrast; what is no number in all channels is transparent, as is the page."""
        shifted = Contrast(contrast.low - self._offset, contrast.high - self._offset)
        if values.dtype == np.uint8 and shifted == (0.0, 255.0) and not self._is_inverted:
            levels = np.asarray(values, np.uint8)
        else:
            levels = to_levels(np.asarray(values, np.float32), shifted, is_inverted=self._is_inverted)
        opacity, lost = self._opacity(place), np.isnan(np.atleast_3d(values)).all(2)
        if opacity is None and not lost.any():
            return _to_png(levels)
        visible = np.full(lost.shape, 255, np.uint8) if opacity is None else opacity
        return _to_png(np.concatenate([np.atleast_3d(levels), np.where(lost, 0, visible)[..., None]], 2))


def _join(bands: list[Values] | list[Values | None]) -> Any:
    """Return bands of rows as one array, None if there are none."""
    return None if bands[0] is None else np.concatenate(bands)  # type: ignore[arg-type]


def _to_8_bits(alpha: Pixels) -> NDArray[np.uint8]:
    """Return an opacity as 0 to 255."""
    shares = np.nan_to_num(alpha / np.float32(full_scale(alpha.dtype)), nan=0.0).clip(0, 1)
    return np.asarray(np.round(shares * np.float32(255)), np.uint8)


def _to_png(levels: NDArray[np.uint8]) -> bytes:
    """Encode (M, N[, 2 to 4]) as a PNG, fast: it does not leave this machine."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(levels)).save(file, "PNG", compress_level=1)
    return file.getvalue()
