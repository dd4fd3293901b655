"""Fill the pages of a stack, each from itself or from its neighbours too."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from inrr_cli.engine import Control
from inrr_cli.errors import InputError
from inrr_cli.imaging.axes import Layout
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.inpainting.image import run_inpainting
from inrr_cli.inpainting.lost_page import REACH, choose_neighbours
from inrr_cli.inpainting.sequences import fill_sequence, is_lost, windows
from inrr_cli.inpainting.stack_mode import Sequences, StackMode, choose_mode
from inrr_cli.masking import Mask
from inrr_cli.masking.selection import Page
from inrr_cli.memory import check_inpainting_memory
from inrr_cli.result import Result
from inrr_cli.settings import Settings


def inpaint_pages(
    pages: list[Page],
    settings: Settings,
    control: Control,
    before: Callable[[str], None] | None = None,
    *,
    keep: Callable[[Page, Result], Result] | None = None,
    others: Sequence[Page] = (),
    sequences: Sequences | None = None,
    variants: int = 1,
    wants_sigma: bool = True,
) -> dict[int, Result]:
    """Fill each page.

    Parameters
    ----------
    pages : list of Page
        With samples to fill, in the order of their numbers.
    settings, control
        As in `run_inpainting`; ``settings.stack`` says how the pages belong together.
    before : callable, optional
        Called with a text on what will be done next.
    keep : callable, optional
        From a page and its result to what is kept of it; it may write to the page.
    others : list of Page
        Pages with nothing to fill, to learn from.
    sequences : dict, optional
        See `choose_mode` and `find_sequences`; by default the pages have nothing to do with one another.
    variants, wants_sigma : int, bool
        As in `run_inpainting`.

    Returns
    -------
    dict of int to Result
        By the number of the page, in order. After an interruption with ``control.keep_partial``: of the pages that are
        done, or if none is, of those in work. The other pages are as they were.

    Raises
    ------
    InputError
        If nothing is known of a page and its neighbours tell nothing of it, or if the pages that are filled together do
        not fit in memory.
    KeyboardInterrupt
        If the run was interrupted without ``control.keep_partial``, or before there is a result.
    """
    say, kept = before or (lambda _: None), keep or (lambda _, result: result)
    every = {page.number: page for page in (*others, *pages)}
    wanted = [page.number for page in pages]
    mode = StackMode("pages")
    if sequences and len(every) > 1:
        mode = choose_mode(every, wanted, sequences, settings)
        say(str(mode))
    if mode.name == "pages" or not sequences:
        filling = _fill_alone(pages, settings, control, say, variants=variants, wants_sigma=wants_sigma)
    else:
        rows = [row for row in sequences[mode.name] if set(row) & set(wanted)]
        _check_memory(every, rows, wanted, mode.name, settings)
        filling = _fill_rows(every, rows, wanted, mode.name, settings, control)
    found: dict[int, Result] = {}
    try:
        for number, result in filling:
            if not result.completed and any(other.completed for other in found.values()):
                break  # nobody could tell a rough page from those that are done
            found[number] = kept(every[number], result)
    except KeyboardInterrupt:
        if not (control.keep_partial and found):
            raise
    return {number: found[number] for number in wanted if number in found}


def inpaint_planes(
    planes: list[Pixels], masks: list[Mask], settings: Settings, excluded: Sequence[Mask | None]
) -> list[Pixels]:
    """Return the pages (M, N[, C]) of an array with the samples filled that masks of their shapes mark.

    ``excluded`` marks the pixels of each that nothing is copied from, None for none.
    """
    triples = zip(planes, masks, excluded, strict=True)
    pages = [Page(n, plane, mask, np.zeros(mask.shape, bool), out) for n, (plane, mask, out) in enumerate(triples)]
    wanted, others = ([page for page in pages if page.missing.any() == given] for given in (True, False))
    row = list(range(len(pages)))
    sequences = {"time": [row], "volume": [row]} if len(pages) > 1 and settings.uses_neighbours else {}
    filled = inpaint_pages(wanted, settings, Control(), others=others, sequences=sequences, wants_sigma=False)
    return [filled[n].image if n in filled else plane for n, plane in enumerate(planes)]


def _fill_alone(
    pages: list[Page], settings: Settings, control: Control, say: Callable[[str], None], **wishes: Any
) -> Iterator[tuple[int, Result]]:
    """Fill each page from itself and yield its number and its result; an interrupted page is the last.

    ``wishes`` are further keywords of `run_inpainting`.
    """
    for index, page in enumerate(pages):
        if len(pages) > 1:
            say(f"page {page.number + 1}")
            if is_lost(page):
                raise InputError(
                    f"page {page.number + 1}: no sample of it is known, and the other pages may tell nothing of it; "
                    "if they do, give --stack time or --stack volume"
                )
        part = control.part(index, len(pages))
        wishes |= {"ignored": page.ignored, "exclude": page.excluded}
        result = run_inpainting(page.pixels, page.missing, settings, part, **wishes)
        yield page.number, result
        if not result.completed:
            return


def _fill_rows(
    every: Mapping[int, Page],
    rows: Sequence[Sequence[int]],
    wanted: Sequence[int],
    mode: str,
    settings: Settings,
    control: Control,
) -> Iterator[tuple[int, Result]]:
    """Fill the ``wanted`` pages of rows of numbers and yield number and result; an interrupted window is the last."""
    _check_lost(every, rows, wanted)
    for count, row in enumerate(rows):
        pages, places, completed = [every[number] for number in row], _places(row, wanted), True
        for place, result in fill_sequence(pages, places, mode, settings, control.part(count, len(rows))):
            yield row[place], result
            completed = completed and result.completed
        if not completed:
            return


def _check_lost(every: Mapping[int, Page], rows: Sequence[Sequence[int]], wanted: Sequence[int]) -> None:
    """Raise InputError if nothing is known of a page and of all around it."""
    for row in rows:
        known = [not is_lost(every[number]) for number in row]
        for place in _places(row, wanted):
            if not known[place] and not choose_neighbours(known, place)[0]:
                raise InputError(
                    f"page {row[place] + 1}: nothing is known of it and of the {REACH} pages before it and after it; "
                    "leave it out with --pages"
                )


def _check_memory(
    every: Mapping[int, Page], rows: Sequence[Sequence[int]], wanted: Sequence[int], mode: str, settings: Settings
) -> None:
    """Raise InputError unless the pages of a window fit in the free memory together, as channels of one image."""
    plans = [windows(len(row), _places(row, wanted), mode) for row in rows]
    pages = max(len(reach) for plan in plans for reach, _ in plan)
    height, width, *channels = every[wanted[0]].pixels.shape
    together = pages if settings.per_channel else pages * math.prod(channels)
    most = max(int(every[number].missing.sum()) for number in wanted)  # patches fill one page at a time
    check_inpainting_memory((height, width, together), most // together, replace(settings, per_channel=False))


def _places(row: Sequence[int], wanted: Sequence[int]) -> list[int]:
    return [place for place, number in enumerate(row) if number in wanted]


def find_sequences(layout: Layout, pages: Sequence[Page], settings: Settings) -> dict[str, list[list[int]]]:
    """Return the numbers of the pages that may belong together as dates, or as slices of a volume.

    Dates lie along the axis T and slices along Z; if there is no such axis, along the last one of the stack. Nothing is
    returned for pages of several sizes or types, or settings under which a page is filled from itself alone.

    Parameters
    ----------
    layout : Layout
    pages : list of Page
        All pages.
    settings : Settings
    """
    kinds = {(page.pixels.shape, page.pixels.dtype) for page in pages}
    axes = layout.stack_axes
    if len(pages) < 2 or not axes or len(kinds) > 1 or 0 in layout.shape or not settings.uses_neighbours:
        return {}
    return {
        mode: layout.along(letter if letter in axes else axes[-1]) for mode, letter in (("time", "T"), ("volume", "Z"))
    }
