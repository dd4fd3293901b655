"""What ``inrr inpaint`` fills on which pages, and the pictures that come of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.cli.console import note, warn
from inrr_cli.errors import InputError
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.preview import overlay, to_8_bits
from inrr_cli.imaging.value_range import Range, full_scale, measured_range
from inrr_cli.imaging.writing import uncertainty_picture
from inrr_cli.inpainting.image import Result
from inrr_cli.inpainting.pages import Job
from inrr_cli.masking.from_file import Mask, keep_near, make_masks, unreliable, widen


@dataclass(frozen=True)
class Filling:
    """Pages that have something to fill.

    Attributes
    ----------
    picture : Picture
    numbers : list of int
        Those pages, from 0.
    jobs : list of Job
        What is to be done on each.
    looked_at : list of int
        All pages that were asked for.
    """

    picture: Picture
    numbers: list[int]
    jobs: list[Job]
    looked_at: list[int]

    def say_how_much(self, mask: list[str]) -> None:
        """Tell how many pixels will be filled, and warn where next to nothing is known."""
        for job in self.jobs:
            fraction = job.missing.mean()
            if 0.95 < fraction < 1:
                warn(f"{', '.join(mask)}: {fraction:.1%} of the pixels are missing; little is left to restore from")
        missing, size = sum(int(job.missing.sum()) for job in self.jobs), sum(job.missing.size for job in self.jobs)
        if 0 < missing < size:
            pages = len(self.looked_at)
            where = "" if pages == 1 else f" on {len(self.jobs)} of {pages} pages"
            note(f"filling {missing:,} of {size:,} pixels ({missing / size:.1%}){where}")

    def preview(self) -> tuple[Picture, int]:
        """Return the first of the pages with its mask laid over it, and how many pixels that is."""
        number = self.numbers[0] if self.numbers else self.looked_at[0]
        page = self.picture.pages[number]
        missing = self.jobs[0].missing if self.jobs else np.zeros(page.shape[:2], bool)
        shown = to_8_bits(page, ~(missing | self.jobs[0].untrusted) if self.jobs else None)
        return Picture.of(overlay(~shown if self.picture.metadata.white_is_zero else shown, missing)), int(
            missing.sum()
        )

    def masks(self, count: int) -> Picture:
        """Return what is filled, white, on each page of the picture, of the first ``count`` that have something."""
        pages = [np.zeros(page.shape[:2], np.uint8) for page in self.picture.pages]
        for number, job in zip(self.numbers[:count], self.jobs[:count], strict=True):
            pages[number][job.missing] = 255
        return _stack(pages)

    def opaque(self) -> Picture:
        """Return the picture with what is filled no longer transparent."""
        alphas = list(self.picture.alpha)
        for number, job in zip(self.numbers, self.jobs, strict=True):
            alpha = alphas[number]
            if alpha is not None:
                alphas[number] = np.where(job.missing, alpha.dtype.type(full_scale(alpha.dtype)), alpha)
        return self.picture.with_pages(self.picture.pages, alphas)

    def range(self, given: Range | None) -> Range:
        """Range whose span is the peak of a PSNR over all the pages."""
        for number, job in zip(self.numbers, self.jobs, strict=True):
            if (job.missing | job.untrusted).all():
                page = f"page {number + 1}: " if len(self.picture.pages) > 1 else ""
                raise InputError(f"{page}the mask covers everything: no pixel is known to fill it from")
        ranges = [measured_range(job.pixels, ~(job.missing | job.untrusted), given) for job in self.jobs]
        return Range(min(part.low for part in ranges), max(part.high for part in ranges))

    def restored(self, results: list[Result], like: Picture) -> Picture:
        """Put restored pages in their places."""
        pages = list(self.picture.pages)
        for number, result in zip(self.numbers, results, strict=False):
            pages[number] = result.image
        return like.with_pages(pages)

    def uncertainty(self, path: Path, results: list[Result], scale: Range) -> Picture:
        """Return the standard deviations on each page of the picture, 0 where nothing was filled."""
        sigmas: list[NDArray[Any]] = [np.zeros(page.shape, np.float32) for page in self.picture.pages]
        for number, result in zip(self.numbers, results, strict=False):
            if result.sigma is not None:
                sigmas[number] = result.sigma
        return uncertainty_picture(path, sigmas, scale.high if self._counts() else scale.span)

    def as_held(self, results: list[Result]) -> list[Result]:
        """Round results to what the file can hold, so that what is measured is what is written."""
        return [replace(result, image=self.picture.as_held(result.image)) for result in results]

    def _counts(self) -> bool:
        """Whether the samples are whole numbers, white the highest."""
        return bool(np.issubdtype(self.picture.pixels.dtype, np.integer))


def find_missing(
    wanted: list[str],
    picture: Picture,
    numbers: list[int],
    *,
    white_is_missing: bool,
    grow: int,
    max_distance: float | None,
    max_pixels: int,
) -> Filling:
    """Find what is to be filled on some pages, from 0, and say what was found.

    Parameters
    ----------
    wanted, picture, numbers, white_is_missing, max_pixels
        As in `make_masks`.
    grow : int
        Pixels to widen masks by.
    max_distance : float, optional
        In pixels: what is farther from known ones is left.
    """
    if max_distance is not None and not 0 < max_distance < float("inf"):
        raise InputError(f"--max-distance must be above 0, got {max_distance:g}")
    found = make_masks(wanted, picture, numbers, white_is_missing=white_is_missing, max_pixels=max_pixels)
    said = dict.fromkeys(found.warnings)
    for text in found.notes:
        note(text)
    chosen, jobs = [], []
    for mask, number in zip(found.masks, numbers, strict=True):
        missing = widen(mask, grow)
        strange, warnings = unreliable(picture, number, missing)
        page = f"page {number + 1}: " if len(picture.pages) > 1 else ""
        near: Mask = missing
        if max_distance is not None:
            near = keep_near(missing, ~(missing | strange), max_distance)
        if near.any():
            said |= dict.fromkeys(page + text for text in warnings)
            chosen.append(number)
            jobs.append(Job(picture.pages[number], near, (missing & ~near) | strange))
    for text in said:
        warn(text)
    return Filling(picture, chosen, jobs, numbers)


def _stack(pages: list[NDArray[Any]]) -> Picture:
    return Picture.of(pages[0]).with_pages(pages, [None] * len(pages))
