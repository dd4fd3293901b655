"""Samples that count less or not at all: no data, and transparent or translucent pixels."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from inrr_cli.solvers.polyharmonic import solve_polyharmonic


def weaken_translucent(image: Tensor, opacity: Tensor) -> Tensor:
    """Draw samples to their neighbours as far as these are more opaque; samples without opacity are filled.

    Premultiplied interpolation weighs colours by their opacity. To the same end, a sample c of an opacity a times the
    highest around becomes ``a c + (1 - a) m``, with the mean m of the 3 x 3 samples around, weighed by opacity. Where
    all of them are transparent a harmonic fill takes the place of m: it is smooth and has no extrema of its own.

    Parameters
    ----------
    image, opacity : (M, N, C) Tensor
        Opacities are in [0, 1]. A channel without any above 0 becomes 0.

    Returns
    -------
    (M, N, C) Tensor
    """
    if bool((opacity == 1).all()):
        return image
    planes, weights = image.permute(2, 0, 1), opacity.permute(2, 0, 1)
    relative = weights / F.max_pool2d(weights, 3, 1, 1).clamp(min=1e-9)
    around = F.avg_pool2d(weights, 3, 1, 1)
    mean = F.avg_pool2d(weights * planes, 3, 1, 1) / around.clamp(min=1e-9)
    drawn = relative * planes + (1 - relative) * mean
    seen = around > 0
    filled = [_fill(plane, known) if known.any() else plane for plane, known in zip(drawn, seen, strict=True)]
    return torch.stack(filled, 2)


def _fill(plane: Tensor, known: Tensor) -> Tensor:
    return solve_polyharmonic(plane[..., None], known, 1)[..., 0]
