"""Render a representation on a grid, in blocks of rows that bound the memory."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from inrr_cli.device import map_in_threads
from inrr_cli.neural.recipe import BLOCK_POINTS, KEPT_POINTS

# fixed, so that the number of threads changes no bit of the result; smaller blocks cost more than they gain: empirical
SHARED_BLOCKS, SHARED_POINTS = 4, 1024


def row_blocks(y: Tensor, columns: int) -> tuple[Tensor, ...]:
    """Split the coordinates (R,) of rows into blocks, at least one row each.

    On the processor they have at most BLOCK_POINTS points. Smaller grids are split too, for threads to share, into
    SHARED_BLOCKS or blocks of about SHARED_POINTS. A GPU computes KEPT_POINTS at once: its memory holds them, and it
    starts an operation on a small block in no less time than on a large one.
    """
    if y.device.type != "cpu":
        return torch.split(y, max(1, KEPT_POINTS // columns))
    shared = max(-(-len(y) // SHARED_BLOCKS), -(-SHARED_POINTS // columns))
    return torch.split(y, max(1, min(BLOCK_POINTS // columns, shared)))


@torch.no_grad()
def render(representation: Callable[[Tensor, Tensor], Tensor], y: Tensor, x: Tensor) -> Tensor:
    """Evaluate a representation on the grid of rows ``y`` (R,) and columns ``x`` (C,): (R, C, K)."""
    return torch.cat(list(map_in_threads(lambda block: representation(block, x), row_blocks(y, len(x)), y.device)))
