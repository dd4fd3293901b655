"""The result of a run: the restored image, in the image's units, how it came about, and its measures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import DivergedError
from inrr_cli.imaging.value_range import Pixels, ValueRange, measured_range
from inrr_cli.masking.samples import any_channel
from inrr_cli.metrics import psnr, psnr_of_rmse, ssim, texture_measures

if TYPE_CHECKING:
    from torch import Tensor

    from inrr_cli.engine import Estimate


Masks = list[NDArray[np.bool_]]

# whether what was made up looks like its surroundings
NATURALNESS = ("texture_ratio", "gradient_ratio", "patch_ratio", "seam_ratio")


@dataclass(frozen=True)
class Result:
    """A restored image and how it came about.

    Attributes
    ----------
    image : (M, N[, C]) ndarray
        The restored image, of the input's dtype.
    raw : (M, N[, C]) ndarray of float32, or None
        A network's own output at every pixel of the result, in the units of the image, clipped to what its dtype holds.
    psnr_known : float or None
        PSNR in dB of a network's output at the known pixels: how well it fits. The peak is the range of the image's
        integers, or that of a float image's known pixels.
    rmse_known : float or None
        The same as a root mean square error, in the units of the image.
    sigma : (M, N[, C]) ndarray of float32, or None
        One standard deviation of each filled pixel, 0 at known ones that were kept, in the units of the image; None
        where the method has none. Of labels: the probability that the label is right.
    noise_sigma : float or None
        Standard deviation of the known pixels' noise that the engine assumed, in the units of the image.
    device : str
        Device that computed the result.
    steps : int or None
        Optimiser steps run, if a network was fitted.
    seconds : float
        Time taken.
    completed : bool
        False if the run was interrupted.
    summary : str
        How the result was made, in one line.
    notice : str
        A warning for the user; empty if all went well.
    consistency_max : float or None
        Of `superres`: the largest difference between the input and the downscaled result, in the units of the image.
    sigma_filled : (n,) ndarray of float32, or None
        Sigma of the filled samples alone, where nobody wants that of all: a long stack would take too much memory.
    made : (M, N) ndarray of bool, or None
        Pixels that are made up of copies, with ``fill="texture"``: they are plausible, not measured, and sigma is that
        of the expected value in their place.
    variants : tuple of (K[, C]) ndarray
        Values of the K pixels that were ``made``, for each further seed; see `variant`.
    """

    image: Pixels
    raw: NDArray[np.float32] | None
    psnr_known: float | None
    rmse_known: float | None
    sigma: NDArray[np.float32] | None
    noise_sigma: float | None
    device: str
    steps: int | None
    seconds: float
    completed: bool
    summary: str
    notice: str = ""
    consistency_max: float | None = None
    sigma_filled: NDArray[np.float32] | None = None
    made: NDArray[np.bool_] | None = None
    variants: tuple[Pixels, ...] = ()

    def variant(self, number: int) -> Result:
        """Return the result with what another seed made up, counted from 0, which is this one.

        All variants are the same where nothing was made up.
        """
        if number == 0 or not self.variants:
            return self
        image = self.image.copy()
        image[self.made] = self.variants[number - 1]
        return replace(self, image=image, variants=())


def make_result(
    estimate: Estimate,
    image: Pixels,
    sigma: NDArray[np.float32] | None,
    source: Pixels,
    known: NDArray[np.bool_],
    units: ValueRange,
    start: float,
) -> Result:
    """Convert an engine's estimate to the units of the image.

    Parameters
    ----------
    estimate : Estimate
    image : (P, Q[, C]) ndarray
        The restored image.
    sigma : (P, Q[, C]) ndarray of float32, or None
        Its standard deviation, in units of the image.
    source : (M, N[, C]) ndarray
        The input.
    known : (M, N[, C]) ndarray of bool
        Samples of ``source`` that the engine was given.
    units : ValueRange
        Values of the image that stand for 0 and 1 in the estimate.
    start : float
        Time of the start, by `time.perf_counter`.
    """
    rmse = None
    if estimate.fitted is not None:
        fitted = units.from_unit_unrounded(_to_numpy(estimate.fitted, source.ndim), source.dtype)
        rmse = float(np.sqrt(np.mean(np.square(fitted[known] - source[known].astype(np.float64)))))
    raw = None if estimate.raw is None else _to_numpy(estimate.raw, image.ndim)
    return Result(
        image=image,
        raw=None if raw is None else units.from_unit_unrounded(raw, source.dtype).astype(np.float32),
        psnr_known=psnr_of_rmse(rmse, measured_range(source, known).span),
        rmse_known=rmse,
        sigma=sigma,
        noise_sigma=None if estimate.noise is None else estimate.noise * units.span,
        device=estimate.values.device.type,
        steps=estimate.steps,
        seconds=time.perf_counter() - start,
        completed=estimate.completed,
        summary=estimate.summary,
        notice=estimate.notice,
    )


def image_sigma(estimate: Estimate, units: ValueRange, axes: int) -> NDArray[np.float32] | None:
    """Return the standard deviation of an estimate in units of the image, with as many axes as it, if there is one."""
    if estimate.sigma is None:
        return None
    return units.deviations(_to_numpy(estimate.sigma, axes), _to_numpy(estimate.values, axes))


def finite_values(estimate: Estimate, where: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the values of an estimate (M, N, C) at the pixels or samples ``where``.

    Raises
    ------
    DivergedError
        If a value is not finite.
    """
    values: NDArray[np.float32] = estimate.values.cpu().numpy()[where]
    if not np.isfinite(values).all():
        raise DivergedError("the result is not finite; give a lower --lr or another method")
    return values


