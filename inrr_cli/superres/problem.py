"""The problem of super-resolution, and how windows of the fine and the coarse grid belong together."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inrr_cli.solvers.blend_tiles import Window
from inrr_cli.superres.consistency import Bounds, enforce_consistency
from inrr_cli.superres.downscaling import DownscalingOperator, resize
from inrr_cli.superres.kernels import Kernel, downscale_matrix, sample_positions
from inrr_cli.superres.local_range import local_range

CONSISTENCY_MARGIN = 8  # coarse pixels around the wanted window, so that its edge is as consistent as the inside


@dataclass(frozen=True)
class SuperresProblem:
    """An image and the part of the enlarged image that is wanted.

    Attributes
    ----------
    image : (M, N, C) Tensor of float32
        The coarse image, about in [0, 1]; where it holds no data, a smooth fill.
    known : (M, N, C) Tensor of bool
        Samples that hold data.
    size : (int, int)
        Rows and columns of the whole fine image, neither less than those of ``image``.
    window : ((int, int), (int, int))
        The wanted part of the fine image: first row and the one after the last, and the same of columns.
    kernel : Kernel
        How a fine image becomes a coarse one.
    noise : float
        Standard deviation of white noise in ``image``.
    quantisation_step : float
        Distance between the values that the result may take, 0 for any values.
    limits : (float, float)
        Least and greatest of those values.
    may_be_colour : bool
        Whether three channels are red, green and blue; not if they are some of more.
    """

    image: Tensor
    known: Tensor
    size: tuple[int, int]
    window: Window
    kernel: Kernel
    noise: float = 0.0
    quantisation_step: float = 0.0
    limits: tuple[float, float] = (-math.inf, math.inf)
    may_be_colour: bool = True

    @property
    def coarse_size(self) -> tuple[int, int]:
        """Rows and columns of ``image``."""
        return self.image.shape[0], self.image.shape[1]

    @property
    def known_pixels(self) -> Tensor:
        """Pixels of ``image`` whose samples all hold data: (M, N) Tensor of bool."""
        return self.known.all(2)

    @property
    def ratio(self) -> tuple[float, float]:
        """Fine pixels per coarse pixel, along each axis."""
        return self.size[0] / self.image.shape[0], self.size[1] / self.image.shape[1]

    @property
    def region(self) -> Window:
        """Part of the fine image to render: the wanted window and a margin."""
        return self._padded_windows(self.window, CONSISTENCY_MARGIN)[1]

    def pad(self, window: Window, margin: int) -> tuple[DownscalingOperator, Window, Window]:
        """Add ``margin`` coarse pixels to a fine window: return the operator, the coarse and the fine window."""
        windows = self._padded_windows(window, margin)
        return DownscalingOperator.between(self.coarse_size, self.size, self.kernel, *windows), *windows

    def _padded_windows(self, window: Window, margin: int) -> tuple[Window, Window]:
        """Return the coarse and the fine window of `pad`."""
        coarse, fine = [], []
        for (first, last), ratio, low, high in zip(window, self.ratio, self.coarse_size, self.size, strict=True):
            start = max(0, math.floor(first / ratio) - margin)
            end = min(low, math.ceil(last / ratio) + margin)
            coarse.append((start, end))
            fine.append((math.floor(start * ratio), high if end == low else math.ceil(end * ratio)))
        return (coarse[0], coarse[1]), (fine[0], fine[1])

    def finish(self, rendered: Tensor, image: Tensor) -> Tensor:
        """Make the `region` (h, w, C) consistent with ``image`` (M, N, C) and cut out the wanted window."""
        operator, (rows, columns), region = self.pad(self.window, CONSISTENCY_MARGIN)
        part = image[slice(*rows), slice(*columns)]
        channels = zip(torch.split(rendered, 1, 2), torch.split(part, 1, 2), strict=True)
        consistent = [
            enforce_consistency(fine, coarse, operator, self._bounds(coarse, (rows, columns), region))
            for fine, coarse in channels
        ]
        return torch.cat(consistent, 2)[slices_within(self.window, region)]

    def _bounds(self, coarse: Tensor, coarse_window: Window, fine_window: Window) -> Bounds:
        """Return the bounds of a fine window that belongs to the coarse window (m, n, 1)."""
        plain = resize(
            coarse,
            self.size,
            self.kernel.centred,
            source_size=self.coarse_size,
            source=coarse_window,
            target=fine_window,
        )
        axes = zip(self.coarse_size, self.size, (self.kernel, self.kernel), fine_window, strict=True)
        rows, columns = (
            torch.from_numpy(sample_positions(*axis) - first).to(coarse.device, torch.float32)
            for axis, (first, _) in zip(axes, coarse_window, strict=True)
        )
        low, high = (bound.clamp(*self.limits) for bound in local_range(coarse[..., 0], rows, columns, plain[..., 0]))
        if step := self.quantisation_step:
            low, high = (low / step).round() * step, (high / step).round() * step
        return Bounds(low[..., None], high[..., None], self.limits, step)

    def inconsistency(self, values: NDArray[np.float32]) -> float | None:
        """Return the largest difference between ``image`` and the wanted window (P, Q, C) downscaled.

        Only coarse samples count that hold data and whose whole kernel is in the window; None if there is none.
        """
        spans = []
        for coarse, fine, span in zip(self.coarse_size, self.size, self.window, strict=True):
            whole, part = (downscale_matrix(coarse, fine, self.kernel, None, columns) for columns in (None, span))
            complete = np.flatnonzero(np.diff(whole.indptr) == np.diff(part.indptr))
            if not len(complete):
                return None
            spans.append((int(complete[0]), int(complete[-1]) + 1))
        rows, columns = spans
        operator = DownscalingOperator.between(self.coarse_size, self.size, self.kernel, (rows, columns), self.window)
        part = slice(*rows), slice(*columns)
        difference = operator.residual(torch.from_numpy(values), self.image[part].cpu(), limits=self.limits).abs()
        difference = difference[self.known[part].cpu()]
        return float(difference.max()) if len(difference) else None


def slices_within(window: Window, region: Window) -> tuple[slice, slice]:
    """Return the slices that cut a window out of a region that holds the window."""
    (top, bottom), (left, right) = window
    return slice(top - region[0][0], bottom - region[0][0]), slice(left - region[1][0], right - region[1][0])
