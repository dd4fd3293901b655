"""Fill the pages of a picture, each from itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inrr_cli.imaging.value_range import Pixels
from inrr_cli.inpainting.image import Result, run_inpainting
from inrr_cli.inpainting.tiles import fill_by_tiles
from inrr_cli.progress import Progress, part_of
from inrr_cli.settings import Settings

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Job:
    """A page to fill: (M, N[, C]) pixels, (M, N) to fill, (M, N) neither known nor to be filled."""

    pixels: Pixels
    missing: Mask
    untrusted: Mask


def fill_pages(
    jobs: list[Job],
    settings: Settings,
    *,
    per_channel: bool = False,
    tile: int | None = None,
    progress: Progress | None = None,
    keep_partial: bool = False,
    checkpoint: Path | None = None,
    doing: Callable[[int], None] = lambda number: None,
) -> list[Result]:
    """Restore each page; after one that was interrupted the others are left out.

    Parameters
    ----------
    jobs : list of Job
    per_channel : bool
        Each channel by itself, instead of all together.
    tile : int, optional
        Side of the windows to go by, all of the page at once by default.
    doing : callable
        Called with the number of a page before it is restored.

    The others are those of `run_inpainting`.
    """
    done = []
    for number, job in enumerate(jobs):
        doing(number)
        alone = per_channel and job.pixels.ndim == 3
        channels = list(np.moveaxis(job.pixels, 2, 0)) if alone else [job.pixels]
        results: list[Result] = []
        for index, channel in enumerate(channels):
            part = part_of(progress, number * len(channels) + index, len(jobs) * len(channels))
            results.append(_fill(np.ascontiguousarray(channel), job, settings, tile, part, keep_partial, checkpoint))
            if not results[-1].completed:
                break
        done.append(_join(results, job) if alone else results[0])
        if not done[-1].completed:
            break
    return done


def _fill(
    pixels: Pixels,
    job: Job,
    settings: Settings,
    tile: int | None,
    progress: Progress | None,
    keep_partial: bool,
    checkpoint: Path | None,
) -> Result:
    if tile is not None:
        return fill_by_tiles(
            pixels, job.missing, settings, tile, untrusted=job.untrusted, progress=progress, keep_partial=keep_partial
        )
    return run_inpainting(
        pixels,
        job.missing,
        settings,
        untrusted=job.untrusted,
        progress=progress,
        keep_partial=keep_partial,
        checkpoint=checkpoint,
    )


def _join(results: list[Result], job: Job) -> Result:
    """Put channels together; those that were not reached are as they were."""
    first, count = results[0], job.pixels.shape[2]
    image = job.pixels.copy()
    for index, result in enumerate(results):
        image[..., index] = result.image
    whole = len(results) == count
    fits = [result.psnr_known for result in results if result.psnr_known is not None]
    errors = [result.rmse_known for result in results if result.rmse_known is not None]
    noises = [result.noise_sigma for result in results if result.noise_sigma is not None]
    return replace(
        first,
        image=image,
        raw=np.stack([r.raw for r in results], 2) if whole and first.raw is not None else None,  # type: ignore[misc]
        sigma=np.stack([r.sigma for r in results], 2) if whole and first.sigma is not None else None,  # type: ignore[misc]
        psnr_known=float(np.mean(fits)) if fits else None,
        rmse_known=float(np.sqrt(np.mean(np.square(errors)))) if errors else None,
        noise_sigma=float(np.mean(noises)) if noises else None,
        seconds=sum(result.seconds for result in results),
        notice=next((result.notice for result in results if result.notice), ""),
        completed=whole and all(result.completed for result in results),
    )
