"""Fills of known pixels that were hidden for the purpose: what `fit_blend` compares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import torch
from torch import Tensor

from inrr_cli.solvers.polyharmonic import refine_polyharmonic, solve_polyharmonic

ITERATIONS = {1: 1000, 2: 1000, 3: 2000}  # of smooth fills, by their order
TOLERANCE = {torch.float32: 1e-6, torch.float64: 1e-9}


@dataclass(frozen=True)
class PolyharmonicFill:
    """A smooth fill: its order, the axis that it is smooth along (None: both), its borders; see `solve_polyharmonic`.

    An ``exact`` one is solved in float64 to a thousandth of the residual, and may leave the range [0, 1].
    """

    order: int
    axis: int | None = None
    natural: bool = True
    exact: bool = False

    def fill(
        self, image: Tensor, known: Tensor, done: Mapping[PolyharmonicFill, Tensor] = MappingProxyType({})
    ) -> Tensor:
        """Fill a picture (H, W, C); order 3 starts from a plate, for it may take more steps than it is given.

        Fills of the picture that are ``done`` are not made again.
        """
        if self in done:
            return done[self]
        if self.order > 2:
            return self.again(replace(self, order=2).fill(image, known, done), ~known)
        return self._solve(solve_polyharmonic, image, known)

    def again(self, start: Tensor, near: Tensor) -> Tensor:
        """Fill the pixels that are ``near`` (H, W) again."""
        return self._solve(refine_polyharmonic, start, near)

    def _solve(self, solver: Callable[..., Tensor], image: Tensor, mask: Tensor) -> Tensor:
        dtype = torch.float64 if self.exact else torch.float32
        steps, tolerance = ITERATIONS[self.order], TOLERANCE[dtype]
        found = solver(image, mask, self.order, steps, tolerance, self.axis, natural=self.natural, dtype=dtype)
        return found if self.exact else found.clamp_(0, 1)


BIHARMONIC, HARMONIC, TRIHARMONIC = PolyharmonicFill(2), PolyharmonicFill(1), PolyharmonicFill(3)
EXACT = PolyharmonicFill(2, exact=True), HARMONIC, PolyharmonicFill(3, exact=True)  # of very smooth maps


@dataclass
class HoldoutFit:
    """Some hidden pixels, and the fills that do not know them.

    Attributes
    ----------
    at : (m,) Tensor of int64
        The hidden pixels, flat.
    near : (H, W) Tensor of bool
        Pixels that are filled again for the trial: the hidden ones and the missing ones around them.
    guess : (n, C) Tensor
        What the patches make of those.
    truth, variance : (m, C) Tensor
        The hidden pixels, and the variances that the patches' model gives them.
    classes : (m,) Tensor of int64
        Their classes of depth.
    patches : (m, C) Tensor
        What the patches' model fills in.
    smooth : dict of PolyharmonicFill to (m, C) Tensor
        What the smooth fills do that were compared.
    """

    at: Tensor
    near: Tensor
    guess: Tensor
    truth: Tensor
    variance: Tensor
    classes: Tensor
    patches: Tensor
    smooth: dict[PolyharmonicFill, Tensor] = field(default_factory=dict)

    def compare(self, smooth: dict[PolyharmonicFill, Tensor]) -> None:
        """Compare these fills (H, W, C) alone; they knew the hidden pixels, so what is near is filled again."""
        for kind, fill in smooth.items():
            if kind not in self.smooth:
                start = fill.clone()
                start[self.near] = self.guess
                self.smooth[kind] = kind.again(start, self.near).flatten(0, 1)[self.at]
        self.smooth = {kind: self.smooth[kind] for kind in smooth}

    @property
    def fills(self) -> Tensor:
        """By the patches, and those that are compared: (F, m, C)."""
        return torch.stack([self.patches, *self.smooth.values()])

    def errors(self) -> Tensor:
        """Sum the squared errors of each fill: (F,)."""
        return (self.fills - self.truth).square().sum((1, 2))
