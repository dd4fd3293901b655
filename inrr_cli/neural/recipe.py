"""The recipe of a fit: steps, rates, sampling and precision. Importing this module does not import torch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Literal

WarmStart = Literal["none", "smooth"]

# Points that go through a network at once on a processor: their activations stay in its caches and in the C library's
# heaps (`device.py`), which saves a third of the time of four times as many (empirical), and a step of any size can be
# interrupted soon.
BLOCK_POINTS = 4096

# Points of a step up to which the activations of all blocks are kept for the gradient: one gigabyte for a SIREN.
# Larger grids would not fit in memory, so their blocks are rendered twice.
KEPT_POINTS = 65_536


@dataclass(frozen=True)
class Recipe:
    """How a network is fitted.

    Attributes
    ----------
    steps : int
        Optimiser steps.
    lr : float
        Learning rate of the representation.
    lr_regularizer : float
        Learning rate of the regulariser's own parameters.
    optimizer : {"muon", "adam"}
        "muon" trains hidden matrices by Muon and other parameters by Adam; "adam" trains all by Adam.
    spacing : float or None
        Each step draws one row and one column at random from every ``spacing`` of them (`GridDraw`), and sees only the
        pixels where they cross; None takes every pixel in each step. Meant for 256 x 256: see `spacing_for`.
    decay : bool
        Whether the learning rates decay to a tenth, along a cosine.
    average : float
        Decay, per step, of the running mean of the weights that is the result; 0 takes the last weights.
    warm_start : {"none", "smooth"}
        What the fit is drawn to at first at missing pixels: nothing, or a smooth fill (`warm_start_image`). The weight
        of those pixels falls from that of known pixels to zero; it falls later deep in a hole
        (`warm_start_duration`). So a large hole starts from its surroundings instead of random weights, and seeds
        agree. It is the same with every regulariser and without one.
    warm_part : float
        Fraction of the steps for which a smooth warm start lasts beside known pixels.
    bfloat16 : bool
        Whether hidden layers are multiplied in bfloat16 where the hardware is fast in it.
    options : dict
        Defaults of methods that differ with this recipe, by the name of the method (or "net reg" of a pair) and the
        name of the option.
    changes : dict
        Attributes of the recipe that differ with a method, by the name of the method.
    """

    steps: int
    lr: float
    lr_regularizer: float
    optimizer: Literal["muon", "adam"]
    spacing: float | None
    decay: bool
    average: float
    warm_start: WarmStart
    warm_part: float
    bfloat16: bool
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def suited_to(self, net: str, reg: str) -> Recipe:
        """Return the recipe for a representation and a regulariser."""
        return replace(self, **self.changes.get(net, {}) | self.changes.get(reg, {}))

    def options_for(self, net: str, reg: str) -> dict[str, Any]:
        """Return the defaults that differ for a representation and a regulariser, by the name of the option."""
        return {name: value for of in (net, reg, f"{net} {reg}") for name, value in self.options.get(of, {}).items()}

    def rate_factor(self, step: int) -> float:
        """Return the factor of the learning rates in a step."""
        if not self.decay:
            return 1.0
        return 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * step / self.steps))

    def spacing_for(self, rows: int, columns: int) -> float | None:
        """Return the spacing for an image of another size: proportional to the square root of the side.

        So the number of points in a step grows with the side, not with the pixels: a large image stays affordable and
        a small one keeps enough points for a gradient.
        """
        if self.spacing is None:
            return None
        return max(1.0, self.spacing * math.pow(rows * columns, 0.25) / 16)

    def points(self, rows: int, columns: int) -> float:
        """Return the number of points of a step."""
        return rows * columns / (self.spacing_for(rows, columns) or 1) ** 2

    def points_kept(self, rows: int, columns: int) -> float:
        """Return the number of points whose activations are in memory at a time."""
        points = self.points(rows, columns)
        return points if points <= KEPT_POINTS else BLOCK_POINTS
