"""The rows and the columns that the steps of a fit see."""

from __future__ import annotations

import torch
from torch import Tensor


class GridDraw:
    """Draws one row from each of ``rows / spacing`` equal parts of the rows in each step, and columns alike.

    A part has S = round(spacing) strata, and in a round of S^2 steps each stratum of rows meets each of columns once.
    So with a whole ``spacing`` that divides the axes a round sees every pixel once, where independent draws would leave
    out a third of them; a fit needs a fifth fewer steps for it (empirical). The parts go through their strata in random
    orders: on one axis the order lasts for the round, on the other it is new for each stratum of the first, so that
    many pairs of rows and of columns meet, as AIR needs; the axes change places from round to round.

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
    orders : list of Tensor of int64
        The strata in the order of the present round: (parts, S) of one axis, (S, parts, S) of the other. Empty before
        the first step.
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
        number, within = divmod(step, strata**2)
        cycle, turn = divmod(within, strata)
        axes = (0, 1) if number % 2 == 0 else (1, 0)
        if within == 0:
            first, second = (max(1, round(self.shape[axis] / self.spacing)) for axis in axes)
            sizes = (first, strata), (strata, second, strata)
            self.orders = [torch.rand(size, generator=self.generator).argsort(-1) for size in sizes]
        stratum = (turn + cycle) % strata
        drawn = self.orders[0][:, stratum], self.orders[1][stratum, :, turn]
        return self._indices(rows, drawn[axes[0]]), self._indices(columns, drawn[axes[1]])

    def _indices(self, length: int, stratum: Tensor) -> Tensor:
        """Return a random index (parts,) in the chosen stratum (parts,) of each part of an axis."""
        assert self.spacing is not None
        parts = len(stratum)
        inside = torch.rand(parts, generator=self.generator, dtype=torch.float64)
        position = torch.arange(parts) + (stratum + inside) / max(1, round(self.spacing))
        return (position * (length / parts)).long().clamp(max=length - 1)
