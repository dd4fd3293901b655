"""Render a representation on a grid, in blocks of rows that bound the memory."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from inrr_cli.neural.recipe import BLOCK_POINTS


def row_blocks(y: Tensor, columns: int) -> tuple[Tensor, ...]:
    """Split the coordinates (R,) of rows into blocks of at most BLOCK_POINTS points, at least one row each."""
    return torch.split(y, max(1, BLOCK_POINTS // columns))


@torch.no_grad()
def render(representation: Callable[[Tensor, Tensor], Tensor], y: Tensor, x: Tensor) -> Tensor:
    """Evaluate a representation on the grid of rows ``y`` (R,) and columns ``x`` (C,): (R, C, K)."""
    return torch.cat([representation(block, x) for block in row_blocks(y, len(x))])
