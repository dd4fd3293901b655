"""How close a result is to the truth.

Every number says over which pixels it was taken: ``missing`` tells methods apart, ``known`` is the fit, ``full`` is the
image that is written, ``raw`` is a network's own output everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from inrr_cli.imaging.value_range import ValueRange
    from inrr_cli.result import Result

Masks = list[NDArray[np.bool_]]


def psnr(
    image: NDArray[np.floating],
    reference: NDArray[np.floating],
    where: NDArray[np.bool_] | None = None,
) -> float | None:
    """Peak signal-to-noise ratio in dB, peak 1.

    Parameters
    ----------
    image, reference : (M, N[, C]) ndarray of float
        Values whose full scale is 1; nothing is clipped.
    where : (M, N) ndarray of bool, optional
        Pixels to compare, all by default.

    Returns
    -------
    float or None
        ``inf`` where the two agree exactly, None where there is no pixel to compare.
    """
    squared = (image.astype(np.float64) - reference) ** 2
    if where is not None:
        squared = squared[where]
    if squared.size == 0:
        return None
    error = float(squared.mean())
    return float("inf") if error == 0 else -10.0 * float(np.log10(error))


def psnr_of_rmse(error: float | None, peak: float) -> float | None:
    """Return the PSNR in dB of a root mean square error; None of None."""
    if error is None:
        return None
    return float("inf") if error == 0 else 20 * float(np.log10(peak / error))


def ssim(image: NDArray[np.floating], reference: NDArray[np.floating]) -> float | None:
    """Mean structural similarity (Wang et al. 2004, doi:10.1109/TIP.2003.819861), data range 1.

    Parameters
    ----------
    image, reference : (M, N[, C]) ndarray of float
        Values in [0, 1].

    Returns
    -------
    float or None
        None where a side is shorter than the 7-pixel window.
    """
    from skimage.metrics import structural_similarity

    if min(image.shape[:2]) < 7:
        return None
    return float(
        structural_similarity(
            image.astype(np.float64),
            reference.astype(np.float64),
            data_range=1.0,
            channel_axis=2 if image.ndim == 3 else None,
        )
    )


@dataclass(frozen=True)
class Measurement:
    """What the results of a run are measured against.

    Attributes
    ----------
    value_range : ValueRange
        Its width is the peak of every PSNR.
    missing : list of (M, N) ndarray of bool, or None
        Pixels that were filled on each page; None where the whole image is new.
    truths : list of (M, N[, C]) ndarray, or None
        The true pages.
    """

    value_range: ValueRange
    missing: Masks | None = None
    truths: list[NDArray[Any]] | None = None


def measure(results: list[Result], measurement: Measurement) -> dict[str, Any]:
    """Measure the results of the pages of an image, over all pages together; None where a measure does not apply.

    Samples that are not finite in the result or the truth do not count. SSIM is the mean over pages.
    """
    missing = None if measurement.missing is None else measurement.missing[: len(results)]
    filled = None if missing is None else sum(int(mask.sum()) for mask in missing)
    pixels = sum(result.image.shape[0] * result.image.shape[1] for result in results)
    completed = all(result.completed for result in results)
    errors = [result.rmse_known for result in results if result.rmse_known is not None]
    rmse_known = float(np.sqrt(np.mean(np.square(errors)))) if errors else None
    measures: dict[str, Any] = {
        "missing_pixels": filled,
        "missing_fraction": None if filled is None else filled / pixels,
        "noise_sigma": _mean([result.noise_sigma for result in results]),
        "sigma_mean": _mean_sigma(results, missing) if completed else None,
        "psnr_known": psnr_of_rmse(rmse_known, measurement.value_range.span),
    }
    measures |= dict.fromkeys(("psnr_raw", "psnr_full", "psnr_missing", "ssim_full"))
    if measurement.truths is not None:
        measures |= _compare(results, measurement.truths, missing, measurement.value_range)
    return measures


def _compare(
    results: list[Result], truths: list[NDArray[Any]], missing: Masks | None, value_range: ValueRange
) -> dict[str, float | None]:
    """PSNR over the samples of all pages, and the mean SSIM."""
    with np.errstate(all="ignore"):  # values far out of the range
        true = [value_range.to_unit(truth) for truth in truths[: len(results)]]
        restored = [value_range.to_unit(result.image) for result in results]
        raw = [value_range.to_unit(result.raw) for result in results if result.raw is not None]
        return {
            "psnr_raw": _psnr_of_pages(raw, true) if len(raw) == len(restored) else None,
            "psnr_full": _psnr_of_pages(restored, true),
            "psnr_missing": None if missing is None else _psnr_of_pages(restored, true, missing),
            "ssim_full": _mean([ssim(page, truth) for page, truth in zip(restored, true, strict=True)]),
        }


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
    sigmas = [r.sigma[mask].ravel() for r, mask in zip(results, missing, strict=True) if r.sigma is not None]
    return float(np.concatenate(sigmas).mean()) if len(sigmas) == len(results) else None


def _mean(values: list[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return float(np.mean(found)) if found else None
