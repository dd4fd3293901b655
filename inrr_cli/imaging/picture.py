"""A picture as its file holds it: pages of pixels, alpha, and what must come back with them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]


class Size(NamedTuple):
    """What a file announces of a page: its pixels and the bytes that they take in memory."""

    rows: int
    columns: int
    bytes: int


class PixelTransform(NamedTuple):
    """How a picture lies over the one it was made from: pixels to one of its, and its first column and row."""

    x: float = 1.0
    y: float = 1.0
    left: float = 0.0
    top: float = 0.0


EXIF_ORIENTATION = 0x0112
IDENTITY = PixelTransform()


@dataclass(frozen=True)
class Metadata:
    """What a file says of its pixels.

    Attributes
    ----------
    format : str
        "PNG", "JPEG", "WEBP", "BMP", "TIFF" or "NPY".
    orientation : int
        How the stored pixels are turned, 1 to 8 as in EXIF.
    icc_profile, exif, xmp : bytes or None
        As they are in the file.
    dpi : (float, float) or None
        Pixels to an inch, along x and y.
    nodata : float or None
        Value that stands for no data (the GDAL tag).
    lossy : bool
        Whether the file's pixels went through a lossy codec.
    step : float or None
        Distance of the values that the file can hold, where that is not one: 255 for one bit, 85 for two, 17 for four.
    white_is_zero : bool
        Whether low values are light.
    left_out : tuple of str
        What the file has and a file written from this will not have.
    details : dict
        What only that format has: PNG chunks, TIFF tags, JPEG tables.
    """

    format: str
    orientation: int = 1
    icc_profile: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    nodata: float | None = None
    lossy: bool = False
    step: float | None = None
    white_is_zero: bool = False
    left_out: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Picture:
    """Pages the way up a person sees them.

    Attributes
    ----------
    pages : list of (M, N[, C]) ndarray
        Colours or other channels, of the file's own type; a single channel has no axis.
    alpha : list of (M, N) ndarray or None
        Opacity of each page, of the same type.
    about : Metadata
    """

    pages: list[Pixels]
    alpha: list[Pixels | None]
    metadata: Metadata

    @property
    def pixels(self) -> Pixels:
        """The first page."""
        return self.pages[0]

    @classmethod
    def of(cls, pixels: Pixels, format: str = "PNG") -> Picture:
        """Return a picture of nothing but the pixels of one page."""
        return cls([pixels], [None], Metadata(format))

    def with_pages(self, pages: list[Pixels], alpha: list[Pixels | None] | None = None) -> Picture:
        """Return the same picture with other pixels."""
        return replace(self, pages=pages, alpha=self.alpha if alpha is None else alpha)

    def as_held(self, pixels: Pixels) -> Pixels:
        """Round new pixels to the values that the file can hold."""
        if self.metadata.step is None:
            return pixels
        return (np.round(pixels / self.metadata.step) * self.metadata.step).astype(pixels.dtype)

    def stored(self, number: int, *, turned: bool) -> Pixels:
        """Return a page (M, N[, C]) with its alpha as the last channel, ``turned`` as the file had it."""
        pixels, alpha = self.pages[number], self.alpha[number]
        if alpha is not None:
            pixels = np.concatenate([np.atleast_3d(pixels), alpha[..., None]], 2)
        return lay_down(pixels, self.metadata.orientation) if turned else pixels


# What a person sees for each EXIF orientation, and the way back.
_UPRIGHT: dict[int, Callable[[Pixels], Pixels]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[:, ::-1],
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a.swapaxes(0, 1)[::-1],
}
_BACK = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}


def upright(stored: Pixels, orientation: int) -> Pixels:
    """Turn stored pixels (M, N[, C]) the way up a person sees them."""
    return np.ascontiguousarray(_UPRIGHT[orientation](stored))


def lay_down(seen: Pixels, orientation: int) -> Pixels:
    """Undo `upright`."""
    return np.ascontiguousarray(_UPRIGHT[_BACK[orientation]](seen))


def split_alpha(pixels: Pixels, has_alpha: bool) -> tuple[Pixels, Pixels | None]:
    """Take the last of the channels (M, N, C) off as alpha; a single channel left loses its axis."""
    if pixels.ndim == 2:
        return pixels, None
    colours, alpha = (pixels[..., :-1], pixels[..., -1]) if has_alpha else (pixels, None)
    return (colours[..., 0] if colours.shape[2] == 1 else colours), alpha


def orientation_of(exif: bytes | None) -> int:
    """Orientation in a block of EXIF (with or without its "Exif" header), 1 if there is none that is valid."""
    found = _orientation_entry(exif)
    return found[1] if found is not None and found[1] in _UPRIGHT else 1


def upright_exif(exif: bytes | None) -> bytes | None:
    """Return the same EXIF, byte for byte, but for the orientation, which is 1."""
    found = _orientation_entry(exif)
    if found is None or exif is None:
        return exif
    place, _, order = found
    return exif[:place] + struct.pack(order + "H", 1) + exif[place + 2 :]


def _orientation_entry(exif: bytes | None) -> tuple[int, int, str] | None:
    """Where the orientation stands in a block of EXIF, its value, and the byte order."""
    if not exif:
        return None
    start = 6 if exif.startswith(b"Exif\0\0") else 0
    order = {b"II": "<", b"MM": ">"}.get(exif[start : start + 2])
    if order is None or len(exif) < start + 8:
        return None
    directory = start + struct.unpack_from(order + "I", exif, start + 4)[0]
    if directory + 2 > len(exif):
        return None
    for number in range(struct.unpack_from(order + "H", exif, directory)[0]):
        entry = directory + 2 + 12 * number
        if entry + 12 > len(exif):
            return None
        tag, kind, count, value = struct.unpack_from(order + "HHIH", exif, entry)
        if (tag, kind, count) == (EXIF_ORIENTATION, 3, 1):
            return entry + 8, value, order
    return None
