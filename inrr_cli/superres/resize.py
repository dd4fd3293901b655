"""Plain resizes that the engine starts from."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from inrr_cli.superres.downscaling import DownscalingOperator, Span, apply_axes
from inrr_cli.superres.kernels import KERNELS, downscale_matrix


def resize(
    picture: Tensor,
    size: tuple[int, int],
    centred: bool = True,
    *,
    whole: tuple[tuple[int, int], tuple[int, int]] | None = None,
    window: tuple[Span, Span] | None = None,
    target: tuple[Span, Span] | None = None,
) -> Tensor:
    """Resize (H, W, C) bicubically, antialiased where it gets smaller.

    Parameters
    ----------
    picture : (H, W, C) Tensor
    size : (int, int)
        Rows and columns to make.
    centred : bool
        Whether the two grids share their borders, or their first pixel.
    whole, window, target : optional
        If the picture is a window of a larger one: sizes of that before and after, and what is given and wanted of it.
    """
    kernel = replace(KERNELS["bicubic"], centred=centred)
    matrices = []
    for axis in (0, 1):
        if whole is None or window is None or target is None:
            matrix = downscale_matrix(size[axis], picture.shape[axis], kernel)
        else:
            matrix = downscale_matrix(whole[1][axis], whole[0][axis], kernel)
            matrix = matrix[target[axis][0] : target[axis][1]][:, window[axis][0] : window[axis][1]]
        matrices.append(matrix)
    rows, columns = matrices
    return apply_axes(picture, lambda v: rows @ v, lambda v: columns @ v)


def consistent_upscale(
    coarse: Tensor, operator: DownscalingOperator, size: tuple[int, int], centred: bool = True
) -> Tensor:
    """Interpolate (M, N, C) to ``size`` bicubically, so that it downscales to what it was."""
    return operator.project(resize(coarse, size, centred), coarse)
