"""The downscaling operator, a separable downscale of a fine image with its pseudo-inverse, and the bicubic resize."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import cho_solve_banded, cholesky_banded
from scipy.sparse import csr_array
from torch import Tensor

from inrr_cli.solvers.blend_tiles import Window
from inrr_cli.superres.kernels import KERNELS, Kernel, downscale_matrix

RIDGE = 1e-3  # added to A A^T, so that frequencies that a kernel almost cancels are not amplified; empirical
AlongAxis = Callable[[NDArray[np.float32]], NDArray[np.float32]]


class AxisOperator:
    """The downscale along one axis, or along a span of the axis.

    Parameters
    ----------
    matrix : (n, m) csr_array of float32
        A, from `downscale_matrix`. Rows that lost weights at the end of a span are scaled to sum to 1 again.
    """

    def __init__(self, matrix: csr_array) -> None:
        sums = np.asarray(matrix.sum(1)).reshape(-1)
        incomplete = np.abs(sums - 1) > 1e-4
        if incomplete.any():
            usable = np.abs(sums) > 0.1  # a row with less of its weight left says too little and becomes 0
            factor = np.where(incomplete, np.divide(1, sums, out=np.zeros_like(sums), where=usable), 1)
            matrix = csr_array(matrix.multiply(factor[:, None].astype(np.float32)))
        self.matrix, self.adjoint = matrix, csr_array(matrix.T)
        gram = csr_array(matrix @ self.adjoint)
        rows, columns = gram.nonzero()
        bands = np.zeros((int(np.abs(rows - columns).max(initial=0)) + 1, matrix.shape[0]))
        for number, band in enumerate(bands):
            band[: len(band) - number] = gram.diagonal(-number)
        bands[0] += RIDGE
        self.factor = cholesky_banded(bands, lower=True)

    def forward(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Downscale: A x, (m, k) to (n, k)."""
        return np.asarray(self.matrix @ values, np.float32)

    def pseudo_inverse(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the least x with A x = y up to RIDGE: A^T (A A^T + RIDGE I)^-1 y, (n, k) to (m, k)."""
        solved = cho_solve_banded((self.factor, True), values, check_finite=False).astype(np.float32)
        return np.asarray(self.adjoint @ solved, np.float32)


@dataclass(frozen=True)
class DownscalingOperator:
    """The downscale Y = A X B^T of a fine image X (P, Q) to a coarse image Y (M, N), or of a window of the two.

    Attributes
    ----------
    rows, columns : AxisOperator
        A and B.
    """

    rows: AxisOperator
    columns: AxisOperator

    @classmethod
    def between(
        cls,
        coarse: tuple[int, int],
        fine: tuple[int, int],
        kernel: Kernel,
        coarse_window: Window | None = None,
        fine_window: Window | None = None,
    ) -> DownscalingOperator:
        """Return the operator between two whole images of these sizes, or between windows of the two."""
        windows = coarse_window or (None, None), fine_window or (None, None)
        axes = zip(coarse, fine, (kernel, kernel), *windows, strict=True)
        return cls(*(AxisOperator(downscale_matrix(*axis)) for axis in axes))

    def forward(self, fine: Tensor) -> Tensor:
        """Downscale (P, Q, C) to (M, N, C)."""
        return apply_along_axes(fine, self.rows.forward, self.columns.forward)

    def pseudo_inverse(self, coarse: Tensor) -> Tensor:
        """Return the least fine image (P, Q, C) that downscales to ``coarse`` (M, N, C), up to RIDGE."""
        return apply_along_axes(coarse, self.rows.pseudo_inverse, self.columns.pseudo_inverse)

    def residual(
        self, fine: Tensor, coarse: Tensor, slack: float = 0.0, limits: tuple[float, float] = (-math.inf, math.inf)
    ) -> Tensor:
        """Return ``coarse`` (M, N, C) minus the downscaled and clipped ``fine`` (P, Q, C), shrunk by ``slack``.

        Differences up to ``slack`` become 0: rounding explains them.
        """
        difference = coarse - self.forward(fine).clamp(*limits)
        return difference - difference.clamp(-slack, slack) if slack else difference

    def project(self, fine: Tensor, coarse: Tensor, slack: float = 0.0) -> Tensor:
        """Return the nearest image to ``fine`` (P, Q, C) that downscales to ``coarse`` (M, N, C), up to RIDGE.

        X + A^T (A A^T + r I)^-1 (Y - A X B^T) (B B^T + r I)^-1 B: iterated back-projection (Irani and Peleg 1991,
        doi:10.1016/1049-9652(91)90045-L) in one step, with the `residual` in the middle.
        """
        return fine + self.pseudo_inverse(self.residual(fine, coarse, slack))


def resize(
    image: Tensor,
    size: tuple[int, int],
    centred: bool = True,
    *,
    source_size: tuple[int, int] | None = None,
    source: Window | None = None,
    target: Window | None = None,
) -> Tensor:
    """Resize bicubically, antialiased where the image gets smaller; optionally from a window to a window.

    Parameters
    ----------
    image : (H, W, C) Tensor
        The image, or the window ``source`` of an image of ``source_size``.
    size : (int, int)
        Rows and columns of the whole result.
    centred : bool
        Whether the two grids share their outer borders; otherwise they share their first pixel.
    target : Window, optional
        Window of the result to return; by default all.
    """
    kernel = replace(KERNELS["bicubic"], centred=centred)
    rows, columns = (
        downscale_matrix(
            size[axis], (source_size or image.shape)[axis], kernel, target and target[axis], source and source[axis]
        )
        for axis in (0, 1)
    )
    return apply_along_axes(image, lambda v: rows @ v, lambda v: columns @ v)


def apply_along_axes(image: Tensor, rows: AlongAxis, columns: AlongAxis) -> Tensor:
    """Apply a function from (n, k) to (m, k) along the first axis of (H, W, C), and another along the second."""
    values = image.cpu().numpy()
    height, width, channels = values.shape
    first = rows(np.ascontiguousarray(values.reshape(height, -1)))
    turned = np.ascontiguousarray(first.reshape(-1, width, channels).transpose(1, 0, 2))
    second = columns(turned.reshape(width, -1))
    result = second.reshape(-1, len(first), channels).transpose(1, 0, 2)
    return torch.from_numpy(np.ascontiguousarray(result)).to(image.device)
