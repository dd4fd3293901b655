"""Fill the pages of a stack, each from itself or from its neighbours too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile

import numpy as np

from inrr_cli.engine import Control
from inrr_cli.errors import InputError
from inrr_cli.imaging.axes import Layout
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.inpainting.image import run_inpainting
from inrr_cli.inpainting.sequences import fill_sequence, is_lost
from inrr_cli.inpainting.stack_mode import Sequences, StackMode, choose_mode
from inrr_cli.masking import Mask
from inrr_cli.masking.selection import Page
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
) -> list[Result]:
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
        From a page and its result to what is kept of it.
    others : list of Page
        Pages with nothing to fill, to learn from.
    sequences : dict, optional
        See `choose_mode` and `find_sequences`; by default the pages have nothing to do with one another.

    Returns
    -------
    list of Result
        Of each page; after an interrupted page the others are left out.

    Raises
    ------
    InputError
        If nothing is known of a page and its neighbours tell nothing of it.
    """
    say, kept = before or (lambda _: None), keep or (lambda _, result: result)
    every = {page.number: page for page in (*others, *pages)}
    wanted = [page.number for page in pages]
    mode = StackMode("pages")
    if sequences and len(every) > 1:
        mode = choose_mode(every, wanted, sequences, settings)
        say(str(mode))
    if mode.name == "pages" or not sequences:
        return _fill_alone(pages, settings, control, say, kept)
    rows = [row for row in sequences[mode.name] if set(row) & set(wanted)]
    found: dict[int, Result] = {}
    for count, row in enumerate(rows):
        places = [place for place, number in enumerate(row) if number in wanted]
        part = control.part(count, len(rows))
        for place, result in fill_sequence([every[number] for number in row], places, mode.name, settings, part):
            found[row[place]] = kept(every[row[place]], result)
        if len(found) < sum(len(set(row) & set(wanted)) for row in rows[: count + 1]):
            break
    return [found[number] for number in takewhile(found.__contains__, wanted)]  # all, unless the run was interrupted


def inpaint_planes(planes: list[Pixels], masks: list[Mask], settings: Settings) -> list[Pixels]:
    """Return the pages (M, N[, C]) of an array with the samples filled that masks of their shapes mark."""
    pages = [Page(n, *pair, np.zeros(pair[1].shape, bool)) for n, pair in enumerate(zip(planes, masks, strict=True))]
    wanted, others = ([page for page in pages if page.missing.any() == given] for given in (True, False))
    row = list(range(len(pages)))
    sequences = {"time": [row], "volume": [row]} if len(pages) > 1 and settings.uses_neighbours else {}
    results = inpaint_pages(wanted, settings, Control(), others=others, sequences=sequences)
    filled = dict(zip((page.number for page in wanted), results, strict=True))
    return [filled[n].image if n in filled else plane for n, plane in enumerate(planes)]


def _fill_alone(
    pages: list[Page],
    settings: Settings,
    control: Control,
    say: Callable[[str], None],
    kept: Callable[[Page, Result], Result],
) -> list[Result]:
    results: list[Result] = []
    for index, page in enumerate(pages):
        if len(pages) > 1:
            say(f"page {page.number + 1}")
            if is_lost(page):
                raise InputError(
                    f"page {page.number + 1}: no sample of it is known, and the other pages may tell nothing of it; "
                    "if they do, give --stack time or --stack volume"
                )
        part = control.part(index, len(pages))
        result = run_inpainting(page.pixels, page.missing, settings, part, ignored=page.ignored)
        results.append(kept(page, result))
        if not results[-1].completed:
            break
    return results


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
