"""Local ranges: how far an enlarged image may leave the values of the input around a pixel."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

REACH = 2  # samples on each side that a peak stands out from, so that lines up to 3 wide do; empirical


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
    """Return how far each sample of (M, N) stands out from both sides, along its row or its column.

    A side is the lowest of the REACH samples there. The lesser of the two differences counts, so that an edge or a
    corner, which is low on one side only, has none. A slanted line stands out along the row, the column, or both.
    """
    across = [_prominence_along_rows(samples), _prominence_along_rows(samples.T).T]
    return torch.maximum(*across).clamp(min=0)


def _prominence_along_rows(samples: Tensor) -> Tensor:
    padded = F.pad(samples[None], (REACH, REACH), mode="replicate")[0]
    sides = padded.unfold(1, REACH, 1).amin(2)  # from column j on, the lowest of REACH
    count = samples.shape[1]
    return samples - torch.maximum(sides[:, :count], sides[:, REACH + 1 :][:, :count])


def _maximum_3x3(samples: Tensor) -> Tensor:
    return F.max_pool2d(samples[None, None], 3, 1, 1)[0, 0]
