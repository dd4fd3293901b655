"""Local ranges: how far an enlarged image may leave the values of the input around a pixel."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

PROMINENCE_RADIUS = 2  # coarse pixels on each side that a peak stands out from: lines are up to this wide; empirical
OPPOSITE = ((0, 1), (1, 0), (1, 1), (1, -1))  # steps to one of two opposite neighbours


def local_range(samples: Tensor, rows: Tensor, columns: Tensor, plain: Tensor) -> tuple[Tensor, Tensor]:
    """Return the least and the greatest value that each pixel of an enlarged image may have.

    The values of the 3 x 3 samples around a pixel and that of the bicubic interpolation there are allowed. So flat
    places stay flat, and an edge rings no more than it does in bicubic interpolation. But the true peak of a thin line
    or a small spot is higher than its sample, a mean of line and ground: a pixel beside a peak may exceed it by the
    peak's `prominence`, which an edge does not have; troughs likewise.

    Parameters
    ----------
    samples : (M, N) Tensor
        The image that the result downscales to.
    rows, columns : (h,), (w,) Tensor of int64
        Sample that each pixel lies in.
    plain : (h, w) Tensor
        Bicubic interpolation of the samples.

    Returns
    -------
    (h, w) Tensor, (h, w) Tensor
    """
    high, low = (_highest_near(sign * samples)[rows[:, None], columns] for sign in (1, -1))
    return torch.minimum(-low, plain), torch.maximum(high, plain)


def _highest_near(samples: Tensor) -> Tensor:
    """Return the highest value allowed within a coarse pixel (m, n): of its 3 x 3 samples, and what peaks add."""
    return _maximum_3x3(samples) + _maximum_3x3(prominence(samples))


def prominence(samples: Tensor) -> Tensor:
    """Return how far each sample of (M, N) stands out from both sides, along the best of four directions.

    A side is the lowest of the PROMINENCE_RADIUS samples there. The lesser of the two differences counts, so that an
    edge, which is low on one side only, has none.
    """
    radius, (rows, columns) = PROMINENCE_RADIUS, samples.shape
    padded = F.pad(samples[None, None], (radius,) * 4, mode="replicate")[0, 0]
    result = torch.zeros_like(samples)
    for down, right in OPPOSITE:
        ground = torch.full_like(samples, -torch.inf)
        for sign in (1, -1):
            tops = [radius + sign * step * down for step in range(1, radius + 1)]
            lefts = [radius + sign * step * right for step in range(1, radius + 1)]
            side = [padded[top : top + rows, left : left + columns] for top, left in zip(tops, lefts, strict=True)]
            ground = torch.maximum(ground, torch.stack(side).amin(0))
        result = torch.maximum(result, samples - ground)
    return result


def _maximum_3x3(samples: Tensor) -> Tensor:
    return F.max_pool2d(samples[None, None], 3, 1, 1)[0, 0]
