"""The pages of an image file to fill, and the pictures that come of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import InputError
from inrr_cli.imaging.made_pages import MadePages
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.preview import overlay, to_8_bits
from inrr_cli.imaging.value_range import Pixels, ValueRange, full_scale, measured_range
from inrr_cli.inpainting.stack_mode import Sequences
from inrr_cli.masking.samples import all_channels, any_channel, find_lost_channel, is_of_pixels
from inrr_cli.masking.selection import Page
from inrr_cli.result import Result


@dataclass(frozen=True)
class Stack:
    """The pages of a picture that have missing samples.

    Attributes
    ----------
    picture : Picture
    pages : list of Page
        Those with a sample to fill.
    selected : list of int
        All pages that were asked for, from 0.
    others : list of Page
        The other pages, to learn from.
    sequences : dict
        Pages that may belong together, see `find_sequences`.
    """

    picture: Picture
    pages: list[Page]
    selected: list[int]
    others: list[Page] = field(default_factory=list)
    sequences: Sequences = field(default_factory=dict)

    @property
    def missing_pixels(self) -> int:
        """Number of pixels with a sample to fill."""
        return sum(int(any_channel(page.missing).sum()) for page in self.pages)

    @property
    def missing_samples(self) -> int:
        """Number of samples to fill."""
        return sum(int(page.missing.sum()) for page in self.pages)

    def value_range(self, given: ValueRange | None) -> ValueRange:
        """Return the range whose width is the peak of a PSNR over all pages: the one ``given``, or that of the data.

        Raises
        ------
        InputError
            If no pixel of a page is known, or no sample of a channel that has some to fill.
        """
        known = [page for page in self.pages if page.known.any()]
        if self.sequences:  # a page may be filled from others
            known = known or [page for page in self.others if page.known.any()]
        if not self.sequences or not known:
            self._check_known()
        ranges = [measured_range(page.pixels, page.known, given) for page in known]
        return ValueRange(min(part.low for part in ranges), max(part.high for part in ranges))

    def _check_known(self) -> None:
        """Raise InputError if nothing is known of a page to fill, or of a channel that has samples to fill."""
        for page in self.pages:
            where = f"page {page.number + 1}: " if len(self.picture.pages) > 1 else ""
            if not page.known.any():
                raise InputError(f"{where}the mask covers everything: no pixel is known to fill it from")
            lost = find_lost_channel(page.missing, page.known)
            if lost is not None:
                raise InputError(f"{where}the mask covers channel {lost}: no sample is known to fill it from")

    def preview(self) -> tuple[Picture, int]:
        """Return the first of the pages with its mask laid over it, and the number of pixels to fill there."""
        if not self.pages:
            pixels = self.picture.pages[self.selected[0]]
            return self._overlay(to_8_bits(pixels), np.zeros(pixels.shape[:2], bool)), 0
        page, missing = self.pages[0], any_channel(self.pages[0].missing)
        return self._overlay(to_8_bits(page.pixels, page.known), missing), int(missing.sum())

    def _overlay(self, view: NDArray[np.uint8], missing: NDArray[np.bool_]) -> Picture:
        return Picture.of(overlay(~view if self.picture.metadata.white_is_zero else view, missing))

    def mask(self, numbers: Collection[int]) -> Picture:
        """Return what is filled, white, on every page of the picture; only the pages ``numbers`` have something.

        The pages are grey unless the channels of one of them differ: then each page has the channels of the picture.
        """
        is_grey = all(is_of_pixels(page.missing) for page in self.pages)
        filled = {page.number: page.missing for page in self.pages if page.number in numbers}

        def make(number: int) -> Pixels:
            shape = self.picture.pages[number].shape
            mask = np.zeros(shape[:2] if is_grey else shape, np.uint8)
            if number in filled:
                mask[any_channel(filled[number]) if is_grey else filled[number]] = 255
            return mask

        return self._without_metadata(make)

    def opaque(self) -> Picture:
        """Return the picture with the pixels that are filled in all channels no longer transparent."""
        alphas = list(self.picture.alpha)
        for page in self.pages:
            alpha = alphas[page.number]
            if alpha is not None:
                alphas[page.number] = np.where(
                    all_channels(page.missing), alpha.dtype.type(full_scale(alpha.dtype)), alpha
                )
        return self.picture.with_pages(self.picture.pages, alphas)

    def restored(self, results: Mapping[int, Result], like: Picture) -> Picture:
        """Return ``like`` with the restored pages in their places."""
        pages = list(self.picture.pages)
        for number, result in results.items():
            pages[number] = result.image
        return like.with_pages(pages)

    def uncertainty(self, results: Mapping[int, Result], value_range: ValueRange, *, as_levels: bool) -> Picture:
        """Return the standard deviations on every page of the picture, 0 where nothing was filled.

        As float32 in the image's units, or ``as_levels``: 16 bits of which 65535 stands for the image's full scale.
        """
        missing = {page.number: page.missing for page in self.pages}
        is_integer = np.issubdtype(self.picture.pixels.dtype, np.integer)
        scale = 65535 / (value_range.high if is_integer else value_range.span) if as_levels else 1.0

        def make(number: int) -> Pixels:
            sigma = np.zeros(self.picture.pages[number].shape, np.float32)
            result = results.get(number)
            if result is not None and result.sigma is not None:
                sigma = result.sigma
            elif result is not None and result.sigma_filled is not None:
                sigma[missing[number]] = result.sigma_filled
            if not as_levels:
                return sigma
            return np.clip(np.round(sigma.astype(np.float64) * scale), 0, 65535).astype(np.uint16)

        return self._without_metadata(make)

    def keep(self, page: Page, result: Result, *, sigma: bool) -> Result:
        """Round a result to what the file can hold, so that what is measured is what is written, and keep little of it.

        The result takes the place of the page in memory. Of its sigma only that of the filled samples is kept, unless
        ``sigma`` is wanted and known samples have one too.
        """
        variants = tuple(self.picture.as_held(pixels, np.ones(pixels.shape, bool)) for pixels in result.variants)
        result = replace(result, image=self.picture.as_held(result.image, page.missing), variants=variants)
        if result.sigma is not None and not (sigma and result.sigma[~page.missing].any()):
            result = replace(result, sigma=None, sigma_filled=result.sigma[page.missing])
        if page.pixels.flags.writeable:  # last, for an interruption before leaves the page as it was
            page.pixels[...] = result.image
            result = replace(result, image=page.pixels)
        return result

    def _without_metadata(self, make: Callable[[int], Pixels]) -> Picture:
        """Return a picture of pages that are made by number, with the axes of this one and nothing else."""
        pages = MadePages(len(self.picture.pages), make)
        like = replace(Picture.of(pages[0]), stored_layout=self.picture.stored_layout)
        return like.with_pages(pages, [None] * len(pages))
