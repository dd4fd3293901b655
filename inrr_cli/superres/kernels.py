"""Downscaling kernels: how a fine image becomes a coarse one along an axis. Importing this module imports no scipy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import InputError
from inrr_cli.options import check_name
from inrr_cli.solvers.blend_tiles import Span

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Kernel:
    """A downscaling kernel; `parse_kernel` returns it.

    Attributes
    ----------
    name : str
        As on the command line.
    radius : float
        Half the width of the kernel, in coarse pixels.
    weights : callable or None
        From distances in coarse pixels to weights; None for "area" and "point".
    centred : bool
        Whether the two grids share their outer borders, as in a resize; otherwise they share their first pixel.
    """

    name: str
    radius: float
    weights: Callable[[Floats], Floats] | None
    centred: bool = True


def _cubic(x: Floats) -> Floats:
    """Cubic convolution with a = -1/2 (Keys 1981, doi:10.1109/TASSP.1981.1163711)."""
    x = np.abs(x)
    inner = (1.5 * x - 2.5) * x * x + 1
    outer = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, inner, np.where(x < 2, outer, 0.0))


def _lanczos(x: Floats) -> Floats:
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0.0)


KERNELS = {
    "bicubic": Kernel("bicubic", 2.0, _cubic),
    "area": Kernel("area", 0.5, None),
    "lanczos": Kernel("lanczos", 3.0, _lanczos),
    "point": Kernel("point", 0.0, None, centred=False),
}
KERNEL_NAMES = (*KERNELS, "gaussian:SIGMA")


def parse_kernel(text: str) -> Kernel:
    """Return the kernel called ``bicubic``, ``area``, ``lanczos``, ``point`` or ``gaussian:SIGMA``.

    Bicubic and Lanczos are those of an antialiased resize, ``area`` is the mean over the area of a coarse pixel, and
    ``point`` takes every s-th pixel. SIGMA is in coarse pixels, 0.1 to 4.

    Raises
    ------
    InputError
        If there is no such kernel.
    """
    name, _, argument = text.partition(":")
    if name != "gaussian":
        check_name("kernel", text, KERNEL_NAMES)
        return KERNELS[text]
    try:
        sigma = float(argument)
    except ValueError:
        sigma = 0.0
    if not 0.1 <= sigma <= 4:
        raise InputError(f"--kernel {text}: give a deviation of 0.1 to 4 input pixels, as in gaussian:0.6")
    radius = 4 * sigma * (1 - 1e-9)  # just below 4 sigma, so that rounding cannot keep only one of two end pixels
    return Kernel(text, radius, lambda x: np.where(np.abs(x) <= radius, np.exp(-0.5 * (x / sigma) ** 2), 0.0))


def downscale_matrix(
    coarse: int, fine: int, kernel: Kernel, coarse_span: Span | None = None, fine_span: Span | None = None
) -> csr_array:
    """Return the matrix of the downscale along an axis, or the part of the matrix that belongs to two spans.

    Row i holds the weights of the fine pixels j in coarse pixel i, whose centre is at ``(i + 1/2) s - 1/2`` with
    ``s = fine / coarse``, or at ``i s`` if the kernel is not centred. The weights sum to 1; borders cut the kernel off.

    Parameters
    ----------
    coarse, fine : int
        Pixels of the axis; ``coarse`` may be the larger number, which makes the downscale an interpolation.
    kernel : Kernel
    coarse_span, fine_span : (int, int), optional
        First pixel and the one after the last; all by default.

    Returns
    -------
    (coarse, fine) csr_array of float32
    """
    from scipy.sparse import csr_array

    if kernel.name == "point":
        columns = np.minimum(np.floor(np.arange(coarse) * (fine / coarse) + 0.5).astype(np.int64), fine - 1)[:, None]
        weights = np.ones_like(columns, np.float64)
    else:
        columns, weights = _sample_kernel(coarse, fine, kernel)
    used = weights != 0
    rows = np.broadcast_to(np.arange(coarse)[:, None], columns.shape)
    matrix = csr_array((weights[used].astype(np.float32), (rows[used], columns[used])), shape=(coarse, fine))
    if coarse_span is not None:
        matrix = matrix[slice(*coarse_span)]
    return matrix if fine_span is None else matrix[:, slice(*fine_span)]


def sample_positions(coarse: int, fine: int, kernel: Kernel, fine_span: Span) -> Floats:
    """Return where the fine pixels of a span of the axis lie among the coarse ones, centred at 0, 1, ...: (n,)."""
    offset = 0.5 if kernel.centred else 0.0
    return np.asarray((np.arange(*fine_span) + offset) * (coarse / fine) - offset)


def nearest_samples(coarse: int, fine: int, kernel: Kernel, fine_span: Span) -> NDArray[np.int64]:
    """Return the coarse pixel that each fine pixel of a span of the axis lies in: (n,) ndarray."""
    position = sample_positions(coarse, fine, kernel, fine_span)
    return np.asarray(np.floor(position + 0.5).clip(0, coarse - 1), np.int64)


def _sample_kernel(coarse: int, fine: int, kernel: Kernel) -> tuple[NDArray[np.int64], Floats]:
    """Return the fine pixels around each coarse one and their weights, both (coarse, taps)."""
    scale = fine / coarse
    offset = 0.5 if kernel.centred else 0.0
    index = np.arange(coarse)
    centres = (index + offset) * scale - offset
    stretch = max(scale, 1.0)
    radius = max(kernel.radius * stretch, 0.5)
    first = np.floor(centres - radius).astype(np.int64)
    columns = first[:, None] + np.arange(int(np.ceil(2 * radius)) + 2)
    if kernel.weights is None:
        left, right = index * scale, (index + 1) * scale
        weights = np.minimum(right[:, None], columns + 1) - np.maximum(left[:, None], columns)
        weights = np.where(weights > 1e-9, weights, 0.0)
    else:
        weights = kernel.weights((columns - centres[:, None]) / stretch)
    weights = np.where((columns >= 0) & (columns < fine), weights, 0.0)
    return columns, weights / weights.sum(1, keepdims=True)
