"""Shrinkage of the detail that super-resolution adds, where the input does not support the detail."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

# quantisation steps, empirical: standard deviations that the input's rounding causes in the detail and an octave below
DETAIL_NOISE, OCTAVE_NOISE = 0.7, 0.2
OCTAVE_POWER_RATIO = 1.5  # empirical: power of the detail, at most, over that of the octave below


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
    image = plain.permute(2, 0, 1)
    detail = fine.permute(2, 0, 1) - image
    blurred = image
    for axis, pixels in enumerate(ratio):
        blurred = _blur(blurred, 0.6 * pixels, axis)  # empirical: removes the finest octave of the input
    power = _local_mean(detail.square()).clamp(min=1e-12)
    octave_power = _local_mean((image - blurred).square()) - (OCTAVE_NOISE * quantisation_step) ** 2
    gain = (1 - (DETAIL_NOISE * quantisation_step) ** 2 / power).clamp(min=0)
    gain *= (OCTAVE_POWER_RATIO * octave_power.clamp(min=0) / power).sqrt().clamp(max=1)
    return (image + gain * detail).permute(1, 2, 0)


def _local_mean(planes: Tensor) -> Tensor:
    """Average (1, h, w) over the 7 x 7 pixels around each."""
    return F.avg_pool2d(F.pad(planes, (3, 3, 3, 3), mode="replicate"), 7, stride=1)


def _blur(planes: Tensor, sigma: float, axis: int) -> Tensor:
    """Blur (1, h, w) by a Gaussian along the rows' axis, 0, or the columns', 1."""
    radius = math.ceil(3 * sigma)
    weights = torch.exp(-torch.arange(-radius, radius + 1, device=planes.device).square() / (2 * sigma**2))
    kernel = (weights / weights.sum()).to(planes).reshape(1, 1, -1)
    lines = planes.transpose(1, 2) if axis == 0 else planes
    padded = F.pad(lines, (radius, radius, 0, 0), mode="replicate")
    blurred = F.conv1d(padded.flatten(0, 1)[:, None], kernel)[:, 0].reshape(lines.shape)
    return blurred.transpose(1, 2) if axis == 0 else blurred
