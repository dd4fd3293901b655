"""Estimate the error of a fill without a truth: hide known samples in the shape of the holes, and fill these too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from inrr_cli.engine import Control
from inrr_cli.holdout.error_estimate import HiddenSamples, Samples, distance_classes, estimate_squared_error, places_of
from inrr_cli.holdout.sampling import HIDDEN_TO_MEASURE, sample_holdout
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

    The pages are filled once more, with some known samples hidden; see `sample_holdout` and `estimate_squared_error`.

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
    hidden = {page.number: sample_holdout(page.missing, page.known, settings.seed, HIDDEN_TO_MEASURE) for page in pages}
    fuller = [replace(page, missing=page.missing | hidden[page.number]) for page in pages]
    found: list[HiddenSamples] = []

    def measure(page: Page, result: Result) -> Result:
        where = hidden[page.number]
        error = result.image[where].astype(np.float64) - page.pixels[where].astype(np.float64)
        variance = None if result.sigma is None else np.square(result.sigma[where].astype(np.float64))
        places = places_of(where)[where] + sum(1 + int(each.places.max(initial=0)) for each in found)
        kept = np.isfinite(error) if variance is None else np.isfinite(error) & np.isfinite(variance)
        found.append(
            HiddenSamples(
                distance_classes(page.missing)[where][kept],
                None if variance is None else variance[kept],
                np.square(error[kept]),
                places[kept],
            )
        )
        return replace(result, image=result.image[:0], raw=None, sigma=None)

    if not any(mask.any() for mask in hidden.values()):
        return None
    inpaint_pages(fuller, settings, Control(control.progress), keep=measure, others=others, sequences=sequences)
    filled = _join([_filled(page.missing, results[page.number]) for page in pages])
    squares, places = (np.concatenate([getattr(each, name) for each in found]) for name in ("squared_error", "places"))
    told = _join(found)
    error = estimate_squared_error(filled, HiddenSamples(told.classes, told.variance, squares, places))
    return None if error is None else float(np.sqrt(error))


def _filled(missing: Mask, result: Result) -> Samples:
    """Return the filled samples of a page, without those that have no finite error bar."""
    classes = distance_classes(missing)[missing]
    sigma = result.sigma_filled if result.sigma is None else result.sigma[missing]
    if sigma is None:
        return Samples(classes, None)
    variance = np.square(sigma.astype(np.float64))
    kept = np.isfinite(variance)
    return Samples(classes[kept], variance[kept])


def _join(samples: Sequence[Samples]) -> Samples:
    """Return the samples of all pages; all have error bars or none has."""
    variances = [each.variance for each in samples if each.variance is not None]
    classes = np.concatenate([each.classes for each in samples])
    return Samples(classes, np.concatenate(variances) if len(variances) == len(samples) else None)
