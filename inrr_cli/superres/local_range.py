"""Local ranges: how far an enlarged image may leave the values of the input around a pixel."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

# Directions, and how many samples on each side a peak stands out from: lines up to 3 wide do. Along a diagonal one is
# enough; two would reach both edges from inside a corner.
DIRECTIONS = (((0, 1), 2), ((1, 0), 2), ((1, 1), 1), ((1, -1), 1))


def local_range(samples: Tensor, rows: Tensor, columns: Tensor, plain: Tensor) -> tuple[Tensor, Tensor]:
    """Return the least and the greatest value that each pixel of an enlarged image may have.

    The values of the four samples around a pixel and that of the bicubic interpolation there are allowed. So flat
    places stay flat, and an edge rings no more than it does in bicubic interpolation. But the true peak of a thin line
    or a small spot is higher than its sample, a mean of line and ground: a pixel beside a peak may exceed all that by
    the peak's `prominence`, which an edge does not have; troughs likewise.

    Parameters
    ----------
    samples : (M, N) Tensor
        The image that the result downscales to.
    rows, columns : (h,), (w,) Tensor
        Where the pixels lie among the samples, whose centres are 0, 1, ...
    plain : (h, w) Tensor
        Bicubic interpolation of the samples.

    Returns
    -------
    (h, w) Tensor, (h, w) Tensor
    """
    high, low = (_highest_near(sign * samples, rows, columns) for sign in (1, -1))
    return torch.minimum(-low, plain), torch.maximum(high, plain)


def _highest_near(samples: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Return the highest of the four samples around each pixel, and what peaks within 3 x 3 samples add."""
    peaks = F.max_pool2d(prominence(samples)[None, None], 3, 1, 1)[0, 0]
    around = [_at(samples, rows.floor() + down, columns.floor() + right) for down in (0, 1) for right in (0, 1)]
    return torch.stack(around).amax(0) + _at(peaks, (rows + 0.5).floor(), (columns + 0.5).floor())


def _at(samples: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Return the samples of rows (h,) and columns (w,), those beyond a border being the last there: (h, w)."""
    high, wide = samples.shape
    return samples[rows.long().clamp(0, high - 1)[:, None], columns.long().clamp(0, wide - 1)]


def prominence(samples: Tensor) -> Tensor:
    """Return how far each sample of (M, N) stands out from both sides, along the best of four directions.

    A side is the lowest of the one or two samples there. The lesser of the two differences counts, so that an edge,
    which is low on one side only, has none.
    """
    rows, columns = samples.shape
    padded = F.pad(samples[None, None], (2,) * 4, mode="replicate")[0, 0]
    result = torch.zeros_like(samples)
    for (down, right), reach in DIRECTIONS:
        sides = []
        for sign in (1, -1):
            corners = [(2 + sign * step * down, 2 + sign * step * right) for step in range(1, reach + 1)]
            side = [padded[top : top + rows, left : left + columns] for top, left in corners]
            sides.append(torch.stack(side).amin(0))
        result = torch.maximum(result, samples - torch.maximum(*sides))
    return result
