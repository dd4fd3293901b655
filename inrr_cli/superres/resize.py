"""Bicubic resizes that super-resolution starts from."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from inrr_cli.solvers.blend_tiles import Window
from inrr_cli.superres.downscaling import DownscalingOperator, apply_along_axes
from inrr_cli.superres.kernels import KERNELS, downscale_matrix


def resize(
    image: Tensor,
    size: tuple[int, int],
    centred: bool = True,
    *,
    source_size: tuple[int, int] | None = None,
    source: Window | None = None,
    target: Window | None = None,
) -> Tensor:
    """Resize bicubically, antialiased where the image gets smaller, or resize a window of an image to a window.

    Parameters
    ----------
    image : (H, W, C) Tensor
    size : (int, int)
        Rows and columns of the whole result.
    centred : bool
        Whether the two grids share their outer borders; otherwise they share their first pixel.
    source_size : (int, int), optional
        Rows and columns of the whole image, if ``image`` is the window ``source`` of it.
    source, target : Window, optional
        Window that is given, and window of the result to return; by default all.

    Returns
    -------
    (h, w, C) Tensor
        The result, or its window ``target``.
    """
    kernel = replace(KERNELS["bicubic"], centred=centred)
    rows, columns = (
        downscale_matrix(
            size[axis], (source_size or image.shape)[axis], kernel, target and target[axis], source and source[axis]
        )
        for axis in (0, 1)
    )
    return apply_along_axes(image, lambda v: rows @ v, lambda v: columns @ v)


def consistent_upscale(
    coarse: Tensor, operator: DownscalingOperator, size: tuple[int, int], centred: bool = True
) -> Tensor:
    """Interpolate (M, N, C) bicubically to ``size``, so that the result downscales to ``coarse``."""
    return operator.project(resize(coarse, size, centred), coarse)
