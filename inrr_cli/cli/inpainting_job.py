"""The work of ``inrr inpaint`` on one image."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from inrr_cli.cli.console import explain, note, warn
from inrr_cli.cli.files import Files
from inrr_cli.cli.job import Job
from inrr_cli.cli.restoring import Restoring
from inrr_cli.engine import Control
from inrr_cli.errors import InputError
from inrr_cli.forecast import Forecast, inpainting_seconds
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.reading import STANDARD
from inrr_cli.imaging.value_range import Pixels, ValueRange
from inrr_cli.inpainting.pages import find_sequences, inpaint_pages
from inrr_cli.inpainting.stack import Stack
from inrr_cli.inpainting.texture_advice import advise_texture
from inrr_cli.inpainting.textured import SMALLEST
from inrr_cli.inpainting.windows import largest_window
from inrr_cli.masking.samples import count
from inrr_cli.masking.selection import Page, Selection
from inrr_cli.memory import check_inpainting_memory, inpainting_advice, inpainting_bytes, missing_per_channel
from inrr_cli.metrics import psnr_of_rmse
from inrr_cli.result import Measurement, Result
from inrr_cli.settings import SEED_LIMIT, Settings

if TYPE_CHECKING:
    from inrr_cli.cli.reporting import Pages

MANY_MISSING = 0.95  # fraction of missing pixels from which little is left to restore from


class InpaintingJob(Job):
    """The pages of an image to fill."""

    command = "inpaint"

    def __init__(
        self,
        stack: Stack,
        masks: list[str],
        command: Restoring,
        lack: str,
        *,
        wants_sigma: bool = False,
        variants: int = 1,
        keeps_input: bool = False,
    ) -> None:
        self.stack, self.masks, self.lack, self.wants_sigma, self.variants = stack, masks, lack, wants_sigma, variants
        self.settings, self.data_range = command.settings, command.options.data_range
        self.estimates = command.options.estimate
        self.psnr_estimated: float | None = None
        self.template = stack.opaque() if "alpha" in masks else stack.picture
        self.numbers = [page.number for page in stack.pages]
        self.keeps_input = keeps_input

    def announce(self) -> None:
        """Tell how much will be filled, and warn where next to nothing is known."""
        pages = self.stack.pages
        for page in pages:
            fraction = page.missing.mean()
            if MANY_MISSING < fraction < 1:
                names, unit = ", ".join(self.masks), count([page.missing])[2]
                warn(f"{names}: {fraction:.1%} of the {unit} are missing; little is left to restore from")
        missing, size, unit = count([page.missing for page in pages])
        if 0 < missing < size or (missing and self.stack.others):
            selected = len(self.stack.selected)
            where = "" if selected == 1 else f" on {len(pages)} of {selected} pages"
            note(f"filling {missing:,} of {size:,} {unit} ({missing / size:.1%}){where}")
        if not pages:
            raise InputError(self.lack)

    def like(self) -> list[Pixels]:
        """Return the pages as they were."""
        return [page.pixels for page in self.stack.pages]

    def measurement(self, truths: list[NDArray[Any]] | None) -> Measurement:
        """Measure the missing samples."""
        missing = [page.missing for page in self.stack.pages]
        self.measured = Measurement(self.stack.value_range(self.data_range), missing, truths)
        return self.measured

    def check_memory(self) -> None:
        """Check the largest need of a page; `inpaint_pages` checks that of pages which are filled together."""
        for page in self.stack.pages:
            check_inpainting_memory(*self._needs(page))

    def _needs(self, page: Page) -> tuple[tuple[int, ...], int, Settings, tuple[int, int] | None]:
        """Return the parameters of `inpainting_bytes` for a page."""
        missing = missing_per_channel(page.missing, self.settings)
        return page.pixels.shape, missing, self.settings, largest_window(page.missing, page.known, self.settings)

    def forecast(self) -> Forecast:
        """Return what filling each page takes; neighbours of a stack change it little."""
        masks = [page.missing for page in self.stack.pages]
        needs = [inpainting_bytes(*self._needs(page)) for page in self.stack.pages]
        seconds = sum(
            inpainting_seconds(mask, self.settings, self.variants, wants_sigma=self.wants_sigma) for mask in masks
        )
        passes = 2 if self.estimates else 1
        return Forecast(sum(int(mask.sum()) for mask in masks), passes * seconds, max(needs))

    def advice(self) -> str:
        """Return what to do if memory does not suffice."""
        return inpainting_advice(self.stack.pages[0].pixels.shape, self.settings)

    def run(self, control: Control) -> dict[int, Result]:
        """Fill each page."""
        stack = self.stack
        if self.keeps_input:
            from inrr_cli.cli.reporting import Originals

            self.originals = Originals(stack, self.settings, self.measured)
            control = self.originals.watch(control)
        keep = partial(stack.keep, sigma=self.wants_sigma)
        found = inpaint_pages(
            stack.pages,
            self.settings,
            control,
            _say,
            keep=keep,
            others=stack.others,
            sequences=stack.sequences,
            variants=self.variants,
            wants_sigma=self.wants_sigma,
        )
        made = [result.made for result in found.values() if result.made is not None]
        if made and self.is_complete(found) and not any(mask.any() for mask in made):
            note(f"no hole has room for {SMALLEST} x {SMALLEST} pixels of texture: all get their expected value")
        if self.estimates and self.is_complete(found):
            self.psnr_estimated = self._estimate(found, control)
        return found

    def _estimate(self, found: dict[int, Result], control: Control) -> float | None:
        """Return the PSNR of the missing samples as hidden ones tell it."""
        from inrr_cli.comparison.estimate import estimate_rmse

        stack = self.stack
        explain("filling hidden samples for psnr_estimated")
        try:
            rmse = estimate_rmse(
                stack.pages, found, self.settings, control, others=stack.others, sequences=stack.sequences
            )
        except KeyboardInterrupt:
            if not control.keep_partial:
                raise
            return None
        if rmse is None:
            warn("psnr_estimated: too little is known to hide some of it")
        psnr = psnr_of_rmse(rmse, stack.value_range(self.data_range).span)
        return None if psnr is None or math.isinf(psnr) else psnr

    def facts(self) -> dict[str, Any]:
        """Return what the record says of this command alone."""
        return super().facts() | {"psnr_estimated": self.psnr_estimated}

    def output(self, results: Mapping[int, Result]) -> Picture:
        """Return the picture with the restored pages in their places."""
        return self.stack.restored(results, self.template)

    def report_pages(self, found: Mapping[int, Result], measurement: Measurement) -> Pages:
        """Return the pages, the most doubtful first."""
        from inrr_cli.cli.reporting import inpainting_pages

        return inpainting_pages(
            self.stack, self.template, self.originals, found, measurement, self.settings, self.variants
        )

    def extra_pictures(
        self, files: Files, results: Mapping[int, Result], value_range: ValueRange
    ) -> dict[Path, Picture]:
        """Return the mask, and the uncertainty unless the run was interrupted."""
        pictures = {}
        if files.save_mask is not None:
            pictures[files.save_mask] = self.stack.mask(results or self.numbers)
        if files.uncertainty is not None and (not results or self.is_complete(results)):
            as_levels = files.uncertainty.suffix.lower() == ".png"
            if self.settings.values == "labels":  # probabilities
                value_range = ValueRange(0.0, 1.0)
            pictures[files.uncertainty] = self.stack.uncertainty(results, value_range, as_levels=as_levels)
        return pictures


def make_stack(picture: Picture, found: Selection, selected: list[int], settings: Settings) -> Stack:
    """Return the selected pages with samples to fill, and the other pages to learn from."""
    pages = [page for page in found.pages if page.number in selected]
    others = [replace(page, ignored=page.ignored | page.missing) for page in found.pages if page.number not in selected]
    others += found.others
    return Stack(picture, pages, selected, others, find_sequences(picture.layout, [*pages, *others], settings))


def note_advice(stack: Stack, settings: Settings) -> None:
    """Tell once where texture would look more natural than what the patch engine will fill in."""
    is_default = settings.fill == "expected" and settings.net == "grid" and settings.values == "linear"
    if is_default and not settings.denoise and not stack.sequences:
        for text in filter(None, map(advise_texture, stack.pages)):
            note(text)
            return


def _say(text: str) -> None:
    """Tell what is being done: the mode of a stack to everyone, a page to those who ask."""
    (note if text.startswith("stack:") else explain)(text)


def check_files(files: Files, settings: Settings, *, keep_partial: bool) -> None:
    """Refuse files that have no meaning for the settings."""
    _check_texture(files, settings, keep_partial=keep_partial)
    if files.uncertainty is not None and settings.net != "grid":
        raise InputError("--uncertainty needs the patch engine on the pixel grid; leave --net and --reg out")
    if files.checkpoint is not None and settings.values == "labels":
        raise InputError("--checkpoint has no meaning for --values labels")
    if files.checkpoint is not None and settings.recipe is None:
        raise InputError("--checkpoint is for a network's fit; choose one, as --reg inrr does")


def check_estimate(settings: Settings, *, asked: bool) -> None:
    """Refuse an estimate of the PSNR where that has no meaning, or where no known sample is kept to be hidden."""
    if asked and (settings.denoise or settings.values != "linear"):
        other = "--denoise" if settings.denoise else f"--values {settings.values}"
        raise InputError(f"--estimate does not go with {other}; leave one of the two out")


def _check_texture(files: Files, settings: Settings, *, keep_partial: bool) -> None:
    """Refuse options of --fill texture without it, and variants that have no place or no end."""
    given = {"--exclude": files.exclude is not None, "--variants": files.variants > 1}
    for option, is_given in given.items():
        if is_given and settings.fill != "texture":
            raise InputError(f"{option} is for --fill texture; add that or leave {option} out")
    if files.variants == 1:
        return
    if files.output == STANDARD:
        raise InputError("--variants makes several pictures and --output - takes one; give --output FILE")
    if keep_partial:
        raise InputError("--keep-partial is for one picture; leave it or --variants out")
    if settings.seed + files.variants > SEED_LIMIT:
        raise InputError(f"--variants {files.variants} goes beyond the last seed; give a --seed below {settings.seed}")
