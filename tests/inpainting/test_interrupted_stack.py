"""A stack that is interrupted: the pages that are done are kept, and the others are as they were."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from inrr_cli import make_settings
from inrr_cli.engine import Control
from inrr_cli.inpainting import whole
from inrr_cli.inpainting.pages import inpaint_pages
from inrr_cli.masking.selection import Page

SHAPE = (20, 20)


def interrupt(monkeypatch, number, *, caught):
    """Interrupt the window of this number, from 1; the engine has ``caught`` it and returns its estimate, or has not.

    The list that is returned grows by one with each window that is begun.
    """
    estimate, begun = whole._estimate, []

    def interrupted(*arguments):
        begun.append(len(begun) + 1)
        if begun[-1] == number and not caught:
            raise KeyboardInterrupt
        return replace(estimate(*arguments), completed=begun[-1] != number)

    monkeypatch.setattr(whole, "_estimate", interrupted)
    return begun


def pages_of(count, lost=()):
    """Pages of values above 1 with a tenth of the samples missing, which are 0; all of a lost page are."""
    rng = np.random.default_rng(0)
    base, pages = rng.random(SHAPE), []
    for number in range(count):
        missing = np.ones(SHAPE, bool) if number in lost else rng.random(SHAPE) < 0.1
        pixels = np.where(missing, 0, 1 + base + 0.01 * rng.random(SHAPE)).astype(np.float32)
        pages.append(Page(number, pixels, missing, np.zeros(SHAPE, bool)))
    return pages


def put_in_place(page, result):
    page.pixels[...] = result.image
    return replace(result, image=page.pixels)


def run(pages, mode, rows, *, keep_partial=True):
    """Return the numbers of the pages with a result and whether each is completed; None if it is all lost.

    These pages and no others are found to be filled.
    """
    before = [page.pixels.copy() for page in pages]
    settings, control = make_settings(stack=mode), Control(None, keep_partial)
    try:
        results = inpaint_pages(pages, settings, control, keep=put_in_place, sequences={mode: rows})
    except KeyboardInterrupt:  # which would end all tests
        return None
    for page, old in zip(pages, before, strict=True):
        assert (page.pixels[page.missing] > 0).all() if page.number in results else (page.pixels == old).all()
    return list(results), [result.completed for result in results.values()]


@pytest.mark.parametrize("mode", ["pages", "volume"])
@pytest.mark.parametrize("caught", [False, True])
def test_pages_that_are_done_are_kept(monkeypatch, mode, caught):
    begun = interrupt(monkeypatch, 3, caught=caught)
    assert run(pages_of(5), mode, [list(range(5))]) == ([0, 1], [True, True])
    assert len(begun) == 3


@pytest.mark.parametrize(("number", "keep_partial"), [(3, False), (1, True)])
def test_a_run_that_has_no_page_or_was_not_asked_to_keep_any_is_interrupted(monkeypatch, number, keep_partial):
    interrupt(monkeypatch, number, caught=False)
    assert run(pages_of(5), "volume", [list(range(5))], keep_partial=keep_partial) is None


@pytest.mark.parametrize("caught", [False, True])
def test_pages_behind_a_gap_are_kept_too(monkeypatch, caught):
    rows = [list(range(0, 12, 2)), list(range(1, 12, 2))]
    interrupt(monkeypatch, 2, caught=caught)
    assert run(pages_of(12), "time", rows) == (rows[0], [True] * 6)


def test_pages_behind_a_lost_one_are_kept_and_it_stays_lost(monkeypatch):
    interrupt(monkeypatch, 2, caught=False)
    done = [number for number in range(13) if number != 2]
    assert run(pages_of(30, lost=[2]), "time", [list(range(30))]) == (done, [True] * 12)


@pytest.mark.parametrize("step", ["lost_page", "alignment"])
def test_an_interruption_beside_the_engine_loses_nothing(monkeypatch, step):
    """While a lost page is predicted, or slices are aligned."""
    module = sys.modules["inrr_cli.inpainting.sequences"]
    name = {"lost_page": "predict_lost", "alignment": "align_slices"}[step]
    work, begun = getattr(module, name), []

    def interrupted(*arguments, **options):
        begun.append(1)
        if len(begun) == (1 if step == "lost_page" else 3):
            raise KeyboardInterrupt
        return work(*arguments, **options)

    monkeypatch.setattr(module, name, interrupted)
    pages = pages_of(6, lost=[4] if step == "lost_page" else [])
    done = [0, 1, 2, 3, 5] if step == "lost_page" else [0, 1]
    assert run(pages, "volume", [list(range(6))]) == (done, [True] * len(done))


def test_the_estimate_so_far_is_kept_if_no_page_is_done_and_its_row_is_the_last(monkeypatch):
    begun = interrupt(monkeypatch, 1, caught=True)
    rows = [list(range(0, 12, 2)), list(range(1, 12, 2))]
    assert run(pages_of(12), "time", rows) == (rows[0], [False] * 6)
    assert len(begun) == 1


def test_channels_after_an_interrupted_one_are_not_begun(monkeypatch):
    begun = interrupt(monkeypatch, 1, caught=True)
    rng = np.random.default_rng(0)
    missing = rng.random((4, *SHAPE, 3)) < 0.1
    pages = [Page(n, rng.random((*SHAPE, 3)), gone, np.zeros_like(gone)) for n, gone in enumerate(missing)]
    settings = make_settings(stack="time", per_channel=True)
    results = inpaint_pages(pages, settings, Control(None, True), sequences={"time": [list(range(4))]})
    assert [result.completed for result in results.values()] == [False] * 4
    assert len(begun) == 1
