"""Measures of predictions and of Laplacians."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def effective_rank(image: NDArray[np.floating[Any]]) -> float:
    """Return the exponential of the entropy of the normalised singular values, from 1 to the rank.

    See O. Roy and M. Vetterli, "The effective rank: a measure of effective dimensionality", EUSIPCO 2007.
    """
    values = np.linalg.svd(image, compute_uv=False)
    shares = values / max(values.sum(), 1e-12)
    shares = shares[shares > 0]
    return float(np.exp(-(shares * np.log(shares)).sum()))


def roughness(laplacian: NDArray[np.floating[Any]]) -> float:
    """Return the mean step between neighbours in a column, over the mean deviation, both off the diagonal.

    0 is constant along a column, 1.4 is independent noise.
    """
    off_diagonal: NDArray[np.float64] = laplacian.astype(np.float64)
    np.fill_diagonal(off_diagonal, np.nan)
    step = float(np.nanmean(np.abs(np.diff(off_diagonal, axis=0))))
    return step / max(float(np.nanmean(np.abs(off_diagonal - np.nanmean(off_diagonal)))), 1e-12)


def reach(laplacian: NDArray[np.float32]) -> float:
    """Return the mean distance of rows weighted by their similarity -L_ij, over the mean with equal similarities."""
    length = len(laplacian)
    similarity = -laplacian.astype(np.float64)
    np.fill_diagonal(similarity, 0)
    distance = np.abs(np.subtract.outer(np.arange(length), np.arange(length)))
    mean_distance = distance.sum() / (length * (length - 1))
    return float((similarity * distance).sum() / max(similarity.sum(), 1e-12) / mean_distance)
