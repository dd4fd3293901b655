"""A decoded image file: pages of pixels, their alpha, and the file's metadata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inrr_cli.imaging.axes import Layout, group_pages, lay_out, plain_axes
from inrr_cli.imaging.metadata import Metadata
from inrr_cli.imaging.orientation import turn_back, turn_upright
from inrr_cli.imaging.value_range import Pixels


class PageSize(NamedTuple):
    """Size of a page as the file's header announces it, with the bytes that its pixels take in memory."""

    rows: int
    columns: int
    bytes: int


@dataclass(frozen=True)
class Picture:
    """Pages of an image file, upright.

    Attributes
    ----------
    pages : sequence of (M, N[, C]) ndarray
        Colours or other channels in the file's own type; a single channel has no axis. They are the planes of the
        layout: channels that the file stores on several pages are on one.
    alpha : list of (M, N) ndarray or None
        Opacity of each page, of the same type.
    metadata : Metadata
    stored_layout : Layout, optional
        Layout of the file that was read; None for a picture that was made.
    """

    pages: Sequence[Pixels]
    alpha: list[Pixels | None]
    metadata: Metadata
    stored_layout: Layout | None = None

    @property
    def layout(self) -> Layout:
        """Return what the axes of the file mean; without a file, the pages have nothing to do with one another."""
        if self.stored_layout is not None:
            return self.stored_layout
        stored = plain_axes(self.pages, self.alpha)
        return lay_out(stored, self.pages, self.alpha, group_pages(stored))

    @property
    def pixels(self) -> Pixels:
        """Return the first page."""
        return self.pages[0]

    @classmethod
    def of(cls, pixels: Pixels, format: str = "PNG") -> Picture:
        """Return a picture of one page without alpha or metadata."""
        return cls([pixels], [None], Metadata(format))

    def with_pages(self, pages: Sequence[Pixels], alpha: list[Pixels | None] | None = None) -> Picture:
        """Return this picture with other pages, and other alpha unless None."""
        return replace(self, pages=pages, alpha=self.alpha if alpha is None else alpha)

    def inverted(self) -> Picture:
        """Return a picture of integers whose 0 is white with 0 as black, which looks the same."""
        white = np.iinfo(self.pages[0].dtype).max
        pages = [white - page for page in self.pages]
        return replace(self, pages=pages, metadata=replace(self.metadata, white_is_zero=False))

    def as_held(self, pixels: Pixels, made: NDArray[np.bool_]) -> Pixels:
        """Return new pixels as the file can hold them, so that what is measured is what is written.

        They are rounded to the file's step. A sample that was ``made`` (as ``pixels``, or (M, N)) and equals the value
        of no data moves to the next value, for it would read as no data.
        """
        step, nodata = self.metadata.step, self.metadata.nodata
        if step is not None:
            pixels = (np.round(pixels / step) * step).astype(pixels.dtype)
        if nodata is None or np.isnan(nodata):
            return pixels
        taken = made.reshape(made.shape + (1,) * (pixels.ndim - made.ndim)) & equals(pixels, nodata)
        # a value that the type cannot hold, as a tag may say, has no next one
        return np.where(taken, _next_value(pixels.dtype, nodata), pixels) if taken.any() else pixels

    def page_with_alpha(self, number: int, *, stored_orientation: bool) -> Pixels:
        """Return a page (M, N[, C]) with its alpha as the last channel, upright or in its stored orientation."""
        pixels, alpha = self.pages[number], self.alpha[number]
        if alpha is not None:
            pixels = np.concatenate([np.atleast_3d(pixels), alpha[..., None]], 2)
        return turn_back(pixels, self.metadata.orientation) if stored_orientation else pixels


def equals(samples: Pixels, value: float) -> NDArray[np.bool_]:
    """Return which samples equal a value of no data, rounded to their type; NaN equals NaN. Integers are exact."""
    if np.issubdtype(samples.dtype, np.integer):
        limits = np.iinfo(samples.dtype)
        if not limits.min <= value <= limits.max or value != int(value):
            return np.zeros(samples.shape, bool)
        return np.asarray(samples == samples.dtype.type(int(value)))
    if np.isnan(value):
        return np.isnan(samples)
    if np.issubdtype(samples.dtype, np.floating):
        with np.errstate(over="ignore"):
            value = float(samples.dtype.type(value))  # -3.4028235e+38 in a tag is the lowest float32
    return np.asarray(samples == value)


def _next_value(dtype: np.dtype[Any], value: float) -> Any:
    """Return the value of a type above ``value``, or below where there is none above."""
    if np.issubdtype(dtype, np.integer):
        return dtype.type(value + 1 if value < np.iinfo(dtype).max else value - 1)
    with np.errstate(over="ignore"):
        return np.nextafter(dtype.type(value), dtype.type(0 if value > 0 else np.inf))


def split_alpha(stored: Pixels, has_alpha: bool, orientation: int) -> tuple[Pixels, Pixels | None]:
    """Split stored pixels (M, N[, C]) into upright colours and, from the last channel, alpha.

    A single channel of colour loses its axis.
    """
    if stored.ndim == 2:
        return turn_upright(stored, orientation), None
    colours = stored[..., :-1] if has_alpha else stored
    alpha = turn_upright(stored[..., -1], orientation) if has_alpha else None
    return turn_upright(colours[..., 0] if colours.shape[2] == 1 else colours, orientation), alpha
