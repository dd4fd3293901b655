"""The page of a restored image: which pictures, measures and sentences say what was done to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inrr_cli.imaging.value_range import Pixels, ValueRange, cast
from inrr_cli.masking.samples import any_channel, count, to_samples
from inrr_cli.metrics import psnr
from inrr_cli.report.model import Curve, Map, Mask, Matrix, Pane, ReportPage
from inrr_cli.report.numbers import in_digits
from inrr_cli.result import Result
from inrr_cli.superres.target import Target
from inrr_cli.value_kind import ValueKind, parse_values

Opacity = NDArray[np.float32]


@dataclass(frozen=True)
class Appearance:
    """How the pages of a file look beside their values.

    Attributes
    ----------
    before, after : (M, N) ndarray of float32, or None
        Opacity from 0 to 1.
    inverted : bool
        Whether the lowest value is white.
    """

    before: Opacity | None = None
    after: Opacity | None = None
    inverted: bool = False


@dataclass(frozen=True)
class Fit:
    """What a network's fit looked like."""

    curves: Sequence[Curve] = ()
    matrices: Sequence[Matrix] = ()


def inpainting_page(
    title: str,
    before: Pixels,
    variants: Sequence[Result],
    missing: Mask,
    value_range: ValueRange,
    *,
    known: Mask | None = None,
    truth: Pixels | None = None,
    values: str = "linear",
    look: Appearance = Appearance(),
    fit: Fit = Fit(),
) -> ReportPage:
    """Return the page of a filled image.

    Parameters
    ----------
    title : str
    before : (M, N[, C]) ndarray
        The input.
    variants : list of Result
        The result, and others of further seeds.
    missing, known : (M, N) or (M, N, C) ndarray of bool
        Pixels or samples that were filled, and those that are known: by default all others that are finite.
    value_range : ValueRange
        Its width is the peak of the PSNR.
    truth : (M, N[, C]) ndarray, optional
    values : str
        As `inrr_cli.settings.Settings.values`.
    look, fit : Appearance, Fit
    """
    result, kind = variants[0], parse_values(values)
    missing = to_samples(missing, before.shape)
    names = ["Restored"] if len(variants) == 1 else [f"Variant {n}" for n in range(1, len(variants) + 1)]
    panes = [Pane("Before", before, opacity=look.before, is_filled=False)]
    panes += [Pane(name, one.image, opacity=look.after) for name, one in zip(names, variants, strict=True)]
    panes += [] if truth is None else [Pane("Truth", truth, opacity=look.after, is_filled=False)]
    maps = [one for one in (_sigma_map(result, missing, kind), _residual_map(result, missing, truth, kind)) if one]
    return ReportPage(
        title,
        panes,
        missing,
        known,
        result.made,
        maps,
        truth,
        values,
        look.inverted,
        inpainting_facts(result, missing, value_range, truth, values),
        _notes(result, len(variants)),
        fit.curves,
        fit.matrices,
    )


def inpainting_facts(
    result: Result, missing: Mask, value_range: ValueRange, truth: Pixels | None, values: str
) -> dict[str, str]:
    """Return the few numbers that matter; the parameters are those of `inpainting_page`."""
    marked, size, unit = count([missing])
    facts = {"Filled": f"{marked:,} {unit}, {marked / size:.1%}"}
    if result.made is not None and result.made.any():
        facts["Made up, not measured"] = f"{int(result.made.sum()):,} pixels"
    sigma = filled_sigma(result, missing)
    if sigma is not None and sigma.size and np.isfinite(sigma).any():
        name = "Mean probability" if values == "labels" else "Mean error bar"
        facts[name] = in_digits(float(sigma[np.isfinite(sigma)].mean()), 3)
    if truth is not None and values == "labels":
        facts["Labels that are right"] = f"{(result.image[missing] == truth[missing]).mean():.1%}"
    elif truth is not None and values == "linear":
        first, second = (value_range.to_unit(pixels[missing]) for pixels in (result.image, truth))
        ratio = psnr(first, second, np.isfinite(first) & np.isfinite(second))
        if ratio is not None:
            facts["PSNR of the filled"] = f"{ratio:.2f} dB"
    return facts


def filled_sigma(result: Result, missing: Mask) -> NDArray[np.float32] | None:
    """Return the error bars (n,) of the samples that were filled; None if there are none."""
    return result.sigma_filled if result.sigma is None else result.sigma[missing]


