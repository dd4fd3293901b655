"""What is to be made of a picture, and how its windows lie in the coarse and the fine grid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inrr_cli.superres.consistency import enforce_consistency
from inrr_cli.superres.downscaling import DownscalingOperator, Span, apply_axes
from inrr_cli.superres.kernels import Kernel, downscale_matrix

Window = tuple[Span, Span]

RIM = 8  # coarse pixels around a window that it is made consistent with


@dataclass(frozen=True)
class SuperresProblem:
    """What is to be made.

    Attributes
    ----------
    image : (M, N, C) Tensor of float32
        The coarse picture, about in [0, 1].
    size : (int, int)
        Rows and columns of the whole fine picture, neither less than those of ``image``.
    window : ((int, int), (int, int))
        First row and the one after the last that are wanted of it, and the same of columns.
    kernel : Kernel
        How a fine picture becomes a coarse one.
    noise : float
        Standard deviation of white noise in ``image``.
    quantisation_step : float
        Distance between the values that the result may take, 0 for any.
    limits : (float, float)
        Least and greatest of them.
    """

    image: Tensor
    size: tuple[int, int]
    window: Window
    kernel: Kernel
    noise: float = 0.0
    quantisation_step: float = 0.0
    limits: tuple[float, float] = (-math.inf, math.inf)

    @property
    def coarse_size(self) -> tuple[int, int]:
        """Rows and columns of ``image``."""
        return self.image.shape[0], self.image.shape[1]

    @property
    def ratio(self) -> tuple[float, float]:
        """Fine pixels to a coarse one, along each axis."""
        return self.size[0] / self.image.shape[0], self.size[1] / self.image.shape[1]

    def surroundings(self, window: Window, margin: int) -> tuple[DownscalingOperator, Window, Window]:
        """Return the model of a fine window and ``margin`` coarse pixels around it, its coarse and its fine window."""
        coarse, fine = [], []
        for (first, last), ratio, low, high in zip(window, self.ratio, self.coarse_size, self.size, strict=True):
            start = max(0, math.floor(first / ratio) - margin)
            end = min(low, math.ceil(last / ratio) + margin)
            coarse.append((start, end))
            fine.append((math.floor(start * ratio), high if end == low else math.ceil(end * ratio)))
        seen, made = (coarse[0], coarse[1]), (fine[0], fine[1])
        return DownscalingOperator.between(self.coarse_size, self.size, self.kernel, seen, made), seen, made

    def region(self) -> Window:
        """Window that has to be made so that the wanted one can be made consistent."""
        return self.surroundings(self.window, RIM)[2]

    def finish(self, made: Tensor, image: Tensor) -> Tensor:
        """Make the `region` (h, w, C) consistent with ``image`` (M, N, C) and cut the wanted window out."""
        model, seen, region = self.surroundings(self.window, RIM)
        coarse = image[slice(*seen[0]), slice(*seen[1])]
        settled = enforce_consistency(made, coarse, model, quantisation_step=self.quantisation_step, limits=self.limits)
        return settled[within(self.window, region)]

    def inconsistency(self, values: NDArray[np.float32]) -> float | None:
        """Largest difference between ``image`` and the wanted window (P, Q, C) downscaled.

        Taken where the window holds all that a coarse pixel is made of, None if that is nowhere.
        """
        matrices, spans = [], []
        for coarse, fine, (first, last) in zip(self.coarse_size, self.size, self.window, strict=True):
            matrix = downscale_matrix(coarse, fine, self.kernel)
            inside = np.diff(matrix.indptr) == np.diff(matrix[:, first:last].indptr)
            spans.append(inside)
            matrices.append(matrix[inside][:, first:last])
        if not (spans[0].any() and spans[1].any()):
            return None
        made = apply_axes(torch.from_numpy(values), lambda v: matrices[0] @ v, lambda v: matrices[1] @ v)
        clipped = made.numpy().clip(*self.limits)
        return float(np.abs(clipped - self.image.cpu().numpy()[np.ix_(*spans)]).max())


def within(window: Window, region: Window) -> tuple[slice, slice]:
    """Where a window lies in a region that holds it."""
    (top, bottom), (left, right) = window
    return slice(top - region[0][0], bottom - region[0][0]), slice(left - region[1][0], right - region[1][0])
