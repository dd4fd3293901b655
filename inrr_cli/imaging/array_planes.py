"""Planes of one array whose axes may be in any order, and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.imaging.axes import Layout, plane_order
from inrr_cli.imaging.value_range import Pixels


def lay_out_array(axes: str, shape: tuple[int, ...], *, is_said: bool, warning: str = "") -> Layout:
    """Return the layout of an array, of which each plane counts as a page."""
    size = dict(zip(axes, shape, strict=True))
    count = math.prod(size[letter] for letter in plane_order(axes).split("YX")[0])
    planes = tuple((number,) for number in range(count))
    return Layout(axes, shape, planes, is_said, warning, is_array=True)


def cut_planes(array: NDArray[Any], layout: Layout) -> list[Pixels]:
    """Return the planes (M, N[, C]) of an array with the axes of a layout, in this machine's byte order."""
    planes = array.transpose([layout.axes.index(letter) for letter in plane_order(layout.axes)])
    pages = [
        planes[place].astype(array.dtype.newbyteorder("="), order="C").reshape(*layout.sizes("YX"), -1)
        for place in np.ndindex(layout.stack_shape)
    ]
    return [page[..., 0] if page.shape[2] == 1 else page for page in pages]


def join_planes(pages: Sequence[Pixels], layout: Layout) -> NDArray[Any]:
    """Undo `cut_planes`; rows and columns may be others, and a mask has no channels."""
    channels = layout.channel_axes
    count = 1 if pages[0].ndim == 2 else pages[0].shape[2]
    axes, sizes = layout.axes, layout.sizes(channels)
    if math.prod(sizes) != count:
        axes = "".join(letter for letter in axes if letter not in channels) + "C" * (count > 1)
        sizes = (count,) * (count > 1)
    array = np.stack(pages).reshape(*layout.stack_shape, *pages[0].shape[:2], *sizes)
    order = plane_order(axes)
    return array.transpose([order.index(letter) for letter in axes])
