"""``--report``: the report of one image, from what a command read, made and wrote."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inrr_cli.cli.files import Files
from inrr_cli.engine import Control, FitState
from inrr_cli.errors import InputError
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.reading import STANDARD, read_bytes
from inrr_cli.imaging.value_range import Pixels, full_scale
from inrr_cli.masking.samples import any_channel
from inrr_cli.neural.history import FitHistory
from inrr_cli.report.course import fit_of
from inrr_cli.report.model import Mask, Report, ReportPage, Table
from inrr_cli.report.rendering import render_report
from inrr_cli.report.restored import (
    Appearance,
    Fit,
    Opacity,
    filled_sigma,
    inpainting_facts,
    inpainting_page,
    superres_page,
)
from inrr_cli.result import Measurement, Result
from inrr_cli.settings import Settings

if TYPE_CHECKING:
    from inrr_cli.inpainting.stack import Stack
    from inrr_cli.masking.selection import Page
    from inrr_cli.superres.target import Target

POINTS = 20  # of each curve of a fit: to look at more takes as long as the fit
MOST_PAGES = 12  # that are shown in full: more would make a file that no mail takes

Pages = tuple[list[ReportPage], Table | None]


def encode_report(
    image: Path, files: Files, pages: Pages, record: Mapping[str, Any], outputs: Mapping[Path, bytes]
) -> bytes:
    """Return the report of a run as the bytes of a file.

    Parameters
    ----------
    image : Path
    files : Files
    pages : (list of ReportPage, Table or None)
        What is shown in full, and a table of the other pages.
    record : dict
        Of the run.
    outputs : dict of Path to bytes
        All other files that are written.
    """
    shown, further = pages
    size = f"{record['width']} x {record['height']} pixels"
    channels = f", {record['channels']} channels" if record["channels"] > 1 else ""
    done = "Filled" if record["command"] == "inpaint" else "Enlarged"
    notes = [f"The {len(shown)} most doubtful of the pages come first, in full; a table at the end names the others."]
    report = Report(
        image.name if image != STANDARD else "standard input",
        f"{size}{channels}, {record['dtype']}. {done} by {_method(record)}.",
        shown,
        further=further,
        notes=notes if further is not None else [],
        command=files.command_line,
        files=[
            *hashed_inputs(image, files),
            *((_role(path, files), str(path), sha256(data)) for path, data in outputs.items()),
        ],
        record=record,
    )
    return render_report(report)


def new_history(**image: Any) -> FitHistory:
    """Return a history for a report; the keywords are those of `FitHistory` that say what the network is fitted to."""
    return FitHistory(points=POINTS, keep_laplacians=True, **image)


class Originals:
    """What a report tells of a run that its results do not: samples that it replaces, and the course of a fit.

    Parameters
    ----------
    stack : Stack
    settings : Settings
    measurement : Measurement
    """

    def __init__(self, stack: Stack, settings: Settings, measurement: Measurement) -> None:
        self.everything = settings.denoise
        self.samples = {
            page.number: page.pixels.copy() if self.everything else page.pixels[page.missing] for page in stack.pages
        }
        self.history = None
        if settings.net != "grid" and len(stack.pages) == 1 and not settings.per_channel:
            page, truths = stack.pages[0], measurement.truths
            self.history = new_history(
                image=page.pixels.copy(),
                missing=page.missing,
                truth=None if truths is None else truths[0],
                value_range=measurement.value_range,
            )

    def watch(self, control: Control) -> Control:
        """Return a control that keeps the course of the fit too."""
        others, history = control.observe, self.history
        if history is None:
            return control

        def observe(state: FitState) -> None:
            if others is not None:
                others(state)
            history.record(state)

        return replace(control, observe=observe)

    def before(self, page: Page, result: Result) -> Pixels:
        """Return a page (M, N[, C]) as it was read."""
        if self.everything:
            return self.samples[page.number]
        pixels = result.image.copy()
        pixels[page.missing] = self.samples[page.number]
        return pixels


def inpainting_pages(
    stack: Stack,
    template: Picture,
    originals: Originals,
    found: Mapping[int, Result],
    measurement: Measurement,
    settings: Settings,
    variants: int,
) -> Pages:
    """Return the pages of filled images, the most doubtful first, and a table of those beyond MOST_PAGES.

    Parameters
    ----------
    stack, template : Stack, Picture
        What was filled, and a picture with the alpha of the output.
    originals : Originals
    found : dict of int to Result
    measurement : Measurement
        Of the pages that were found.
    settings : Settings
    variants : int
    """
    truths = _truths(measurement, len(found))
    by_number = {page.number: page for page in stack.pages}
    triples = [(by_number[n], found[n], truth) for n, truth in zip(found, truths, strict=True)]
    triples.sort(key=lambda triple: _doubt(triple[1], triple[0].missing), reverse=True)
    count, value_range = len(stack.picture.pages), measurement.value_range

    def title(page: Page) -> str:
        return "The image" if count == 1 else f"Page {page.number + 1} of {count}"

    shown = [
        inpainting_page(
            title(page),
            originals.before(page, result),
            [result.variant(number) for number in range(variants)],
            page.missing,
            value_range,
            known=page.known,
            truth=truth,
            values=settings.values,
            look=_look(stack.picture, template, page.number),
            fit=Fit() if originals.history is None else fit_of(originals.history),
        )
        for page, result, truth in triples[:MOST_PAGES]
    ]
    rows = [
        (title(page), inpainting_facts(result, page.missing, value_range, truth, settings.values))
        for page, result, truth in triples[MOST_PAGES:]
    ]
    return shown, _table(rows)


def superres_pages(
    picture: Picture,
    output: Picture,
    found: Mapping[int, Result],
    targets: Sequence[Target],
    measurement: Measurement,
    blocks: Callable[[Pixels, Target], Pixels],
    history: FitHistory | None,
) -> Pages:
    """Return the pages of enlarged images; ``blocks`` shows a page by its nearest pixels in the size of a target.

    The ``history`` is that of a network's fit to a single page.
    """
    truths = _truths(measurement, len(found))
    count = len(picture.pages)
    shown = []
    for number, truth in list(zip(found, truths, strict=True))[:MOST_PAGES]:
        small, target, alpha = picture.pages[number], targets[number], picture.alpha[number]
        before = None if alpha is None else _opacity(blocks(alpha, target))
        title = "The image" if count == 1 else f"Page {number + 1} of {count}"
        look = Appearance(before, _opacity(output.alpha[number]), picture.metadata.white_is_zero)
        page = superres_page(
            title, small, blocks(small, target), found[number], target, measurement.value_range, truth=truth, look=look
        )
        if history is not None:
            fit = fit_of(history)
            page = replace(page, curves=fit.curves, matrices=fit.matrices)
        shown.append(page)
    rows: list[tuple[str, dict[str, str]]] = [(f"Page {number + 1}", {}) for number in list(found)[MOST_PAGES:]]
    return shown, _table(rows)


def _truths(measurement: Measurement, count: int) -> list[Pixels | None]:
    """Return the true pages of so many results, None where there are none."""
    return [None] * count if measurement.truths is None else list(measurement.truths)


def _doubt(result: Result, missing: Mask) -> tuple[float, float]:
    """Return what pages are sorted by: the mean error bar, and the share that is missing."""
    sigma = filled_sigma(result, missing)
    finite = np.zeros(0) if sigma is None else sigma[np.isfinite(sigma)]
    return float(finite.mean()) if finite.size else 0.0, float(any_channel(missing).mean())


def _table(rows: Sequence[tuple[str, dict[str, str]]]) -> Table | None:
    """Return a table of pages and their facts; None of no pages."""
    if not rows:
        return None
    names = list(dict.fromkeys(name for _, facts in rows for name in facts))
    cells = [[title, *(facts.get(name) for name in names)] for title, facts in rows]
    return Table("Further pages", ["page", *names], cells)


def _look(picture: Picture, template: Picture, number: int) -> Appearance:
    before, after = _opacity(picture.alpha[number]), _opacity(template.alpha[number])
    return Appearance(before, after, picture.metadata.white_is_zero)


def _opacity(alpha: Pixels | None) -> Opacity | None:
    return None if alpha is None else (alpha / full_scale(alpha.dtype)).astype(np.float32)


def _method(record: Mapping[str, Any]) -> str:
    if record["net"] != "grid":
        return f"the network {record['net']} with the regulariser {record['reg']}"
    return "texture, and similar patches" if record["fill"] == "texture" else "similar patches of the image"


def hashed_inputs(image: Path, files: Files) -> list[tuple[str, str, str]]:
    """Return the role, the name and the SHA-256 of each file that was read."""
    roles = [("input", image), *(("mask", path) for path in files.given_inputs() if str(path) in files.masks)]
    roles += [(name, path) for name in ("reference", "exclude") if (path := getattr(files, name)) is not None]
    return [(role, str(path), _hash_of(path)) for role, path in roles]


def _hash_of(path: Path) -> str:
    """Return the SHA-256 of a file; empty for what cannot be read twice."""
    try:
        return "" if path == STANDARD else sha256(read_bytes(path))
    except InputError:
        return ""


def sha256(data: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def _role(path: Path, files: Files) -> str:
    """Return what a file that is written is."""
    roles = {files.save_mask: "mask written", files.uncertainty: "error bars"} | dict.fromkeys(
        files.sidecars(), "record"
    )
    return roles.get(path, "output")
