"""The result of a run: the restored image, in the image's units, and how it came about."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import DivergedError
from inrr_cli.imaging.value_range import Pixels, ValueRange, measured_range
from inrr_cli.metrics import psnr_of_rmse

if TYPE_CHECKING:
    from torch import Tensor

    from inrr_cli.engine import Estimate


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
        where the method has none.
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


def make_result(
    estimate: Estimate,
    image: Pixels,
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
    source : (M, N[, C]) ndarray
        The input.
    known : (M, N) ndarray of bool
        Pixels of ``source`` that the engine was given.
    units : ValueRange
        Values of the image that stand for 0 and 1 in the estimate.
    start : float
        Time of the start, by `time.perf_counter`.
    """
    rmse = None
    if estimate.fitted is not None:
        fitted = units.from_unit_unrounded(_to_numpy(estimate.fitted, source.ndim), source.dtype)
        rmse = float(np.sqrt(np.mean(np.square(fitted[known] - source[known].astype(np.float64)))))
    raw, sigma = (None if t is None else _to_numpy(t, image.ndim) for t in (estimate.raw, estimate.sigma))
    return Result(
        image=image,
        raw=None if raw is None else units.from_unit_unrounded(raw, source.dtype).astype(np.float32),
        psnr_known=psnr_of_rmse(rmse, measured_range(source, known).span),
        rmse_known=rmse,
        sigma=None if sigma is None else sigma * np.float32(units.span),
        noise_sigma=None if estimate.noise is None else estimate.noise * units.span,
        device=estimate.values.device.type,
        steps=estimate.steps,
        seconds=time.perf_counter() - start,
        completed=estimate.completed,
        summary=estimate.summary,
        notice=estimate.notice,
    )


def finite_values(estimate: Estimate, where: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the values of an estimate (M, N, C) at the pixels ``where`` (M, N): (n, C).

    Raises
    ------
    DivergedError
        If a value is not finite.
    """
    values: NDArray[np.float32] = estimate.values.cpu().numpy()[where]
    if not np.isfinite(values).all():
        raise DivergedError("the result is not finite; give a lower --lr or another method")
    return values


def join_channels(results: list[Result], image: Pixels) -> Result:
    """Join the results of channels, each restored by itself; ``image`` (M, N, C) holds those that were not reached."""
    joined = image.copy()
    for index, result in enumerate(results):
        joined[..., index] = result.image
    is_whole = len(results) == image.shape[2]
    mean_square = _mean([None if r.rmse_known is None else r.rmse_known**2 for r in results])
    return replace(
        results[0],
        image=joined,
        raw=_stack([result.raw for result in results]) if is_whole else None,
        sigma=_stack([result.sigma for result in results]) if is_whole else None,
        psnr_known=_mean([result.psnr_known for result in results]),
        rmse_known=None if mean_square is None else float(np.sqrt(mean_square)),
        noise_sigma=_mean([result.noise_sigma for result in results]),
        seconds=sum(result.seconds for result in results),
        notice=next((result.notice for result in results if result.notice), ""),
        completed=is_whole and all(result.completed for result in results),
    )


def _to_numpy(values: Tensor, axes: int) -> NDArray[np.float32]:
    array: NDArray[np.float32] = values.cpu().numpy()
    return array if axes == 3 else array[..., 0]


def _mean(values: list[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return float(np.mean(found)) if found else None


def _stack(channels: list[Any]) -> NDArray[np.float32] | None:
    return None if channels[0] is None else np.stack(channels, 2)
