"""Fill the pages of a stack from their neighbours too: dates of one place, or slices of a volume."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import Control
from inrr_cli.imaging.value_range import Pixels, cast
from inrr_cli.inpainting.alignment import Part, align_slices, prediction_error
from inrr_cli.inpainting.channels import join_channels
from inrr_cli.inpainting.image import choose_fill
from inrr_cli.inpainting.lost_page import predict_lost
from inrr_cli.masking.samples import known_channels
from inrr_cli.masking.selection import Page
from inrr_cli.result import Result
from inrr_cli.settings import Settings

DATES, CORE = 24, 12  # in a window, and of those the ones in the middle that a window of a longer series fills
SLICES = 2  # on either side of a slice that it is filled from
LOST_REACH = 12  # pages on either side of a lost one that it is predicted from, or that stand for it
WORTHWHILE = 0.95  # squared error of aligned slices over that of others, for an alignment; empirical

Mask = NDArray[np.bool_]
Window = tuple[list[int], list[int]]  # numbers of the pages in reach, and those of them to fill


def windows(count: int, wanted: Sequence[int], mode: str) -> Iterator[Window]:
    """Yield the pages in reach of those ``wanted`` of a sequence of ``count`` pages, and which of them they fill."""
    if mode == "volume":
        for page in wanted:
            yield list(range(max(0, page - SLICES), min(count, page + SLICES + 1))), [page]
        return
    if count <= DATES:
        yield list(range(count)), list(wanted)
        return
    for start in range(0, count, CORE):
        filled = [page for page in wanted if start <= page < start + CORE]
        if filled:
            first = min(max(0, start - (DATES - CORE) // 2), count - DATES)
            yield list(range(first, first + DATES)), filled


def fill_sequence(
    pages: Sequence[Page], wanted: Sequence[int], mode: str, settings: Settings, control: Control
) -> Iterator[tuple[int, Result]]:
    """Fill the ``wanted`` pages of a sequence, numbers in ``pages``, and yield each with its result.

    Pages of which nothing is known come last. They are predicted from the others, filled ones included.

    Parameters
    ----------
    pages : list of Page
        All of one shape and type.
    wanted : list of int
    mode : {"time", "volume"}
        Whether a place stays where it is from page to page, or may move.
    settings, control
        As in `run_inpainting`.
    """
    lost = [number for number in wanted if is_lost(pages[number])]
    seen = [number for number, page in enumerate(pages) if not is_lost(page)]
    places = {number: place for place, number in enumerate(seen)}
    plan = list(windows(len(seen), [places[number] for number in wanted if number in places], mode))
    around: dict[int, Part] = {}
    for count, (reach, filled) in enumerate(plan):
        numbers = [seen[place] for place in reach]
        part = control.part(count, len(plan))
        results = _fill_window(pages, numbers, [seen[place] for place in filled], mode, settings, part)
        for number, result in results.items():
            if any(abs(number - page) <= LOST_REACH for page in lost):
                around[number] = np.atleast_3d(result.image), np.atleast_3d(~pages[number].ignored)
            yield number, result
        if not all(result.completed for result in results.values()):
            return
    for number in lost:
        yield number, _fill_lost(pages, around, number, mode)


def is_lost(page: Page) -> bool:
    """Whether a channel of a page has no known sample."""
    return not known_channels(page.known).all()


def _fill_lost(pages: Sequence[Page], around: dict[int, Part], number: int, mode: str) -> Result:
    """Predict a page of which nothing is known; ``around`` are neighbours that were filled."""
    start = time.perf_counter()
    first, last = max(0, number - LOST_REACH), min(len(pages), number + LOST_REACH + 1)
    parts = [around.get(n) or _part(pages[n]) for n in range(first, last)]
    page = pages[number]
    mean, sigma = (
        values.reshape(page.pixels.shape) for values in predict_lost(parts, number - first, moves=mode == "volume")
    )
    image = page.pixels.copy()
    image[page.missing] = cast(mean[page.missing], image.dtype)
    return Result(
        image=image,
        raw=None,
        psnr_known=None,
        rmse_known=None,
        sigma=np.where(page.missing, sigma, 0).astype(np.float32),
        noise_sigma=None,
        device="cpu",
        steps=None,
        seconds=time.perf_counter() - start,
        completed=True,
        summary="predicted from the pages around",
    )


def _fill_window(
    pages: Sequence[Page], reach: list[int], filled: list[int], mode: str, settings: Settings, control: Control
) -> dict[int, Result]:
    """Fill some pages of a window, as channels of one image."""
    parts = [_part(pages[n]) for n in reach]
    missing = {n: np.atleast_3d(pages[n].missing) for n in filled}
    if mode == "volume" and len(parts) > 2:
        place = reach.index(filled[0])
        aligned = align_slices(parts, [n - filled[0] for n in reach])
        parts = aligned if _alignment_pays(parts, aligned, place) else parts
        kept = [n == place or bool(known_channels(known).all()) for n, (_, known) in enumerate(parts)]
        parts, reach = list(compress(parts, kept)), list(compress(reach, kept))
    channels = parts[0][0].shape[2]
    groups = [[k] for k in range(channels)] if settings.per_channel else [list(range(channels))]
    done: dict[int, list[Result]] = {n: [] for n in filled}
    for number, group in enumerate(groups):
        image = np.concatenate([pixels[..., group] for pixels, _ in parts], 2)
        known = np.concatenate([mask[..., group] for _, mask in parts], 2)
        nothing = np.zeros((*image.shape[:2], len(group)), bool)
        wanted = np.concatenate([missing[n][..., group] if n in missing else nothing for n in reach], 2)
        result = choose_fill(settings)(image, wanted, settings, control.part(number, len(groups)), known)
        for n in filled:
            first = reach.index(n) * len(group)
            done[n].append(_take(result, slice(first, first + len(group))))
        if not result.completed:
            break
    joined = {n: _join(results, groups, pages[n].pixels) for n, results in done.items()}
    return {n: replace(result, seconds=result.seconds / len(filled)) for n, result in joined.items()}


def _take(result: Result, channels: slice) -> Result:
    """Return some channels of a result (M, N, C)."""
    sigma = None if result.sigma is None else result.sigma[..., channels]
    return replace(result, image=result.image[..., channels], sigma=sigma, raw=None)


def _join(results: list[Result], groups: list[list[int]], like: Pixels) -> Result:
    """Return the result of a page from those of its groups of channels, the first ones if it was interrupted."""
    if len(groups) > 1:
        parts = {group[0]: _squeeze(result) for group, result in zip(groups, results, strict=False)}
        return join_channels(parts, np.atleast_3d(like).copy(), is_whole=len(parts) == len(groups))
    return results[0] if like.ndim == 3 else _squeeze(results[0])


def _squeeze(result: Result) -> Result:
    sigma = None if result.sigma is None else result.sigma[..., 0]
    return replace(result, image=result.image[..., 0], sigma=sigma)


def _part(page: Page) -> Part:
    return np.atleast_3d(page.pixels), np.atleast_3d(page.known)


def _alignment_pays(parts: list[Part], aligned: list[Part], number: int) -> bool:
    """Whether the mean of a slice's neighbours is nearer to what is known of it once they are aligned."""
    return prediction_error(aligned, number) < WORTHWHILE * prediction_error(parts, number)


def hide(pages: Sequence[Page], number: int, samples: Mask) -> list[Page]:
    """Return pages of which one has the known ``samples`` (M, N[, C]) to fill, and nothing else."""
    page = pages[number]
    shown = replace(page, missing=samples, ignored=page.ignored | (page.missing & ~samples))
    return [*pages[:number], shown, *pages[number + 1 :]]
