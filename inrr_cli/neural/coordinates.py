"""Coordinates of pixels: -1 at the centre of an axis's first pixel, 1 at the centre of the last."""

from __future__ import annotations

import torch
from torch import Tensor


def pixel_centres(length: int, rendered: int | None = None) -> Tensor:
    """Return the coordinates of the pixel centres along an axis.

    Parameters
    ----------
    length : int
        Pixels of the axis that defines the coordinates.
    rendered : int, optional
        Pixels to place on the same extent, ``length`` by default. If there are more, the outermost centres lie a
        fraction of a pixel beyond +-1.

    Returns
    -------
    (rendered,) Tensor of float32
    """
    rendered = rendered or length
    index = (torch.arange(rendered, dtype=torch.float64) + 0.5) * (length / rendered) - 0.5
    return (2 * index / (length - 1) - 1 if length > 1 else 0 * index).float()


def pixel_positions(coordinates: Tensor, length: int) -> Tensor:
    """Return the positions of coordinates (m,) in pixels, from 0 to ``length - 1`` and not beyond: (m,)."""
    return ((coordinates + 1) / 2 * (length - 1)).clamp(0, length - 1)


def coordinate_scales(shape: tuple[int, int, int]) -> tuple[float, float]:
    """Return the factors of the coordinates of rows and of columns for an image (H, W, K), 1 for an axis of 256 pixels.

    The frequencies of networks are meant for 256 pixels, as in the paper. A longer axis holds more detail on the same
    [-1, 1], so the frequencies along that axis grow with the square root of its length.
    """
    return (shape[0] / 256) ** 0.5, (shape[1] / 256) ** 0.5
