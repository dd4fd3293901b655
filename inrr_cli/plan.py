"""What to do with a picture, checked before any work starts."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from inrr_cli.errors import InputError
from inrr_cli.neural.recipes import PRESETS, Recipe
from inrr_cli.neural.registry import REGULARIZERS, REPRESENTATIONS, check_name, make_options

DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True)
class Plan:
    """Checked settings of one fit; made by ``make_plan``."""

    reg: str
    net: str
    preset: str
    seed: int
    device: str
    recipe: Recipe
    representation: Any
    regularizer: Any


def make_plan(
    *,
    reg: str = "inrr",
    net: str = "siren",
    preset: str = "fast",
    steps: int | None = None,
    lr: float | None = None,
    seed: int = 0,
    device: str = "auto",
    **method_options: Any,
) -> Plan:
    """Check the settings of a fit and fill in what was not given.

    Parameters
    ----------
    reg : {"inrr", "none"}
        Regulariser.
    net : {"siren"}
        Representation.
    preset : {"fast", "paper"}
        How the fit runs: as fast as it can be, or the paper's released recipe.
    steps : int, optional
        Optimiser steps; the preset's by default.
    lr : float, optional
        Learning rate of the representation; the preset's by default.
    seed : int
        At least 0. Same seed, device and number of threads: same bytes.
    device : {"auto", "cpu", "cuda", "mps"}
        Where to compute.
    **method_options
        Options of the representation and the regulariser: ``omega``, ``width`` and ``layers`` of ``siren``;
        ``weight`` and ``adjacency`` of ``inrr``.

    Raises
    ------
    InputError
        For an unknown name, a value out of its range, or an option that neither method has.
    """
    check_name("regulariser", reg, REGULARIZERS)
    check_name("representation", net, REPRESENTATIONS)
    check_name("preset", preset, PRESETS)
    check_name("device", device, dict.fromkeys(DEVICES))
    if steps is not None and steps < 1:
        raise InputError(f"steps must be at least 1, got {steps}")
    if lr is not None and not 0 < lr < float("inf"):
        raise InputError(f"lr must be > 0, got {lr:g}")
    if not 0 <= seed < 2**63:
        raise InputError(f"seed must be at least 0 and below 2**63, got {seed}")
    known = {f.name for options in (REPRESENTATIONS[net], REGULARIZERS[reg]) for f in dataclasses.fields(options)}
    for name in method_options:
        if name not in known:
            raise InputError(f"{name} has no meaning for net {net} with reg {reg}")
    recipe = PRESETS[preset]
    values = recipe.options | method_options
    return Plan(
        reg=reg,
        net=net,
        preset=preset,
        seed=seed,
        device=device,
        recipe=dataclasses.replace(recipe, steps=steps or recipe.steps, lr=lr or recipe.lr),
        representation=make_options(net, REPRESENTATIONS[net], values),
        regularizer=make_options(reg, REGULARIZERS[reg], values),
    )
