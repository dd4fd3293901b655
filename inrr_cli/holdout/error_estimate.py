"""Estimate the error of filled samples from that of hidden ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from inrr_cli.masking import Mask
from inrr_cli.masking.samples import any_channel
from inrr_cli.solvers.distance import DISTANCE_CLASSES, chessboard_distance, distance_class

# chosen on 82 images of scikit-image's pictures and seven kinds of mask, see examples/results/estimate.md
PRIOR_PLACES = 3  # hidden places that weigh as much as the usual ratio
USUAL_RATIO = 1.6  # of mean squared error to squared error bar: errors have longer tails than a Gaussian
SIGMA_SHARE = 0.5  # of the error bars in what they and the hidden samples say of content that is harder or easier


@dataclass(frozen=True)
class Samples:
    """Samples that were filled.

    Attributes
    ----------
    classes : (n,) ndarray of int64
        Classes of their distance to the nearest known sample.
    variance : (n,) ndarray of float64, or None
        Squares of their error bars; None where the method has none.
    """

    classes: NDArray[np.int64]
    variance: NDArray[np.float64] | None


@dataclass(frozen=True)
class HiddenSamples(Samples):
    """Samples that were hidden and filled.

    Attributes
    ----------
    squared_error : (n,) ndarray of float64
    places : (n,) ndarray of int64
        Numbers of the pieces that were hidden: errors in one piece are alike.
    """

    squared_error: NDArray[np.float64]
    places: NDArray[np.int64]


def distance_classes(missing: Mask) -> NDArray[np.int64]:
    """Return the class of distance of each sample of a mask (M, N[, C]), of its shape."""
    distance = chessboard_distance(torch.from_numpy(np.ascontiguousarray(missing)))
    classes: NDArray[np.int64] = distance_class(distance).numpy()
    return classes


def places_of(hidden: Mask) -> NDArray[np.int64]:
    """Return the numbers, from 1, of the connected pieces of a mask (M, N[, C]) at each sample, of its shape."""
    labels, _ = ndimage.label(any_channel(hidden), np.ones((3, 3)))
    numbers = labels.astype(np.int64)
    return numbers if hidden.ndim == 2 else np.repeat(numbers[..., None], hidden.shape[2], 2)


def estimate_squared_error(filled: Samples, hidden: HiddenSamples) -> float | None:
    """Estimate the mean squared error of filled samples.

    Hidden samples of one class of distance have the mean squared error e, the mean square v' of their error bars, and
    lie in n places; the filled samples of that class have v. What is filled may be harder or easier than what is
    hidden, which the error bars tell, but not well. With p = n / (n + PRIOR_PLACES)::

        r = (e / v')^p USUAL_RATIO^(1 - p)
        estimate = (r v)^(1 - q) e^q,   q = p (1 - SIGMA_SHARE)

    Without error bars, and without hidden samples of a class that of all classes, the estimate is e.

    Parameters
    ----------
    filled : Samples
    hidden : HiddenSamples

    Returns
    -------
    float or None
        The mean over the filled samples; None without filled or hidden samples.
    """
    if not len(hidden.squared_error) or not len(filled.classes):
        return None
    total = 0.0
    for k in range(len(DISTANCE_CLASSES) + 1):
        wanted, told = filled.classes == k, hidden.classes == k
        if not wanted.any():
            continue
        count = len(np.unique(hidden.places[told]))
        error = float(hidden.squared_error[told].mean() if count else hidden.squared_error.mean())
        if filled.variance is not None and hidden.variance is not None:
            bars = float(hidden.variance[told].mean() if count else hidden.variance.mean())
            error = _by_error_bars(error, bars, float(filled.variance[wanted].mean()), count)
        total += error * int(wanted.sum())
    return total / len(filled.classes)


def _by_error_bars(error: float, hidden_variance: float, variance: float, count: int) -> float:
    """Return the estimate of a class; see `estimate_squared_error`."""
    if not min(error, hidden_variance, variance) > 0:  # exact fills: there is no ratio
        return error
    evidence = count / (count + PRIOR_PLACES)
    ratio = (error / hidden_variance) ** evidence * USUAL_RATIO ** (1 - evidence)
    plain = evidence * (1 - SIGMA_SHARE)
    return float((ratio * variance) ** (1 - plain) * error**plain)
