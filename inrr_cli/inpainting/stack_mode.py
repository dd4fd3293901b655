"""Choose how the pages of a stack belong together: `--stack auto`, by samples that are held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import Control
from inrr_cli.inpainting.image import run_inpainting
from inrr_cli.inpainting.lost_page import choose_neighbours
from inrr_cli.inpainting.sequences import DATES, fill_sequence, hide, is_lost
from inrr_cli.masking.samples import known_channels
from inrr_cli.masking.selection import Page
from inrr_cli.result import Result
from inrr_cli.settings import STACK_MODES, Settings

TRIALS = 3  # pages that are tried
TRIAL_SIDE = 128  # pixels of a page that are tried: enough patches, and a second
# squared errors over those of a simpler mode, to be chosen: of either mode over pages, and of volume over time; trials
# are few, so a simpler mode needs to be a little better only; empirical
OVER_PAGES, OVER_TIME = 0.75, 0.85

Mask = NDArray[np.bool_]
Sequences = Mapping[str, Sequence[Sequence[int]]]  # numbers of pages that belong together, for each mode


@dataclass(frozen=True)
class StackMode:
    """A mode, and the errors of all that were tried.

    Attributes
    ----------
    name : {"pages", "time", "volume"}
    errors : dict
        Root mean square error of held-out samples by mode, over their deviation; empty if nothing was tried.
    """

    name: str
    errors: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        tried = ", ".join(f"{name} {error:.3g}" for name, error in self.errors.items())
        return f"stack: {self.name}" + (f" (error of held-out samples over their deviation: {tried})" if tried else "")


def choose_mode(
    pages: Mapping[int, Page], wanted: Sequence[int], sequences: Sequences, settings: Settings
) -> StackMode:
    """Choose the mode in which held-out samples of a few pages are filled best; the simplest of nearly equal ones.

    Parameters
    ----------
    pages : dict of int to Page
        All pages, by number.
    wanted : list of int
        Pages to fill.
    sequences : dict of str to list of list of int
        For each mode that is possible, "time" or "volume", the numbers of pages that belong together.
    settings : Settings
    """
    if settings.stack != "auto":
        return StackMode(settings.stack)
    if not sequences:
        return StackMode("pages")
    seen = [number for number in wanted if not is_lost(pages[number])]
    chosen = (seen or list(wanted))[:: -(-len(seen or wanted) // TRIALS)]
    totals: dict[str, float] = dict.fromkeys(STACK_MODES[1:], 0.0)
    for number in chosen:
        for mode, error in _try_page(pages, number, sequences, settings).items():
            totals[mode] += error
    errors = {
        mode: (total / len(chosen)) ** 0.5 for mode, total in totals.items() if mode == "pages" or mode in sequences
    }
    neighbours = [mode for mode in errors if mode != "pages"]
    best = min(neighbours, key=lambda mode: errors[mode] ** 2 / (OVER_TIME if mode == "volume" else 1))
    return StackMode(best if errors[best] ** 2 < OVER_PAGES * errors["pages"] ** 2 else "pages", errors)


def _try_page(pages: Mapping[int, Page], number: int, sequences: Sequences, settings: Settings) -> dict[str, float]:
    """Return the squared error of samples that are held out of a page, over their variance, for each mode."""
    lost = is_lost(pages[number])
    if lost:  # a page that lies among known pages as this one does is tried in its place
        row = next(row for rows in sequences.values() for row in rows if number in row)
        known = [not is_lost(pages[n]) for n in row]
        _, twins = choose_neighbours(known, list(row).index(number))
        if not twins:
            return {}
        number = row[twins[0]]
    part = _busiest(pages[number])
    page = _crop(pages[number], part)
    hidden = page.known if lost else _hold_out(page, settings.seed)
    truth = page.pixels[hidden].astype(np.float64)
    if not len(truth):
        return {}
    errors = {"pages": 1.0}
    if not lost:
        (shown,) = hide([page], 0, hidden)
        alone = run_inpainting(shown.pixels, shown.missing, settings, ignored=shown.ignored)
        errors["pages"] = _relative_error(alone, truth, hidden)
    for mode, rows in sequences.items():
        row = next(row for row in rows if number in row)
        place = list(row).index(number)
        near = row[max(0, place - DATES // 2) : place + DATES // 2]
        around = [_crop(pages[n], part) for n in near]
        place = list(near).index(number)
        ((_, result),) = fill_sequence(hide(around, place, hidden), [place], mode, settings, Control())
        errors[mode] = _relative_error(result, truth, hidden)
    return errors


def _relative_error(result: Result, truth: NDArray[np.float64], hidden: Mask) -> float:
    """Return the mean squared error of the ``hidden`` samples over their variance."""
    return float(np.square(result.image[hidden] - truth).mean()) / max(float(truth.var()), 1e-300)


def _hold_out(page: Page, seed: int) -> Mask:
    """Return known samples to hide, in the shape of the holes; torch is imported here at the latest."""
    from inrr_cli.holdout.sampling import sample_holdout

    return sample_holdout(page.missing, page.known, seed)


def _busiest(page: Page) -> tuple[slice, slice]:
    """Return the part of a page, of at most TRIAL_SIDE pixels a side, with the most samples to fill."""
    rows, columns = page.pixels.shape[:2]
    step = TRIAL_SIDE // 2
    starts = [
        (top, left)
        for top in range(0, max(1, rows - TRIAL_SIDE + step), step)
        for left in range(0, max(1, columns - TRIAL_SIDE + step), step)
    ]
    parts = [np.s_[top : top + TRIAL_SIDE, left : left + TRIAL_SIDE] for top, left in starts]
    known = [part for part in parts if known_channels(page.known[part]).all()]
    return max(known or parts, key=lambda part: int(page.missing[part].sum()))


def _crop(page: Page, part: tuple[slice, slice]) -> Page:
    return replace(page, pixels=page.pixels[part], missing=page.missing[part], ignored=page.ignored[part])
