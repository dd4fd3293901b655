"""The image operator model: a coarse picture is a separable downscale of a fine one, and what that demands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import cho_solve_banded, cholesky_banded
from scipy.sparse import csr_array
from torch import Tensor

from inrr_cli.superres.kernels import Kernel, downscale_matrix

RIDGE = 1e-3  # of the normal equations: frequencies that a kernel all but cancels are not asked back
Span = tuple[int, int]
Along = Callable[[NDArray[np.float32]], NDArray[np.float32]]


class Axis:
    """The downscale along one axis, on a span of it.

    Parameters
    ----------
    matrix : (n, m) csr_array of float32
        From `downscale_matrix`, or rows and columns of it. Rows that lost weights to a cut are made to sum to 1 again.
    """

    def __init__(self, matrix: csr_array) -> None:
        sums = np.asarray(matrix.sum(1)).reshape(-1)
        lost = np.abs(sums - 1) > 1e-4
        if lost.any():
            factor = np.where(lost, np.where(np.abs(sums) > 0.1, 1 / np.where(sums == 0, 1, sums), 0.0), 1.0)
            matrix = csr_array(matrix.multiply(factor[:, None].astype(np.float32)))
        self.matrix, self.adjoint = matrix, csr_array(matrix.T)
        gram = csr_array(matrix @ self.adjoint)
        rows, columns = gram.nonzero()
        width = int(np.abs(rows - columns).max(initial=0))
        bands = np.zeros((width + 1, matrix.shape[0]))
        for band in range(width + 1):
            bands[band, : matrix.shape[0] - band] = gram.diagonal(-band)
        bands[0] += RIDGE
        self.factor = cholesky_banded(bands, lower=True)

    def forward(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Downscale: A x, (m, k) to (n, k)."""
        return np.asarray(self.matrix @ values, np.float32)

    def pseudo_inverse(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the least picture that makes ``values``: A^T (A A^T + r I)^-1 y, (n, k) to (m, k)."""
        solved = cho_solve_banded((self.factor, True), values, check_finite=False).astype(np.float32)
        return np.asarray(self.adjoint @ solved, np.float32)


@dataclass(frozen=True)
class DownscalingOperator:
    """The downscale of a fine picture (P, Q) to a coarse one (M, N), or of a window of the two.

    Attributes
    ----------
    rows, columns : Axis
    """

    rows: Axis
    columns: Axis

    @classmethod
    def between(
        cls,
        coarse: tuple[int, int],
        fine: tuple[int, int],
        kernel: Kernel,
        coarse_window: tuple[Span, Span] | None = None,
        fine_window: tuple[Span, Span] | None = None,
    ) -> DownscalingOperator:
        """Return the model for whole pictures of these sizes, or for what of them lies in the windows."""
        axes = []
        for number in (0, 1):
            matrix = downscale_matrix(coarse[number], fine[number], kernel)
            if coarse_window is not None and fine_window is not None:
                (first, last), (left, right) = coarse_window[number], fine_window[number]
                matrix = csr_array(csr_array(matrix[first:last])[:, left:right])
            axes.append(Axis(matrix))
        return cls(*axes)

    def forward(self, fine: Tensor) -> Tensor:
        """Downscale (P, Q, C) to (M, N, C)."""
        return apply_axes(fine, self.rows.forward, self.columns.forward)

    def pseudo_inverse(self, coarse: Tensor) -> Tensor:
        """Return the least fine picture (P, Q, C) that downscales to ``coarse`` (M, N, C)."""
        return apply_axes(coarse, self.rows.pseudo_inverse, self.columns.pseudo_inverse)

    def project(self, fine: Tensor, coarse: Tensor, slack: float = 0.0) -> Tensor:
        """Return the nearest picture to ``fine`` (P, Q, C) that downscales to ``coarse`` (M, N, C), but for RIDGE.

        Differences up to ``slack`` are left: rounding explains them.

        X + A^T (A A^T + r I)^-1 (Y - A X B^T) (B B^T + r I)^-1 B: iterated back-projection (Irani and Peleg 1991,
        doi:10.1016/1049-9652(91)90045-L) in one step.
        """
        off = coarse - self.forward(fine)
        return fine + self.pseudo_inverse(off - off.clamp(-slack, slack) if slack else off)


def apply_axes(picture: Tensor, rows: Along, columns: Along) -> Tensor:
    """Apply a function from (n, k) to (m, k) down the columns of (H, W, C), and another along its rows."""
    values = picture.cpu().numpy()
    height, width, channels = values.shape
    first = rows(np.ascontiguousarray(values.reshape(height, -1)))
    turned = np.ascontiguousarray(first.reshape(-1, width, channels).transpose(1, 0, 2))
    second = columns(turned.reshape(width, -1))
    made = second.reshape(-1, len(first), channels).transpose(1, 0, 2)
    return torch.from_numpy(np.ascontiguousarray(made)).to(picture.device)
