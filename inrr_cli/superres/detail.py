"""Shrinkage of the detail that super-resolution adds, where the input does not support the detail."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, uniform_filter
from torch import Tensor

# quantisation steps, empirical: standard deviations that the input's rounding causes in the detail and an octave below
DETAIL_NOISE, OCTAVE_NOISE = 0.7, 0.2
OCTAVE_POWER_RATIO = 4.0  # empirical: power of the detail, at most, over that of the octave below


def shrink_detail(fine: Tensor, plain: Tensor, ratio: tuple[float, float], quantisation_step: float) -> Tensor:
    """Draw an enlarged image to its plain resize where the detail between the two is noise, or too strong.

    With the mean power p of the detail around a pixel, the power n that the input's rounding causes in the detail, and
    the power b of the octave below the detail, the detail is multiplied by Wiener's gain ``max(0, 1 - n / p)`` and by
    ``min(1, sqrt(OCTAVE_POWER_RATIO b / p))``, for spectra of images fall with the frequency (Field 1987,
    doi:10.1364/JOSAA.4.002379).

    Parameters
    ----------
    fine, plain : (h, w, 1) Tensor
        The enlarged image, and the input resized without added detail.
    ratio : (float, float)
        Fine pixels per coarse pixel, along each axis.
    quantisation_step : float
        Distance between the input's values, 0 for a continuous input.

    Returns
    -------
    (h, w, 1) Tensor
    """
    image = plain[..., 0].cpu().numpy()
    detail = fine[..., 0].cpu().numpy() - image
    blurred = image
    for axis, pixels in enumerate(ratio):
        sigma = 0.6 * pixels  # empirical: removes the finest octave of the input
        blurred = gaussian_filter1d(blurred, sigma, axis, mode="nearest", radius=math.ceil(3 * sigma))
    power = _local_mean(np.square(detail)).clip(1e-12)
    octave_power = _local_mean(np.square(image - blurred)) - (OCTAVE_NOISE * quantisation_step) ** 2
    gain = (1 - (DETAIL_NOISE * quantisation_step) ** 2 / power).clip(0)
    gain *= np.sqrt(OCTAVE_POWER_RATIO * octave_power.clip(0) / power).clip(max=1)
    return torch.from_numpy(image + gain * detail)[..., None].to(fine)


def _local_mean(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average (h, w) over the 7 x 7 pixels around each."""
    return np.asarray(uniform_filter(plane, 7, mode="nearest"))
