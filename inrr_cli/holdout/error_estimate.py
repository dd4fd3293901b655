"""Estimate the error of filled samples from that of hidden ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from inrr_cli.masking import Mask
from inrr_cli.solvers.distance import DISTANCE_CLASSES, chessboard_distance, distance_class

PRIOR_SAMPLES = 200  # hidden samples of a class that weigh as much as those of all classes


@dataclass(frozen=True)
class Samples:
    """Samples that were filled.

    Attributes
    ----------
    classes : (n,) ndarray of int64
        Classes of their distance to the nearest known sample.
    variance : (n,) ndarray of float64
        Squares of their error bars; ones where the method has none.
    squared_error : (n,) ndarray of float64
        Of hidden samples; zeros where nobody knows the error.
    """

    classes: NDArray[np.int64]
    variance: NDArray[np.float64]
    squared_error: NDArray[np.float64]


def distance_classes(missing: Mask) -> NDArray[np.int64]:
    """Return the class of distance of each sample of a mask (M, N[, C]), in the order in which it marks them."""
    distance = chessboard_distance(torch.from_numpy(np.ascontiguousarray(missing)))
    classes: NDArray[np.int64] = distance_class(distance).numpy()
    return classes


def estimate_squared_error(filled: Samples, hidden: Samples) -> float | None:
    """Estimate the mean squared error of filled samples.

    The error bars say how hard it was to fill each sample, and the hidden samples how far the error bars are off: with
    the variance v of a sample and the squared error e of a hidden one, the estimate is the mean of r_k v over the
    filled samples, where r_k = sum e / sum v over the hidden samples of class k. Of classes with few hidden samples
    r_k is drawn to that of all classes, by PRIOR_SAMPLES of these.

    Parameters
    ----------
    filled : Samples
    hidden : Samples
        With their errors.

    Returns
    -------
    float or None
        None without hidden samples, or if their error bars are 0.
    """
    if not len(hidden.squared_error) or not hidden.variance.any():
        return None
    common = hidden.squared_error.mean() / hidden.variance.mean()
    prior = PRIOR_SAMPLES * hidden.variance.mean()
    total = 0.0
    for k in range(len(DISTANCE_CLASSES) + 1):
        own = hidden.classes == k
        ratio = (hidden.squared_error[own].sum() + common * prior) / (hidden.variance[own].sum() + prior)
        total += float(ratio * filled.variance[filled.classes == k].sum())
    return total / len(filled.variance)
