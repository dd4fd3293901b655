"""Fills of hidden samples: the data that `fit_blend` compares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from inrr_cli.solvers.polyharmonic import PolyharmonicFill

Clamp = Callable[[Tensor, Tensor], Tensor]  # of values (n, R) of flat samples (n,)


@dataclass
class HoldoutFit:
    """One holdout: hidden samples and the fills that do not know them.

    Samples are those of `Level`: S = H W Q of R values each.

    Attributes
    ----------
    hidden : (m,) Tensor of int64
        Flat indices of the hidden samples.
    refilled : (H, W, Q) Tensor of bool
        Samples that are filled again without the hidden ones: these and the missing samples around.
    start : (n, R) Tensor
        Estimate of the refilled samples by the patch model, where polyharmonic fills start.
    truth, variance : (m, R) Tensor
        The hidden samples and the variances that the patch model gives them.
    classes : (m,) Tensor of int64
        Their classes of distance.
    patches : (m, R) Tensor
        The fill by the patch model.
    clamp : callable
        Bounds the fills that are not exact.
    polyharmonic : dict of PolyharmonicFill to (m, R) Tensor
        The polyharmonic fills that are compared.
    """

    hidden: Tensor
    refilled: Tensor
    start: Tensor
    truth: Tensor
    variance: Tensor
    classes: Tensor
    patches: Tensor
    clamp: Clamp
    polyharmonic: dict[PolyharmonicFill, Tensor] = field(default_factory=dict)

    def compare(self, fills: dict[PolyharmonicFill, Tensor]) -> None:
        """Compare fills (H, W, C) that knew the hidden samples, and only these: refill each without them."""
        for kind, fill in fills.items():
            if kind not in self.polyharmonic:
                start = fill.reshape(-1, self.start.shape[1]).clone()
                start[self.refilled.reshape(-1)] = self.start
                refilled = kind.refill(start.reshape(fill.shape), self.refilled)
                values = refilled.reshape(start.shape)[self.hidden]
                self.polyharmonic[kind] = values if kind.exact else self.clamp(values, self.hidden)
        self.polyharmonic = {kind: self.polyharmonic[kind] for kind in fills}

    @property
    def fills(self) -> Tensor:
        """The fill by the patch model and the polyharmonic ones: (F, m, R)."""
        return torch.stack([self.patches, *self.polyharmonic.values()])

    def squared_errors(self) -> Tensor:
        """Return the sum of squared errors of each fill: (F,)."""
        return (self.fills - self.truth).square().sum((1, 2))
