"""Fills of hidden samples: the data that `fit_blend` compares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from inrr_cli.solvers.distance import DISTANCE_CLASSES, DISTANCE_LIMIT
from inrr_cli.solvers.polyharmonic import PolyharmonicFill

# errors count up to this multiple of their quantile, by class of distance; empirical: so photographs do not change
TAIL_QUANTILE, TAIL_FACTOR = 0.98, 5.0
ERROR_MINIMUM = 1e-6  # of the quantile: float32 tells smaller errors no better

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
        """The fill by the patch model and the polyharmonic ones, their errors bounded: (F, m, R)."""
        fills = torch.stack([self.patches, *self.polyharmonic.values()])
        bound = largest_errors(fills - self.truth, self.classes)
        return self.truth + (fills - self.truth).clamp(-bound, bound)

    def squared_errors(self) -> Tensor:
        """Return the sum of squared errors of each fill: (F,)."""
        return (self.fills - self.truth).square().sum((1, 2))


def largest_errors(errors: Tensor, classes: Tensor) -> Tensor:
    """Return how large errors (F, m, R) of fills may count at samples of these ``classes`` (m,): (m, 1).

    A hidden sample that no fill can foretell, as a hot pixel, or one beside such, must not decide on all others.
    """
    bound = torch.full_like(errors[0, :, :1], torch.inf)
    least = errors.abs().amin(0)
    for k in range(len(DISTANCE_CLASSES) + 1):
        if not (classes == k).any():
            continue
        quantile = torch.quantile(least[classes == k].flatten()[:1_000_000], TAIL_QUANTILE)
        bound[classes == k] = TAIL_FACTOR * quantile.clamp(min=ERROR_MINIMUM)
    return bound


def count_places(rows: Tensor, columns: Tensor, classes: Tensor) -> Tensor:
    """Count the places of hidden samples (m,) that are apart, by class of distance: (K,) of float32.

    Those of a class within one square, as wide as the largest distance of the class, are one place.
    """
    counts = [
        len(torch.unique(torch.stack([rows, columns], 1)[classes == k] // side, dim=0))
        for k, side in enumerate((*DISTANCE_CLASSES, DISTANCE_LIMIT))
    ]
    return torch.tensor(counts, dtype=torch.float32, device=rows.device)
