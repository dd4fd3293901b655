"""Luma and colour differences (ITU-R BT.601), so that the detail of a colour image is in one channel."""

from __future__ import annotations

import numpy as np
import torch
from skimage.color import rgb2ypbpr
from torch import Tensor

RGB_TO_YPBPR = torch.from_numpy(rgb2ypbpr(np.eye(3)).T)
NOISE_GAINS: list[float] = RGB_TO_YPBPR.norm(dim=1).tolist()  # factors on the standard deviation of white noise


def to_luma(image: Tensor) -> Tensor:
    """Convert red, green and blue (..., 3) to luma and two colour differences, which are 0 for grey."""
    return image @ RGB_TO_YPBPR.to(image).T


def from_luma(image: Tensor) -> Tensor:
    """Undo `to_luma`."""
    inverse: Tensor = torch.linalg.inv(RGB_TO_YPBPR).to(image)
    return image @ inverse.T
