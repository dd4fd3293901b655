"""A decoded image file: pages of pixels, their alpha, and the file's metadata."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

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
    pages : list of (M, N[, C]) ndarray
        Colours or other channels in the file's own type; a single channel has no axis.
    alpha : list of (M, N) ndarray or None
        Opacity of each page, of the same type.
    metadata : Metadata
    """

    pages: list[Pixels]
    alpha: list[Pixels | None]
    metadata: Metadata

    @property
    def pixels(self) -> Pixels:
        """Return the first page."""
        return self.pages[0]

    @classmethod
    def of(cls, pixels: Pixels, format: str = "PNG") -> Picture:
        """Return a picture of one page without alpha or metadata."""
        return cls([pixels], [None], Metadata(format))

    def with_pages(self, pages: list[Pixels], alpha: list[Pixels | None] | None = None) -> Picture:
        """Return this picture with other pages, and other alpha unless None."""
        return replace(self, pages=pages, alpha=self.alpha if alpha is None else alpha)

    def round_to_step(self, pixels: Pixels) -> Pixels:
        """Round new pixels to the values that the file can hold."""
        step = self.metadata.step
        return pixels if step is None else (np.round(pixels / step) * step).astype(pixels.dtype)

    def page_with_alpha(self, number: int, *, stored_orientation: bool) -> Pixels:
        """Return a page (M, N[, C]) with its alpha as the last channel, upright or in its stored orientation."""
        pixels, alpha = self.pages[number], self.alpha[number]
        if alpha is not None:
            pixels = np.concatenate([np.atleast_3d(pixels), alpha[..., None]], 2)
        return turn_back(pixels, self.metadata.orientation) if stored_orientation else pixels


def split_alpha(stored: Pixels, has_alpha: bool, orientation: int) -> tuple[Pixels, Pixels | None]:
    """Split stored pixels (M, N[, C]) into upright colours and, from the last channel, alpha.

    A single channel of colour loses its axis.
    """
    if stored.ndim == 2:
        return turn_upright(stored, orientation), None
    colours = stored[..., :-1] if has_alpha else stored
    alpha = turn_upright(stored[..., -1], orientation) if has_alpha else None
    return turn_upright(colours[..., 0] if colours.shape[2] == 1 else colours, orientation), alpha
