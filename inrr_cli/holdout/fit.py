"""Fills of hidden pixels: the data that `fit_blend` compares."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from inrr_cli.solvers.polyharmonic import PolyharmonicFill


@dataclass
class HoldoutFit:
    """One holdout: hidden pixels and the fills that do not know them.

    Attributes
    ----------
    hidden : (m,) Tensor of int64
        Flat indices of the hidden pixels.
    refilled : (H, W) Tensor of bool
        Pixels that are filled again without the hidden ones: these and the missing pixels around.
    start : (n, C) Tensor
        Estimate of the refilled pixels by the patch model, where polyharmonic fills start.
    truth, variance : (m, C) Tensor
        The hidden pixels and the variances that the patch model gives them.
    classes : (m,) Tensor of int64
        Their classes of distance.
    patches : (m, C) Tensor
        The fill by the patch model.
    polyharmonic : dict of PolyharmonicFill to (m, C) Tensor
        The polyharmonic fills that are compared.
    """

    hidden: Tensor
    refilled: Tensor
    start: Tensor
    truth: Tensor
    variance: Tensor
    classes: Tensor
    patches: Tensor
    polyharmonic: dict[PolyharmonicFill, Tensor] = field(default_factory=dict)

    def compare(self, fills: dict[PolyharmonicFill, Tensor]) -> None:
        """Compare fills (H, W, C) that knew the hidden pixels, and only these: refill each without them."""
        for kind, fill in fills.items():
            if kind not in self.polyharmonic:
                start = fill.clone()
                start[self.refilled] = self.start
                self.polyharmonic[kind] = kind.refill(start, self.refilled).flatten(0, 1)[self.hidden]
        self.polyharmonic = {kind: self.polyharmonic[kind] for kind in fills}

    @property
    def fills(self) -> Tensor:
        """The fill by the patch model and the polyharmonic ones: (F, m, C)."""
        return torch.stack([self.patches, *self.polyharmonic.values()])

    def squared_errors(self) -> Tensor:
        """Return the sum of squared errors of each fill: (F,)."""
        return (self.fills - self.truth).square().sum((1, 2))
