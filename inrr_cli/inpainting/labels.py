"""Fill labels: values that name things, such as classes or instances, and that cannot be averaged.

Similar patches vote: the fields that are 1 at one label and 0 at the others are filled like images, and a missing
sample gets the label whose field is largest there.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import Control
from inrr_cli.errors import InputError
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.inpainting.label_colours import Labels, colour_labels, find_blocks
from inrr_cli.inpainting.tiles import tile_windows
from inrr_cli.inpainting.whole import inpaint_whole
from inrr_cli.result import Result
from inrr_cli.settings import Settings

TILE = 512  # pixels; bounds the memory of the fields
DOUBT = 0.03  # empirical: of the votes that are all for one label, so many are wrong on maps of six kinds

Mask = NDArray[np.bool_]


def inpaint_labels(image: Pixels, missing: Mask, settings: Settings, control: Control, known: Mask) -> Result:
    """Fill the ``missing`` samples of an image with labels that are known near them.

    Parameters
    ----------
    image : (M, N) ndarray
        Labels: integers of any size, or floats that are whole numbers.
    missing, settings, control, known
        As in `inrr_cli.inpainting.whole.inpaint_whole`.

    Returns
    -------
    Result
        Its ``sigma`` is the probability of the label that was filled in, 0 at the other samples.

    Raises
    ------
    InputError
        If a known value is no whole number, or none is known.
    """
    start = time.perf_counter()
    if missing.any() and not known.any():
        raise InputError("the mask covers everything: no label is known to fill it with")
    values, labels = index_labels(image, known)
    restored, probability = labels.copy(), np.zeros(image.shape, np.float32)
    tile = max(image.shape) if settings.net != "grid" else settings.tile or TILE
    windows = list(tile_windows(missing, known, tile))
    results: list[Result] = []
    completed = True
    for number, (part, window) in enumerate(windows):
        inner = np.zeros(labels[window].shape, bool)
        rows, columns = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(part, window, strict=True))
        inner[rows, columns] = missing[part]
        share = control.part(number, len(windows))
        chosen, certainty, fields = fill_window(labels[window], inner, settings, share)
        restored[window][inner], probability[window][inner] = chosen, certainty
        results += [] if fields is None else [fields]
        completed = fields is None or fields.completed
        if not completed:
            break
    filled = missing & (restored >= 0)
    output = image.copy()
    output[filled] = values[restored[filled]]
    summary = results[0].summary if results else "one label in reach of every hole"
    return Result(
        image=output,
        raw=None,
        psnr_known=None,
        rmse_known=None,
        sigma=probability,
        noise_sigma=None,
        device=results[0].device if results else "cpu",
        steps=results[0].steps if results else None,
        seconds=time.perf_counter() - start,
        completed=completed,
        summary=f"{len(values)} labels; {summary}",
        notice=next((result.notice for result in results if result.notice), ""),
    )


def index_labels(image: Pixels, known: Mask) -> tuple[Pixels, Labels]:
    """Return the sorted values of the known samples, (k,), and the index of each sample's, (M, N), -1 if unknown."""
    samples = image[known]
    if not np.issubdtype(image.dtype, np.integer):
        wrong = ~np.isfinite(samples) | (samples != np.round(samples))
        if wrong.any():
            raise InputError(f"labels must be whole numbers, but a known sample is {samples[wrong][0]:g}")
    values, index = np.unique(samples, return_inverse=True)
    labels = np.full(image.shape, -1, np.intp)
    labels[known] = index.reshape(-1)
    return values, labels


def fill_window(
    labels: Labels, missing: Mask, settings: Settings, control: Control
) -> tuple[Labels, NDArray[np.float32], Result | None]:
    """Choose the labels of missing samples in a window.

    Parameters
    ----------
    labels : (M, N) ndarray of int
        Negative where no label is known.
    missing : (M, N) ndarray of bool
        Samples to fill, n of them; others that are not known are left alone.

    Returns
    -------
    (n,) ndarray of int, (n,) ndarray of float32, Result or None
        The labels, their probabilities, and the result of filling the fields; None where one label alone is in reach.
    """
    known = labels >= 0
    names, local = np.unique(labels[known], return_inverse=True)
    inside = np.full(labels.shape, -1, np.intp)
    inside[known] = local.reshape(-1)
    blocks = list(find_blocks(inside, missing))
    chosen, certainty = np.zeros(labels.shape, np.intp), np.zeros(labels.shape, np.float32)
    colours = colour_labels(inside, blocks, len(names))
    fields = None
    if all(len(block.candidates) == 1 for block in blocks):
        estimate = np.ones((*labels.shape, int(colours.max()) + 1), np.float32)
    else:
        fields = _fill_fields(np.where(known, colours[inside], -1), missing, settings, control)
        estimate = np.concatenate([1 - fields.image, fields.image], 2) if fields.image.shape[2] == 1 else fields.image
    for block in blocks:
        votes = np.clip(estimate[block.rows, block.columns][:, colours[block.candidates]], 0, 1)
        chosen[block.rows, block.columns] = names[block.candidates[votes.argmax(1)]]
        certainty[block.rows, block.columns] = _probability(votes)
    return chosen[missing], certainty[missing], fields


def _probability(votes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probability of the most likely of k labels from the votes (n, k) for each."""
    total, even = votes.sum(1), 1 / votes.shape[1]
    share = np.where(total > 0, votes.max(1) / np.where(total > 0, total, 1), even)
    return np.asarray((1 - DOUBT) * share + DOUBT * even, np.float32)


def _fill_fields(colours: Labels, missing: Mask, settings: Settings, control: Control) -> Result:
    """Fill the indicator fields (M, N, C) of colours; of two colours the field of the second tells all."""
    number = int(colours.max()) + 1
    shown = np.arange(1, 2) if number == 2 else np.arange(number)
    fields = (colours[..., None] == shown).astype(np.float32)
    wanted, known = (np.repeat(mask[..., None], len(shown), 2) for mask in (missing, colours >= 0))
    return inpaint_whole(fields, wanted, replace(settings, values="linear", tile=None), control, known)
