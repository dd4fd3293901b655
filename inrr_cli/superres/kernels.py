"""How a fine picture becomes a coarse one along an axis: ``--kernel``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from inrr_cli.errors import InputError
from inrr_cli.options import check_name

Floats = NDArray[np.float64]
LEAST_SIGMA, MOST_SIGMA = 0.1, 4.0
GAUSS_REACH = 4.0  # deviations that a Gaussian is cut off at


@dataclass(frozen=True)
class Kernel:
    """A downscaling kernel; made by `parse_kernel`.

    Attributes
    ----------
    name : str
        As on the command line.
    reach : float
        Where it ends, in coarse pixels from its centre.
    weigh : callable or None
        From distances in coarse pixels to weights; None takes the one fine pixel that lies where the coarse one does.
    centred : bool
        Whether the two grids share their outer borders, as in a resize; otherwise they share their first pixel.
    """

    name: str
    reach: float
    weigh: Callable[[Floats], Floats] | None
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


def parse_kernel(text: str) -> Kernel:
    """Return the kernel called ``bicubic``, ``area``, ``lanczos``, ``point`` or ``gaussian:SIGMA``.

    SIGMA is in pixels of the coarse picture, 0.1 to 4. Bicubic and Lanczos are those of an antialiased resize, ``area``
    is the mean over a coarse pixel's area, ``point`` takes every s-th pixel.

    Raises
    ------
    InputError
        If there is no such kernel.
    """
    name, _, argument = text.partition(":")
    if name == "gaussian":
        try:
            sigma = float(argument)
        except ValueError:
            sigma = 0.0
        if not LEAST_SIGMA <= sigma <= MOST_SIGMA:
            raise InputError(f"--kernel {text}: give a deviation of 0.1 to 4 input pixels, as in gaussian:0.6")
        reach = GAUSS_REACH * sigma * (1 - 1e-9)  # so that both sides agree on a pixel at the very end
        return Kernel(text, reach, lambda x: np.where(np.abs(x) <= reach, np.exp(-0.5 * (x / sigma) ** 2), 0.0))
    check_name("kernel", text, dict.fromkeys([*KERNELS, "gaussian:SIGMA"]))
    if text not in KERNELS:
        raise InputError(f"--kernel {text}: give a deviation of 0.1 to 4 input pixels, as in gaussian:0.6")
    return KERNELS[text]


def downscale_matrix(coarse: int, fine: int, kernel: Kernel) -> csr_array:
    """Matrix of the downscale along an axis.

    Row i holds the weights of the fine pixels j in coarse pixel i, whose centre lies at ``(i + 1/2) s - 1/2`` with
    ``s = fine / coarse``; they sum to 1, and at the borders the kernel is cut off.

    Parameters
    ----------
    coarse, fine : int
        Pixels of the axis; a coarse picture may also be finer than the fine one, which makes this an interpolation.
    kernel : Kernel

    Returns
    -------
    (coarse, fine) csr_array of float32
    """
    scale = fine / coarse
    number = np.arange(coarse)
    if kernel.name == "point":
        column = np.minimum(np.floor(number * scale + 0.5).astype(np.int64), fine - 1)[:, None]
        weight = np.ones_like(column, np.float64)
    else:
        offset = 0.5 if kernel.centred else 0.0
        centre = (number + offset) * scale - offset
        stretch = max(scale, 1.0)
        taps = int(np.ceil(2 * max(kernel.reach * stretch, 0.5))) + 2
        first = np.floor(centre - max(kernel.reach * stretch, 0.5)).astype(np.int64)
        column = first[:, None] + np.arange(taps)
        if kernel.weigh is None:
            left, right = number * scale, (number + 1) * scale
            weight = np.minimum(right[:, None], column + 1) - np.maximum(left[:, None], column)
            weight = np.where(weight > 1e-9, weight, 0.0)
        else:
            weight = kernel.weigh((column - centre[:, None]) / stretch)
        weight = np.where((column >= 0) & (column < fine), weight, 0.0)
        weight = weight / weight.sum(1, keepdims=True)
    keep = weight != 0
    row = np.broadcast_to(number[:, None], column.shape)
    return csr_array((weight[keep].astype(np.float32), (row[keep], column[keep])), shape=(coarse, fine))
