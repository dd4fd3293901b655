"""A contact sheet: labelled panels of one page as damaged, as each method fills it, and in truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inrr_cli.imaging.preview import overlay, to_rgb
from inrr_cli.imaging.value_range import Pixels, ValueRange
from inrr_cli.masking import Mask
from inrr_cli.masking.samples import any_channel

if TYPE_CHECKING:
    from PIL import Image as PillowImage
    from PIL import ImageFont

PANEL = 320  # pixels, the longer side of a view: four of them fit a screen
COLUMNS = 4
GAP = 16  # pixels between panels
TEXT = 18  # pixels, the height of a line
CLOSE = 0.3  # of each side of the page, the most that a close look shows
CLOSE_LEAST = 64  # pixels: five times as large, single ones can be told
WHITE, BLACK, FRAME = (255, 255, 255), (0, 0, 0), (255, 0, 80)

View = NDArray[np.uint8]
Window = tuple[slice, slice]


@dataclass(frozen=True)
class Panel:
    """One page of the sheet: its title, a line on its measure, and an 8-bit RGB view (M, N, 3)."""

    title: str
    text: str
    view: View


def contrast_of(page: Pixels, known: Mask) -> ValueRange:
    """Return the values that are shown black and white: all of 8 bits, else the middle 99.8 % of the known samples."""
    if page.dtype == np.uint8:
        return ValueRange(0.0, 255.0)
    values = page[known].astype(np.float64)
    low, high = np.quantile(values, (0.001, 0.999))
    return ValueRange(float(low), float(high)) if high > low else ValueRange(float(low), float(low) + 1)


def view_of(pixels: Pixels, contrast: ValueRange, *, inverted: bool = False) -> View:
    """Return a view (M, N, 3) of 8 bits; of other numbers of channels than three the first is shown, NaN as black."""
    colours = pixels if pixels.ndim == 2 or pixels.shape[2] == 3 else pixels[..., 0]
    with np.errstate(invalid="ignore", over="ignore"):
        values = np.nan_to_num((colours.astype(np.float64) - contrast.low) / contrast.span, nan=0.0)
    view = np.round(255 * values.clip(0, 1)).astype(np.uint8)
    return to_rgb(~view if inverted else view)


def damaged_view(pixels: Pixels, missing: Mask, contrast: ValueRange, *, inverted: bool = False) -> View:
    """Return a view (M, N, 3) with the missing pixels in one strong colour."""
    return overlay(view_of(pixels, contrast, inverted=inverted), any_channel(missing), 1.0)


def largest_hole(missing: Mask) -> Window | None:
    """Return the surroundings of the largest hole of a mask (M, N[, C]), or of a part of it that fits the close look.

    None for a page so small that all of it is a close look.
    """
    from scipy import ndimage

    pixels = any_channel(missing)
    if max(pixels.shape) <= PANEL // 2:
        return None
    labels, _ = ndimage.label(pixels, np.ones((3, 3)))
    largest = int(np.bincount(labels[pixels]).argmax())
    own = np.argwhere(labels == largest)
    middle = own[np.abs(own - own.mean(0)).sum(1).argmin()]  # a ring has its centre outside
    spans = [
        _look(int(at), span, length)
        for at, span, length in zip(middle, ndimage.find_objects(labels)[largest - 1], pixels.shape, strict=True)
    ]
    return spans[0], spans[1]


def draw_sheet(panels: list[Panel], window: Window | None, heading: str) -> View:
    """Draw the panels in rows, each with its surroundings of a hole enlarged below, and return (H, W, 3) of uint8.

    Parameters
    ----------
    panels : list of Panel
        The damaged page first: it shows where the ``window`` lies. All views have one size.
    window : (slice, slice), optional
        Rows and columns to enlarge.
    heading : str
        What the measures are of.
    """
    from PIL import Image, ImageDraw

    drawn = [_draw_panel(panel, window, framed=number == 0) for number, panel in enumerate(panels)]
    width, height = drawn[0].size
    columns = min(COLUMNS, len(drawn))
    rows = -(-len(drawn) // columns)
    size = columns * (width + GAP) + GAP, rows * (height + GAP) + 2 * GAP + TEXT
    sheet = Image.new("RGB", size, WHITE)
    ImageDraw.Draw(sheet).text((GAP, GAP), heading, fill=BLACK, font=_font())
    for number, picture in enumerate(drawn):
        row, column = divmod(number, columns)
        sheet.paste(picture, (GAP + column * (width + GAP), 2 * GAP + TEXT + row * (height + GAP)))
    return np.asarray(sheet)


def _draw_panel(panel: Panel, window: Window | None, *, framed: bool) -> PillowImage.Image:
    """Draw a title, a measure, the whole view, and the surroundings of a hole."""
    from PIL import Image, ImageDraw

    whole, scale = _fit(panel.view)
    pictures = [whole]
    if window is not None:
        if framed:
            rows, columns = window
            box = [round(end * scale) for end in (columns.start, rows.start, columns.stop, rows.stop)]
            ImageDraw.Draw(whole).rectangle(box, outline=FRAME, width=2)
        pictures.append(_fit(panel.view[window])[0])
    texts = 2 * TEXT + 6
    drawn = Image.new("RGB", (PANEL, texts + sum(p.height for p in pictures) + GAP // 2 * (len(pictures) - 1)), WHITE)
    pen, top = ImageDraw.Draw(drawn), texts
    pen.text((0, 0), panel.title, fill=BLACK, font=_font(), stroke_width=0.4)
    pen.text((0, TEXT), panel.text, fill=BLACK, font=_font())
    for picture in pictures:
        drawn.paste(picture, (0, top))
        top += picture.height + GAP // 2
    return drawn


def _fit(view: View) -> tuple[PillowImage.Image, float]:
    """Return a view with its longer side as long as a panel, and the scale; enlarged pixels stay sharp squares."""
    from PIL import Image

    rows, columns = view.shape[:2]
    scale = PANEL / max(rows, columns)
    how = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    return Image.fromarray(np.ascontiguousarray(view)).resize(size, how), scale


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(TEXT - 4)


def _look(at: int, hole: slice, length: int) -> slice:
    """Return a span around a place with as much again on either side as the hole takes, not much of a length."""
    most = max(CLOSE_LEAST, round(CLOSE * length))
    size = min(length, most, max(CLOSE_LEAST, 3 * (hole.stop - hole.start)))
    start = min(max(0, at - size // 2), length - size)
    return slice(start, start + size)
