"""An image file that is opened to be read by window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from inrr_cli.imaging.metadata import Metadata
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.imaging.windows.samples import Samples

Span = tuple[int, int]


@dataclass(frozen=True)
class Layout:
    """The segments in which a TIFF stores an image.

    Attributes
    ----------
    segment : (int, int)
        Rows and columns of a tile or a strip.
    planes : int
        1 if a segment holds all channels, else their number.
    encoded : callable
        From the number of a segment to its bytes in the file, empty for one that the file leaves out.
    """

    segment: tuple[int, int]
    planes: int
    encoded: Callable[[int], bytes]


@dataclass(frozen=True)
class WindowedImage:
    """An image of one page that is read by window.

    Attributes
    ----------
    path : Path
        A file, or the folder of a Zarr array.
    samples : Samples
        All that is stored; opacity is the last channel.
    metadata : Metadata
        ``format`` is "TIFF", "NPY" or "ZARR".
    has_alpha : bool
    layout : Layout, optional
        Of a TIFF whose segments could be copied as they are.
    """

    path: Path
    samples: Samples
    metadata: Metadata
    has_alpha: bool = False
    layout: Layout | None = field(default=None, compare=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows, columns and, if there are several, channels without opacity."""
        rows, columns, *channels = self.samples.shape
        count = (channels[0] if channels else 1) - self.has_alpha
        return (rows, columns) if not channels or (self.has_alpha and count == 1) else (rows, columns, count)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the samples."""
        return self.samples.dtype

    def read(self, rows: slice, columns: slice) -> Picture:
        """Return a window as a picture of one page with the metadata of the whole."""
        return self.picture_of(self.samples.read(rows, columns))

    def template(self) -> Picture:
        """Return a picture like the whole image, without its pixels: they are all 0 and take no memory."""
        return self.picture_of(np.broadcast_to(self.dtype.type(0), self.samples.shape))

    def picture_of(self, stored: Pixels) -> Picture:
        """Return stored samples (h, w[, C]) as a picture: opacity apart, a single channel without an axis."""
        alpha = stored[..., -1] if self.has_alpha else None
        colours = stored[..., :-1] if self.has_alpha else stored
        if colours.ndim == 3 and len(self.shape) == 2:
            colours = colours[..., 0]
        return Picture([colours], [alpha], self.metadata)
