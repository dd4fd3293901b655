"""Estimate the error of a fill without a truth: hide known samples in the shape of the holes, and fill these too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import Control
from inrr_cli.holdout.error_estimate import Samples, distance_classes, estimate_squared_error
from inrr_cli.holdout.shapes import hide_like_holes
from inrr_cli.inpainting.pages import inpaint_pages
from inrr_cli.inpainting.stack_mode import Sequences
from inrr_cli.masking import Mask
from inrr_cli.masking.selection import Page
from inrr_cli.result import Result
from inrr_cli.settings import Settings


def estimate_rmse(
    pages: Sequence[Page],
    results: Mapping[int, Result],
    settings: Settings,
    control: Control,
    *,
    others: Sequence[Page] = (),
    sequences: Sequences | None = None,
) -> float | None:
    """Estimate the root mean square error of filled samples, in the units of the image.

    The pages are filled once more, with some known samples hidden; see `hide_like_holes` and `estimate_squared_error`.

    Parameters
    ----------
    pages : list of Page
        That were filled. Their known samples are those of the image; the missing ones may be filled already.
    results : dict of int to Result
        What came of them, by number.
    settings : Settings
        Of the fill.
    control : Control
        Its progress is told of this fill too; it writes no checkpoint.
    others, sequences
        As in `inpaint_pages`.

    Returns
    -------
    float or None
        None if no known sample can be hidden.
    """
    hidden = {page.number: hide_like_holes(page.missing, page.known, settings.seed) for page in pages}
    fuller = [replace(page, missing=page.missing | hidden[page.number]) for page in pages]
    found: list[Samples] = []

    def measure(page: Page, result: Result) -> Result:
        where = hidden[page.number]
        error = result.image[where].astype(np.float64) - page.pixels[where].astype(np.float64)
        variance = _variance(None if result.sigma is None else result.sigma[where], error.size)
        found.append(_usable(distance_classes(page.missing)[where], variance, np.square(error)))
        return replace(result, image=result.image[:0], raw=None, sigma=None)

    if not any(mask.any() for mask in hidden.values()):
        return None
    inpaint_pages(fuller, settings, Control(control.progress), keep=measure, others=others, sequences=sequences)
    filled = [_filled(page.missing, results[page.number]) for page in pages]
    error = estimate_squared_error(_join(filled), _join(found))
    return None if error is None else float(np.sqrt(error))


def _filled(missing: Mask, result: Result) -> Samples:
    """Return what is known of the error of the filled samples of a page."""
    sigma = result.sigma_filled if result.sigma is None else result.sigma[missing]
    variance = _variance(sigma, int(missing.sum()))
    return _usable(distance_classes(missing)[missing], variance, np.zeros(len(variance)))


def _variance(sigma: NDArray[np.float32] | None, count: int) -> NDArray[np.float64]:
    """Return squares of error bars; ones for a method without."""
    return np.ones(count) if sigma is None else np.square(sigma.astype(np.float64))


def _usable(classes: NDArray[np.int64], variance: NDArray[np.float64], squared_error: NDArray[np.float64]) -> Samples:
    """Return samples without those whose error bar or error is not finite."""
    kept = np.isfinite(variance) & np.isfinite(squared_error)
    return Samples(classes[kept], variance[kept], squared_error[kept])


def _join(samples: Sequence[Samples]) -> Samples:
    parts = [(each.classes, each.variance, each.squared_error) for each in samples]
    return Samples(*map(np.concatenate, zip(*parts, strict=True)))
