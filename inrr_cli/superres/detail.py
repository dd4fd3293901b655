"""How far the detail that was made is to be believed."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

ROUNDING, OCTAVE_ROUNDING = 0.7, 0.2  # deviations in quanta that the input's rounding makes in detail, and below it
AROUND = 3  # pixels around each that its power is taken over
OCTAVE = 0.6  # coarse pixels of a blur that takes the octave below detail away
STRONGEST = 1.5  # power of detail over that of the octave below


def shrink_detail(fine: Tensor, plain: Tensor, ratio: tuple[float, float], quantisation_step: float) -> Tensor:
    """Draw a fine picture to a plain resize where the detail between the two is not to be believed.

    Detail of no more power p around a pixel than the input's rounding makes is noise: it has Wiener's gain 1 - n / p.
    And spectra of pictures fall (Field 1987, doi:10.1364/JOSAA.4.002379): the octave that is made has at most STRONGEST
    times the power of the one below, which the input has.

    Parameters
    ----------
    fine, plain : (h, w, 1) Tensor
    ratio : (float, float)
        Fine pixels to a coarse one, along each axis.
    quantisation_step : float
        Distance between the input's values, 0 for any.

    Returns
    -------
    (h, w, 1) Tensor
    """
    picture = plain.permute(2, 0, 1)
    detail = fine.permute(2, 0, 1) - picture
    power = _mean_around(detail.square()).clamp(min=1e-12)
    octave = picture
    for axis, pixels in enumerate(ratio):
        octave = _blur(octave, OCTAVE * pixels, axis)
    below = _mean_around((picture - octave).square()) - (OCTAVE_ROUNDING * quantisation_step) ** 2
    gain = (1 - (ROUNDING * quantisation_step) ** 2 / power).clamp(min=0)
    gain *= (STRONGEST * below.clamp(min=0) / power).sqrt().clamp(max=1)
    return (picture + gain * detail).permute(1, 2, 0)


def _mean_around(planes: Tensor) -> Tensor:
    """Mean over the square around each pixel of (1, h, w)."""
    edges = F.pad(planes, (AROUND,) * 4, mode="replicate")
    return F.avg_pool2d(edges, 2 * AROUND + 1, stride=1)


def _blur(planes: Tensor, deviation: float, axis: int) -> Tensor:
    """Gaussian blur of (1, h, w) along the rows' axis, 0, or the columns', 1."""
    reach = math.ceil(3 * deviation)
    weights = torch.exp(-torch.arange(-reach, reach + 1, device=planes.device).square() / (2 * deviation**2))
    kernel = (weights / weights.sum()).to(planes).reshape(1, 1, -1)
    turned = planes.transpose(1, 2) if axis == 0 else planes
    edges = F.pad(turned, (reach, reach, 0, 0), mode="replicate")
    blurred = F.conv1d(edges.flatten(0, 1)[:, None], kernel)[:, 0].reshape(turned.shape)
    return blurred.transpose(1, 2) if axis == 0 else blurred
