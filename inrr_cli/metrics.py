"""How close a result is to the truth.

Every number says over which pixels it was taken: ``missing`` tells methods apart, ``known`` is the fit, ``full`` is the
image that is written, ``raw`` is a network's own output everywhere.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SSIM_WINDOW = 7  # pixels
ONE_SIGMA = 0.6827  # share of a Gaussian within one standard deviation


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
    similarity = local_ssim(image, reference)
    return None if similarity is None else float(similarity.mean())


def local_ssim(image: NDArray[np.floating], reference: NDArray[np.floating]) -> NDArray[np.float64] | None:
    """Return the structural similarity in each window that lies in an image, (M - 6, N - 6[, C]); see `ssim`."""
    from skimage.metrics import structural_similarity

    if min(image.shape[:2]) < SSIM_WINDOW:
        return None
    _, similarity = structural_similarity(
        image.astype(np.float64),
        reference.astype(np.float64),
        data_range=1.0,
        channel_axis=2 if image.ndim == 3 else None,
        full=True,
    )
    edge = SSIM_WINDOW // 2
    return np.asarray(similarity[edge:-edge, edge:-edge], np.float64)
