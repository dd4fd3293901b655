"""How a fit runs: ``fast`` for people who wait, ``paper`` as the paper's authors released it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Literal

# Points that go through the network at once: their activations stay in the processor's caches, and a step of any
# size uses the same memory and can be interrupted soon.
BLOCK_POINTS = 16_384

# Up to so many points every block's activations are kept for the way back: for a SIREN one gigabyte in all. They would
# not fit in memory for any picture, so the blocks of a larger grid are rendered once more instead.
KEPT_POINTS = 65_536


@dataclass(frozen=True)
class Recipe:
    """Settings of one fit.

    Attributes
    ----------
    steps : int
        Optimiser steps.
    lr : float
        Learning rate of the representation.
    lr_regularizer : float
        Learning rate of what the regulariser learns.
    optimizer : {"muon", "adam"}
        Muon moves hidden matrices, Adam all else; or Adam moves everything.
    spacing : float or None
        Each step draws one row and one column at random from every ``spacing`` of them, and sees only the pixels
        where they cross; None takes every pixel in each step. Meant for 256 x 256: see `spacing_for`.
    decay : bool
        Cosine decay of the learning rates to a tenth.
    average : float
        Decay, per step, of the running mean of the weights that is the result; 0 takes the last weights.
    warm_start : float
        Fraction of the steps in which a fit with a regulariser (AIR and INRR in the fast preset) is drawn to a smooth
        fill of the missing pixels (`warm_start_image`), with a weight that falls from that of known pixels to nothing; deep in a
        hole it lasts longer (`warm_start_duration`). So a large hole starts from its surroundings instead of the first random
        weights, and seeds agree. A fit without a regulariser sees known pixels only.
    bfloat16 : bool
        Multiply hidden layers in bfloat16 where the hardware is fast at it.
    adapt : bool
        Weigh the regulariser by the picture. It sees the completed picture, known pixels as they are and the prediction
        elsewhere, so that it moves missing pixels only. Its weight follows the square of the mean squared error on
        known pixels: what can be fitted well needs little smoothing, a texture that cannot needs much. It is divided
        by the square root of the missing fraction, because few pixels have a small part in a mean over all. Otherwise
        it sees the prediction everywhere and its weight is fixed, as in the paper.
    options : dict
        Defaults of methods that this recipe changes, by the method's name (or "net reg" of a pair) and the option's.
    changes : dict
        Settings of the recipe that are others with a method, by the method's name.
    """

    steps: int
    lr: float
    lr_regularizer: float
    optimizer: Literal["muon", "adam"]
    spacing: float | None
    decay: bool
    average: float
    warm_start: float
    bfloat16: bool
    adapt: bool
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def suited_to(self, net: str, reg: str) -> Recipe:
        """Return the recipe for a representation and a regulariser."""
        return replace(self, **self.changes.get(net, {}) | self.changes.get(reg, {}))

    def options_for(self, net: str, reg: str) -> dict[str, Any]:
        """Return the defaults that are others with a representation and a regulariser."""
        return {name: value for of in (net, reg, f"{net} {reg}") for name, value in self.options.get(of, {}).items()}

    def rate_at(self, step: int) -> float:
        """Factor of the learning rates in a step."""
        if not self.decay:
            return 1.0
        return 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * step / self.steps))

    def spacing_for(self, rows: int, columns: int) -> float | None:
        """Spacing for a picture of another size: it grows with the square root of the side.

        So the points of a step dilate with the side, not with the pixels: large pictures stay affordable and small ones
        keep enough points for a gradient.
        """
        if self.spacing is None:
            return None
        return max(1.0, self.spacing * math.pow(rows * columns, 0.25) / 16)

    def points_kept(self, rows: int, columns: int) -> float:
        """Points of a step whose activations are in memory at a time."""
        points = rows * columns / (self.spacing_for(rows, columns) or 1) ** 2
        return points if points <= KEPT_POINTS else BLOCK_POINTS


PRESETS = {
    "fast": Recipe(
        steps=400,
        lr=1e-2,
        lr_regularizer=1e-2,
        optimizer="muon",
        spacing=4,
        decay=True,
        average=0.97,
        warm_start=0.6,
        bfloat16=True,
        adapt=True,
        options={"dmf inrr": {"weight": 0.15}},
        changes={
            "relu": {"steps": 1200, "warm_start": 1.0},  # so smooth by itself that it has little to add to the guide
            "dmf": {"steps": 2000, "lr": 1e-2, "optimizer": "adam", "spacing": None, "average": 0.0, "bfloat16": False},
            # the paper's baselines start from nothing, as there
            "tv": {"warm_start": 0.0},
            "l2": {"warm_start": 0.0},
            # a step sees a sixteenth of a free matrix
            "air": {"lr_regularizer": 0.1},
        },
    ),
    "paper": Recipe(
        steps=10_001,
        lr=1e-3,
        lr_regularizer=1e-4,
        optimizer="adam",
        spacing=None,
        decay=False,
        average=0.0,
        warm_start=0.0,
        bfloat16=False,
        adapt=False,
        options={
            "inrr": {"weight": 1e-6 * 256 * 256, "reg_omega": 5.0, "sharpness": 1.0},
            "air": {"weight": 1e-5 * 256 * 256},
            "tv": {"weight": 1e-3},
            "l2": {"weight": 1e-3},
        },
        changes={"air": {"lr_regularizer": 1e-3}},
    ),
}
