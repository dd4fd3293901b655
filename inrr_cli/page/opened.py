"""The image that is painted on, and the work on it: the same as that of ``inrr inpaint`` with the saved mask."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from inrr_cli.batch.naming import NameTemplate
from inrr_cli.cli.inpainting_job import InpaintingJob, make_stack
from inrr_cli.cli.outputs import OutputOptions
from inrr_cli.cli.restoring import Restoring
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.masking import Mask
from inrr_cli.masking.from_image import SOURCES
from inrr_cli.masking.selection import MaskOptions, Selection, select_missing
from inrr_cli.page.contrast import Extent, measure_extent
from inrr_cli.settings import Settings

RESTORED = NameTemplate("{stem}_restored{suffix}")  # as `inrr inpaint` names it
ALWAYS_FOUND = ("lines", "dead", "scratches")  # in an image of any kind


def notes_of(messages: list[tuple[bool, str]]) -> list[str]:
    """Return what `collect_messages` has collected as notes for the page."""
    return [text.removeprefix("inrr: ").removeprefix("warning: ") for _, text in messages]


@dataclass(frozen=True, eq=False)
class OpenedImage:
    """An image and the page of it that is painted on.

    Attributes
    ----------
    path : Path
        As it was given.
    picture : Picture
    number : int
        Of the page, from 0.
    mask : (M, N) ndarray of bool
        Pixels to fill that were known at the start.
    max_pixels, axes : int, str or None
        As in `read_picture`.
    notes : list of str
        What the user is told of the image.
    """

    path: Path
    picture: Picture
    number: int
    mask: Mask
    max_pixels: int
    axes: str | None
    notes: list[str]

    @property
    def pixels(self) -> Pixels:
        """The page (M, N[, C])."""
        return self.picture.pages[self.number]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the page."""
        rows, columns = self.pixels.shape[:2]
        return rows, columns

    @cached_property
    def extent(self) -> Extent:
        """What is proposed as the contrast, and the extreme values."""
        return measure_extent(self.picture, self.number)

    @property
    def sources(self) -> list[str]:
        """Names of the masks that can be found in an image of this kind."""
        applies = {
            "nan": np.issubdtype(self.pixels.dtype, np.floating),
            "nodata": self.picture.metadata.nodata is not None,
            "alpha": self.picture.alpha[self.number] is not None,
        } | dict.fromkeys(ALWAYS_FOUND, True)
        return [source for source in SOURCES if applies.get(source, False)]

    def command(self, settings: Settings) -> Restoring:
        """Return the options of the command that does the same."""
        options = OutputOptions(
            file_format=None,
            quality=None,
            as_json=False,
            keep_partial=False,
            max_pixels=self.max_pixels,
            data_range=None,
            name=RESTORED,
            dry_run=False,
        )
        return Restoring(settings, options)

    def select(self, mask: Mask, settings: Settings) -> Selection:
        """Return the pages with what a mask (M, N) of the page that is painted on says of them."""
        every = range(len(self.picture.pages)) if settings.uses_neighbours else [self.number]
        pages = self.picture.pages
        masks = [mask if n == self.number else np.zeros(pages[n].shape[:2], bool) for n in every]
        return select_missing(masks, self.picture, list(every), MaskOptions())

    def job(self, found: Selection, settings: Settings, *, mask_name: str, variants: int = 1) -> InpaintingJob:
        """Return the work of filling what was selected with a mask of this name."""
        stack = make_stack(self.picture, found, [self.number], settings)
        lack = "nothing is painted: mark the pixels to fill first"
        return InpaintingJob(stack, [mask_name], self.command(settings), lack, variants=variants)
