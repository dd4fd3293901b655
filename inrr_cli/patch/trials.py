"""Fills of known pixels that were hidden for the purpose: what `judge` compares."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from inrr_cli.smooth import relax, smooth_fill

ITERATIONS, TOLERANCE = {1: 1000, 2: 1000, 3: 2000}, 1e-6  # of smooth fills, by their order


@dataclass(frozen=True)
class Smooth:
    """A smooth fill: its order, the axis that it is smooth along (None: both), and its borders; see `smooth_fill`."""

    order: int
    axis: int | None = None
    natural: bool = True

    def fill(self, image: Tensor, known: Tensor) -> Tensor:
        """Fill a picture (H, W, C)."""
        return smooth_fill(image, known, self.order, ITERATIONS[self.order], TOLERANCE, self.axis, natural=self.natural)

    def again(self, start: Tensor, near: Tensor) -> Tensor:
        """Fill the pixels that are ``near`` (H, W) again."""
        return relax(start, near, self.order, ITERATIONS[self.order], TOLERANCE, self.axis, natural=self.natural)


PLATE, MEMBRANE, SMOOTHEST = Smooth(2), Smooth(1), Smooth(3)


@dataclass
class Trial:
    """Some hidden pixels, and the fills that do not know them.

    Attributes
    ----------
    at : (m,) Tensor of int64
        The hidden pixels, flat.
    near : (H, W) Tensor of bool
        Pixels that are filled again for the trial: the hidden ones and the missing ones around them.
    guess : (H, W, C) Tensor
        What the patches make of those.
    truth, variance : (m, C) Tensor
        The hidden pixels, and the variances that the patches' model gives them.
    classes : (m,) Tensor of int64
        Their classes of depth.
    fills : list of (m, C) Tensor
        By the patches, and those that were added.
    """

    at: Tensor
    near: Tensor
    guess: Tensor
    truth: Tensor
    variance: Tensor
    classes: Tensor
    fills: list[Tensor] = field(default_factory=list)

    def add(self, kind: Smooth, fill: Tensor) -> None:
        """Add a smooth fill (H, W, C); it knew the hidden pixels, so what is near is filled again."""
        start = torch.where(self.near[..., None], self.guess, fill)
        self.fills.append(kind.again(start, self.near).flatten(0, 1)[self.at].clamp(0, 1))

    def errors(self) -> Tensor:
        """Sum the squared errors of each fill: (F,)."""
        return (torch.stack(self.fills) - self.truth).square().sum((1, 2))
