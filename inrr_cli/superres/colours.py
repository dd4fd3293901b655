"""Luma and differences of colour, so that detail is in one channel."""

from __future__ import annotations

import math

import torch
from torch import Tensor

# ITU-R BT.601
TO_LUMA = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
GAINS = tuple(math.hypot(*row) for row in TO_LUMA)  # of the deviation of white noise


def to_luma(picture: Tensor) -> Tensor:
    """From red, green and blue (..., 3) to luma and two differences of colour, which are 0 for grey."""
    return picture @ picture.new_tensor(TO_LUMA).T


def from_luma(picture: Tensor) -> Tensor:
    """Undo `to_luma`."""
    inverse: Tensor = torch.linalg.inv(torch.tensor(TO_LUMA, dtype=torch.float64)).to(picture)
    return picture @ inverse.T
