"""The rows and the columns that the steps of a fit see."""

from __future__ import annotations

import torch
from torch import Tensor


class GridDraw:
    """Draws one row from each of ``rows / spacing`` equal parts of the rows in each step, and columns alike.

    A part has S = round(spacing) strata. In S steps each of them is drawn once, in an order that differs from part to
    part, and in S^2 steps each stratum of rows meets each of columns once. So with a whole ``spacing`` that divides the
    axes, S^2 steps see every pixel once, where independent draws would leave out a third of them.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the image.
    spacing : float or None
        None draws all rows and columns.
    generator : torch.Generator
        On the cpu.

    Attributes
    ----------
    orders : list of (parts, S) Tensor of int64
        The strata of the rows and of the columns in the order of the present S^2 steps; empty before the first step.
    """

    def __init__(self, shape: tuple[int, int], spacing: float | None, generator: torch.Generator) -> None:
        self.shape, self.spacing, self.generator = shape, spacing, generator
        self.orders: list[Tensor] = []

    def draw(self, step: int) -> tuple[Tensor, Tensor]:
        """Return the indices (R,) of the rows and (C,) of the columns of a step, ascending.

        The steps are counted from 0 and asked for in turn. Two neighbouring parts may draw the pixel that both share,
        so every index is drawn equally often.
        """
        rows, columns = self.shape
        if self.spacing is None:
            return torch.arange(rows), torch.arange(columns)
        strata = max(1, round(self.spacing))
        cycle, turn = divmod(step % strata**2, strata)
        if cycle == turn == 0:
            parts = (max(1, round(length / self.spacing)) for length in self.shape)
            self.orders = [torch.rand(count, strata, generator=self.generator).argsort(1) for count in parts]
        return self._indices(0, turn), self._indices(1, (turn + cycle) % strata)

    def _indices(self, axis: int, turn: int) -> Tensor:
        """Return a random index (parts,) in each part's stratum of that turn."""
        parts, strata = self.orders[axis].shape
        within = (
            self.orders[axis][:, turn] + torch.rand(parts, generator=self.generator, dtype=torch.float64)
        ) / strata
        length = self.shape[axis]
        return ((torch.arange(parts) + within) * (length / parts)).long().clamp(max=length - 1)