def superres_page(
    title: str,
    small: Pixels,
    blocks: Pixels,
    result: Result,
    target: Target,
    value_range: ValueRange,
    *,
    truth: Pixels | None = None,
    look: Appearance = Appearance(),
) -> ReportPage:
    """Return the page of an enlarged image.

    Parameters
    ----------
    title : str
    small : (M, N[, C]) ndarray
        The input.
    blocks : (P, Q[, C]) ndarray
        The input as blocks of equal values.
    result : Result
    target : Target
    value_range, truth, look
        As in `inpainting_page`.
    """
    panes = [Pane("Input, nearest pixel", blocks, opacity=look.before, is_filled=False)]
    panes.append(Pane("Enlarged", result.image, opacity=look.after))
    if np.isfinite(small).all():
        panes.append(Pane("Bicubic", bicubic(small, target), opacity=look.after))
    panes += [] if truth is None else [Pane("Truth", truth, opacity=look.after, is_filled=False)]
    every, kind = np.ones(result.image.shape, bool), ValueKind("linear")
    maps = [one for one in (_sigma_map(result, every, kind), _residual_map(result, every, truth, kind)) if one]
    facts = {"Size": f"{small.shape[1]} x {small.shape[0]} to {target.size[1]} x {target.size[0]}"}
    if result.consistency_max is not None:
        facts["Reduced again, off by at most"] = in_digits(result.consistency_max, 3)
    if truth is not None:
        pairs = [(result.image, "PSNR")] + [(p.pixels, "PSNR of bicubic") for p in panes if p.name == "Bicubic"]
        for pixels, name in pairs:
            first, second = value_range.to_unit(pixels), value_range.to_unit(truth)
            ratio = psnr(first, second, np.isfinite(first) & np.isfinite(second))
            facts |= {} if ratio is None else {name: f"{ratio:.2f} dB"}
    notes = ["Every pixel of the enlarged image is estimated; reduced again, the image gives the input back."]
    return ReportPage(title, panes, maps=maps, inverted=look.inverted, facts=facts, notes=[*notes, *_notes(result, 1)])


def bicubic(small: Pixels, target: Target) -> Pixels:
    """Return an image (M, N[, C]) enlarged by bicubic interpolation, of its type: what most programs would make."""
    from PIL import Image

    rows, columns = small.shape[:2]
    (top, bottom), (left, right) = target.window
    across, down = columns / target.size[1], rows / target.size[0]
    box = left * across, top * down, right * across, bottom * down
    planes = [np.atleast_3d(small)[..., channel].astype(np.float32) for channel in range(np.atleast_3d(small).shape[2])]
    size = right - left, bottom - top
    made = [np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.BICUBIC, box=box)) for plane in planes]
    return cast(np.stack(made, 2).astype(np.float64), small.dtype).reshape(bottom - top, right - left, *small.shape[2:])


def _sigma_map(result: Result, missing: Mask, kind: ValueKind) -> Map | None:
    """Return the map of error bars, of which each pixel shows the largest of its channels."""
    filled, where = filled_sigma(result, missing), missing
    if filled is None:
        return None
    if result.sigma is not None:  # of known samples too, which were denoised
        where = missing | (result.sigma > 0)
        filled = result.sigma[where]
    sigma = _farthest(filled, where)
    if kind.name == "labels":
        return Map("Probability", sigma, "That a filled label is right.", "probability")
    several = "; the largest of the channels" if missing.ndim == 3 else ""
    replaced = " Of made-up pixels: that of the expected value in their place." * (result.made is not None)
    return Map("Error bar", sigma, f"One standard deviation, in the image's units{several}.{replaced}")


def _residual_map(result: Result, missing: Mask, truth: Pixels | None, kind: ValueKind) -> Map | None:
    """Return the map of what the result differs from the truth by."""
    if truth is None:
        return None
    if kind.name == "labels":
        wrong = _farthest((result.image[missing] != truth[missing]).astype(np.float32), missing)
        return Map("Wrong labels", wrong, "1 where a filled label is not that of the truth.", "probability")
    difference = _subtract(result.image[missing], truth[missing])
    if kind.name == "angle":
        difference = (difference + kind.period / 2) % kind.period - kind.period / 2
    several = "; of the channel that is farthest off" if missing.ndim == 3 else ""
    note = f"Restored minus truth, in the image's units{several}."
    return Map("Residual", _farthest(difference, missing), note, "residual")


def _subtract(image: Pixels, truth: Pixels) -> NDArray[np.float32]:
    wide = np.float32 if image.dtype.itemsize <= 2 else np.float64  # which holds every difference
    with np.errstate(invalid="ignore"):
        return np.asarray(image.astype(wide) - truth.astype(wide), np.float32)


def _farthest(samples: NDArray[np.float32], where: Mask) -> NDArray[np.float32]:
    """Return the value of each pixel (M, N) that is farthest from 0 among its channels; NaN where it has none.

    Parameters
    ----------
    samples : (n,) ndarray of float32
    where : (M, N[, C]) ndarray of bool
        What the samples are of, in order. Memory is needed for their pixels alone.
    """
    farthest = np.full(where.shape[:2], np.nan, np.float32)
    pixels = any_channel(where)
    values = np.full((int(pixels.sum()), *where.shape[2:]), np.nan, np.float32)
    values[where[pixels]] = samples
    if where.ndim == 3:
        places = np.nan_to_num(np.abs(values), nan=-1.0, posinf=np.inf).argmax(1)
        values = np.take_along_axis(values, places[:, None], 1)[:, 0]
    farthest[pixels] = values
    return farthest


def _notes(result: Result, variants: int) -> list[str]:
    notes = [result.notice[:1].upper() + result.notice[1:] + "."] if result.notice else []
    if not result.completed:
        notes.append("The run was interrupted: this is the image so far.")
    if result.made is not None and result.made.any():
        several = f" Each of the {variants} variants made up other ones." if variants > 1 else ""
        notes.append(
            f"{int(result.made.sum()):,} pixels are made up of copies from elsewhere in the picture: plausible, not "
            f"measured. Stripes mark them, and the pane Origin.{several}"
        )
    return notes
