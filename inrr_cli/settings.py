"""What to do with a picture, checked before any work starts."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from inrr_cli.errors import InputError
from inrr_cli.methods import NETWORKS, REPRESENTATIONS, TASKS, check_name, choose_methods, make_options
from inrr_cli.neural.presets import PRESETS, Recipe

DEVICES = ("auto", "cpu", "cuda", "mps")
LR_MOST = 1e6  # no fit is of use long before that; far above it steps overflow


@dataclass(frozen=True)
class Settings:
    """Checked settings of a restoration; made by ``make_settings``. ``recipe`` is None where no network is fitted."""

    reg: str
    net: str
    preset: str | None
    seed: int
    device: str
    recipe: Recipe | None
    representation: Any
    regularizer: Any
    noise: float | None
    denoise: bool


def make_settings(
    *,
    reg: str | None = None,
    net: str | None = None,
    preset: str | None = None,
    steps: int | None = None,
    lr: float | None = None,
    seed: int = 0,
    device: str = "auto",
    noise: float | str = "auto",
    denoise: bool = False,
    task: str = "inpaint",
    **method_options: Any,
) -> Settings:
    """Check the settings of a restoration and fill in what was not given.

    Parameters
    ----------
    reg : {"patch", "inrr", "air", "tv", "l2", "none"}, optional
        Regulariser; "patch" by default, "inrr" for a network.
    net : {"grid", "siren", "relu", "fourier", "gabor", "dmf", "inr-z", "ntk"}, optional
        Representation: the pixel grid for "patch" by default, "siren" for the other regularisers.
    preset : {"fast", "paper"}, optional
        How a network is fitted: as fast as it can be (the default), or by the paper's released recipe.
    steps : int, optional
        Optimiser steps; the preset's by default.
    lr : float, optional
        Learning rate of the representation; the preset's by default.
    seed : int
        At least 0. Same seed, device and number of threads: same bytes.
    device : {"auto", "cpu", "cuda", "mps"}
        Where to compute.
    noise : float or "auto"
        Standard deviation of the known pixels' noise, in the image's own units, which sets how far "patch" trusts them;
        "auto" estimates it from the image.
    denoise : bool
        Estimate the known pixels too, instead of keeping them ("patch" on "grid" only).
    task : {"inpaint", "superres"}
        What it is for: the patch engine of each has its own options.
    **method_options
        Options of the representation and the regulariser, the fields of their dataclasses in ``inrr_cli.methods``:
        ``similar`` of ``patch``, ``omega`` of ``siren``, ``weight`` of ``inrr``, ...

    Raises
    ------
    InputError
        For an unknown name, a value out of its range, or an option that the chosen methods do not have.
    """
    reg, net = choose_methods(reg, net)
    check_name("preset", preset or "fast", PRESETS)
    check_name("device", device, dict.fromkeys(DEVICES))
    if steps is not None and steps < 1:
        raise InputError(f"steps must be at least 1, got {steps}")
    if lr is not None and not 0 < lr <= LR_MOST:
        raise InputError(f"lr must be > 0 and at most {LR_MOST:g}, got {lr:g}")
    if not 0 <= seed < 2**63:
        raise InputError(f"seed must be at least 0 and below 2**63, got {seed}")
    sigma = _check_noise(noise)
    known = {f.name for options in (REPRESENTATIONS[net], TASKS[task][reg]) for f in dataclasses.fields(options)}
    unused = [name for name in method_options if name not in known]
    fitted = net in NETWORKS
    if not fitted:
        unused += [name for name, value in (("preset", preset), ("steps", steps), ("lr", lr)) if value is not None]
    if net != "grid":
        unused += ["denoise"] * denoise
    if reg != "patch":
        unused += ["noise"] * (noise != "auto")
    if unused:
        raise InputError(f"{unused[0]} has no meaning for net {net} with reg {reg}")
    recipe = PRESETS[preset or "fast"].suited_to(net, reg)
    values = recipe.options_for(net, reg) | method_options
    return Settings(
        reg=reg,
        net=net,
        preset=preset or "fast" if fitted else None,
        seed=seed,
        device=device,
        recipe=dataclasses.replace(recipe, steps=steps or recipe.steps, lr=lr or recipe.lr) if fitted else None,
        representation=make_options(net, REPRESENTATIONS[net], values),
        regularizer=make_options(reg, TASKS[task][reg], values),
        noise=sigma,
        denoise=denoise,
    )


def _check_noise(noise: float | str) -> float | None:
    """Return the deviation, None for auto."""
    if noise == "auto":
        return None
    try:
        sigma = float(noise)
    except ValueError:
        sigma = -1.0
    if not 0 <= sigma < float("inf"):
        raise InputError(f"noise must be auto or a number of at least 0, got {noise!r}")
    return sigma