def _to_numpy(values: Tensor, axes: int) -> NDArray[np.float32]:
    array: NDArray[np.float32] = values.cpu().numpy()
    return array if axes == 3 else array[..., 0]


def mean_of(values: list[float | None]) -> float | None:
    """Return the mean of the numbers that are not None, None if there is none."""
    found = [value for value in values if value is not None]
    return float(np.mean(found)) if found else None


def join_parts(results: list[Result], image: Pixels, sigma: NDArray[np.float32], parts: str) -> Result:
    """Return the result of an image (M, N[, C]) that was filled in ``parts``, which the summary names."""
    return replace(
        results[0],
        image=image,
        sigma=sigma,
        noise_sigma=mean_of([result.noise_sigma for result in results]),
        seconds=sum(result.seconds for result in results),
        completed=all(result.completed for result in results),
        summary=f"{results[0].summary}; {parts}",
    )


def joint_rmse(results: list[Result]) -> float | None:
    """Root mean square error at the known pixels of several results, each of which counts alike."""
    mean_square = mean_of([None if result.rmse_known is None else result.rmse_known**2 for result in results])
    return None if mean_square is None else float(np.sqrt(mean_square))


@dataclass(frozen=True)
class Measurement:
    """What the results of a run are measured against.

    Attributes
    ----------
    value_range : ValueRange
        Its width is the peak of every PSNR.
    missing : list of (M, N[, C]) ndarray of bool, or None
        Samples that were filled on each page, of its shape; None where the whole image is new.
    truths : list of (M, N[, C]) ndarray, or None
        The true pages.
    """

    value_range: ValueRange
    missing: Masks | None = None
    truths: list[NDArray[Any]] | None = None

    def of(self, places: Sequence[int]) -> Measurement:
        """Return the measurement of some of the pages, by their places in the lists."""
        missing = None if self.missing is None else [self.missing[place] for place in places]
        truths = None if self.truths is None else [self.truths[place] for place in places]
        return replace(self, missing=missing, truths=truths)


def measure(results: list[Result], measurement: Measurement) -> dict[str, Any]:
    """Measure the results of the pages of an image, over all pages together; None where a measure does not apply.

    Samples that are not finite in the result or the truth do not count. SSIM and the ratios of NATURALNESS are means
    over pages.
    """
    missing = measurement.missing
    filled = None if missing is None else sum(int(mask.sum()) for mask in missing)
    completed = all(result.completed for result in results)
    measures: dict[str, Any] = {
        "missing_pixels": None if missing is None else sum(int(any_channel(mask).sum()) for mask in missing),
        "missing_samples": filled,
        "missing_fraction": None if filled is None else filled / sum(result.image.size for result in results),
        "noise_sigma": mean_of([result.noise_sigma for result in results]),
        "sigma_mean": _mean_sigma(results, missing) if completed else None,
        "psnr_known": psnr_of_rmse(joint_rmse(results), measurement.value_range.span),
    }
    measures |= dict.fromkeys(("psnr_raw", "psnr_full", "psnr_missing", "psnr_estimated", "ssim_full"))
    if measurement.truths is not None:
        measures |= _compare(results, measurement.truths, missing, measurement.value_range)
    return measures | _naturalness(results, missing)


def _compare(
    results: list[Result], truths: list[NDArray[Any]], missing: Masks | None, value_range: ValueRange
) -> dict[str, float | None]:
    """PSNR over the samples of all pages, and the mean SSIM."""
    with np.errstate(all="ignore"):  # values far out of the range
        true = [value_range.to_unit(truth) for truth in truths]
        restored = [value_range.to_unit(result.image) for result in results]
        raw = [value_range.to_unit(result.raw) for result in results if result.raw is not None]
        return {
            "psnr_raw": _psnr_of_pages(raw, true) if len(raw) == len(restored) else None,
            "psnr_full": _psnr_of_pages(restored, true),
            "psnr_missing": None if missing is None else _psnr_of_pages(restored, true, missing),
            "ssim_full": mean_of([ssim(page, truth) for page, truth in zip(restored, true, strict=True)]),
        }


def _naturalness(results: list[Result], missing: Masks | None) -> dict[str, float | None]:
    """Measure what was made up beside known pixels; the mean over pages on which something was."""
    found: dict[str, list[float | None]] = {name: [] for name in NATURALNESS}
    for result, mask in zip(results, missing or [], strict=missing is not None):
        if result.made is None or not result.made.any():
            continue
        usable = ~any_channel(mask) & np.isfinite(np.atleast_3d(result.image)).all(2)
        for name, ratio in texture_measures(result.image, result.made, usable).items():
            found[name].append(ratio)
    return {name: mean_of(values) for name, values in found.items()}


def _psnr_of_pages(
    pages: list[NDArray[np.float32]], truths: list[NDArray[np.float32]], where: Masks | None = None
) -> float | None:
    """PSNR over the samples of all pages that are finite in both."""
    pairs = list(zip(pages, truths, strict=True))
    if where is not None:
        pairs = [(page[mask], truth[mask]) for (page, truth), mask in zip(pairs, where, strict=True)]
    first, second = (np.concatenate([pair[k].ravel() for pair in pairs]) for k in (0, 1))
    return psnr(first, second, np.isfinite(first) & np.isfinite(second))


def _mean_sigma(results: list[Result], missing: Masks | None) -> float | None:
    if missing is None:
        return None
    pairs = zip(results, missing, strict=True)
    sigmas = [r.sigma_filled if r.sigma is None else r.sigma[mask].ravel() for r, mask in pairs]
    found = [sigma for sigma in sigmas if sigma is not None]
    return float(np.concatenate(found).mean()) if len(found) == len(results) else None
