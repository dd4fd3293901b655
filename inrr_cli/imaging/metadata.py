"""What an image file holds beside its pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from inrr_cli.imaging.axes import StoredAxes


class PixelTransform(NamedTuple):
    """How the grid of an output relates to the grid of its source.

    Attributes
    ----------
    x, y : float
        Output pixels per source pixel along columns and rows.
    left, top : float
        Column and row of the output's first pixel on the scaled source, in output pixels.
    """

    x: float = 1.0
    y: float = 1.0
    left: float = 0.0
    top: float = 0.0


IDENTITY = PixelTransform()


@dataclass(frozen=True)
class Metadata:
    """Metadata of an image file.

    Attributes
    ----------
    format : str
        "PNG", "JPEG" and so on: a value of `inrr_cli.imaging.writing.FORMATS`, or "PBM", "GIF" or "AVIF".
    orientation : int
        EXIF orientation of the stored pixels, 1 to 8.
    icc_profile, exif, xmp : bytes or None
        Blocks as the file holds them.
    dpi : (float, float) or None
        Pixels per inch along columns and rows.
    nodata : float or None
        Value of pixels without data (GDAL's TIFF tag).
    lossy : bool
        Whether a lossy codec changed the pixels.
    step : float or None
        Distance between the values that the file can hold if it is not 1: 255 for 1 bit, 85 for 2 bits, 17 for 4 bits.
    white : float or None
        Value of white if it is not the highest of the type.
    white_is_zero : bool
        Whether low values are light.
    left_out : tuple of str
        Parts of the file that a file written from it will lack.
    stored_axes : StoredAxes or None
        Axes of the pages as they are stored, if the file says them.
    details : dict
        What only this format has: PNG chunks, TIFF tags, JPEG tables.
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
    white: float | None = None
    white_is_zero: bool = False
    left_out: tuple[str, ...] = ()
    stored_axes: StoredAxes | None = None
    details: dict[str, Any] = field(default_factory=dict)
