"""Settings of a run, checked before any work starts. Importing this module does not import torch."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, get_args

from inrr_cli.errors import InputError
from inrr_cli.methods import NETWORKS, REGULARIZERS, REPRESENTATIONS, Task, choose_methods
from inrr_cli.neural.presets import PRESETS
from inrr_cli.neural.recipe import Recipe, WarmStart
from inrr_cli.options import check_name, flag, make_options
from inrr_cli.superres.kernels import parse_kernel
from inrr_cli.value_kind import parse_values

Device = Literal["auto", "cpu", "cuda", "mps"]
Fill = Literal["expected", "texture"]
Preset = Literal["fast", "paper"]
Stack = Literal["auto", "pages", "time", "volume"]

FIT_SETTINGS = "preset", "steps", "lr", "warm_start"  # that every network has, and nothing else
LEARNING_RATE_LIMIT = 1e6  # a fit is useless far below this rate; far above it the steps overflow
SEED_LIMIT = 2**63  # a torch generator takes no more
STACK_MODES = get_args(Stack)  # auto, and then the simplest first
TILE_MINIMUM = 64  # pixels; a smaller tile holds too few similar patches


@dataclass(frozen=True)
class Settings:
    """Checked settings of a run; `make_settings` makes them.

    Attributes
    ----------
    reg : {"patch", "inrr", "air", "tv", "l2", "none"}
        Regulariser; "patch" by default, "inrr" for a network.
    net : {"grid", "siren", "relu", "fourier", "gabor", "dmf", "inr-z", "ntk"}
        Representation; the pixel grid for "patch" by default, "siren" for the other regularisers.
    preset : {"fast", "paper"} or None
        Recipe of a network's fit: seconds ("fast", the default), or the recipe that the paper's authors released. None
        where no network is fitted.
    seed : int
        At least 0. The same seed and device give the same bytes, whatever the number of threads.
    device : {"auto", "cpu", "cuda", "mps"}
        Device to compute on; "auto" takes cuda, else mps, else cpu.
    recipe : Recipe or None
        The preset for the two methods, with the steps, the learning rate and the warm start that were asked for.
    representation, regularizer
        Options of the two methods, in their dataclasses.
    noise : float or None
        Standard deviation of the noise of known samples, in the image's units; None estimates it. For "patch".
    denoise : bool
        Whether known samples are estimated too, instead of kept ("patch" on "grid" only).
    tile : int or None
        Side of the tiles in pixels, at least 64, to bound memory ("patch" on "grid" only); None works on the whole
        image, and in `superres` on tiles of 1024 pixels.
    per_channel : bool
        Whether each channel is restored by itself (`inpaint` only).
    values : str
        What the values are: "linear" for numbers, "labels" for ids, or "angle=PERIOD" for numbers on a circle, as in
        "angle=360" or "angle=2pi" (`inpaint` only).
    stack : {"auto", "pages", "time", "volume"}
        How the pages of a stack belong together (`inpaint` only): not at all, as dates of one place, or as slices of a
        volume, in which things may move from page to page; "auto" decides by samples that are held out.
    kernel : str
        Downscaling kernel of `superres`: "bicubic", "area", "lanczos", "point" or "gaussian:SIGMA".
    fill : {"expected", "texture"}
        What comes into deep holes (`inpaint` only): the expected value, or copies from elsewhere in the image that look
        right but were not measured. Thin damage gets the expected value in both cases.
    """

    reg: str
    net: str
    preset: str | None
    seed: int
    device: str
    recipe: Recipe | None
    representation: Any
    regularizer: Any
    noise: float | None
    denoise: bool = False
    tile: int | None = None
    per_channel: bool = False
    kernel: str = "bicubic"
    values: str = "linear"
    stack: str = "auto"
    fill: str = "expected"

    @property
    def warm_start(self) -> str | None:
        """What a network is drawn to at first at missing pixels; None where no network is, or by patches."""
        return None if self.recipe is None or self.reg == "patch" else self.recipe.warm_start

    @property
    def uses_neighbours(self) -> bool:
        """Whether a page of a stack may be filled from its neighbours too."""
        is_alone = self.stack == "pages" or self.fill == "texture"
        return not is_alone and self.net == "grid" and not self.denoise and self.values != "labels"


def make_settings(
    *,
    reg: str | None = None,
    net: str | None = None,
    preset: str | None = None,
    steps: int | None = None,
    lr: float | None = None,
    warm_start: str | None = None,
    seed: int = 0,
    device: str = "auto",
    noise: float | str = "auto",
    denoise: bool = False,
    tile: int | None = None,
    per_channel: bool = False,
    kernel: str = "bicubic",
    values: str = "linear",
    stack: str = "auto",
    fill: str = "expected",
    task: Task = "inpaint",
    **method_options: Any,
) -> Settings:
    """Check the settings of a run and fill in the defaults.

    Parameters
    ----------
    reg, net, preset, ...
        The attributes of `Settings`; ``noise="auto"`` estimates the noise.
    steps, lr : int, float, optional
        Optimiser steps, and learning rate of the representation; the preset's by default.
    warm_start : {"none", "smooth"}, optional
        What a network is drawn to at first at missing pixels: nothing, or a smooth fill, which tells it of large holes;
        the preset's by default: "smooth" for "fast", "none" for "paper".
    task : {"inpaint", "superres"}
        The patch engine has different options for the two.
    **method_options
        Options of the representation and the regulariser: ``similar`` of "patch", ``omega`` of "siren", ...

    Raises
    ------
    InputError
        For an unknown name, a value out of its range, or an option that the chosen methods do not have.
    """
    reg, net = choose_methods(reg, net, task)
    _check_values(preset, device, steps, lr, seed)
    check_name("warm_start", warm_start or "none", get_args(WarmStart))
    _check_tile(tile, net, denoise)
    _check_kind(values, noise, denoise, task)
    parse_kernel(kernel)
    check_name("stack", stack, STACK_MODES)
    check_name("fill", fill, get_args(Fill))
    if fill == "texture":
        _check_texture(net, denoise, values, stack, task)
    given = {"preset": preset, "steps": steps, "lr": lr} if net not in NETWORKS else {}
    given |= {"warm_start": warm_start} if net not in NETWORKS or reg == "patch" or task == "superres" else {}
    given |= {"denoise": denoise or None} if net != "grid" or task == "superres" else {}
    given |= {"noise": None if noise == "auto" else noise} if reg != "patch" else {}
    options = REPRESENTATIONS[net].options, REGULARIZERS[task][reg].options
    _check_unused(f"net {net} with reg {reg}", options, given, method_options)
    recipe = PRESETS[preset or "fast"].suited_to(net, reg)
    method_values = recipe.options_for(net, reg) | method_options
    settings = Settings(
        reg,
        net,
        preset or "fast" if net in NETWORKS else None,
        seed,
        device,
        _adjust(recipe, steps=steps, lr=lr, warm_start="none" if task == "superres" else warm_start)
        if net in NETWORKS
        else None,
        make_options(net, options[0], method_values),
        make_options(reg, options[1], method_values),
        _parse_noise(noise),
        denoise,
        tile,
        per_channel,
        kernel,
        values,
        stack,
        fill,
    )
    if stack in ("time", "volume") and not settings.uses_neighbours:
        raise InputError(f"--stack {stack} is for patches on the pixel grid, without --denoise and --values labels")
    return settings


def _adjust(recipe: Recipe, **wanted: Any) -> Recipe:
    """Return the recipe with what was asked for."""
    return dataclasses.replace(recipe, **{name: value for name, value in wanted.items() if value is not None})


def _check_unused(
    methods: str, options: tuple[type[Any], ...], given: dict[str, Any], method_options: dict[str, Any]
) -> None:
    """Refuse what the chosen methods do not use: settings that were ``given``, and options that are not theirs."""
    names = {field.name for kind in options for field in dataclasses.fields(kind)}
    unused = [name for name in method_options if name not in names]
    unused += [name for name, value in given.items() if value is not None]
    if unused:
        other = ", or choose a network, as --reg inrr does" if unused[0] in FIT_SETTINGS else ""
        raise InputError(f"{flag(unused[0])} has no meaning for {methods}; leave it out{other}")


def _check_values(preset: str | None, device: str, steps: int | None, lr: float | None, seed: int) -> None:
    check_name("preset", preset or "fast", get_args(Preset))
    check_name("device", device, get_args(Device))
    if steps is not None and steps < 1:
        raise InputError(f"--steps must be at least 1, got {steps}")
    if lr is not None and not 0 < lr <= LEARNING_RATE_LIMIT:
        raise InputError(f"--lr must be > 0 and at most {LEARNING_RATE_LIMIT:g}, got {lr:g}")
    if not 0 <= seed < SEED_LIMIT:
        raise InputError(f"--seed must be at least 0 and below 2**63, got {seed}")


def _check_tile(tile: int | None, net: str, denoise: bool) -> None:
    if tile is not None and tile < TILE_MINIMUM:
        raise InputError(f"--tile must be at least {TILE_MINIMUM}, got {tile}")
    if tile is not None and (net != "grid" or denoise):
        other = "--denoise, which needs" if denoise else f"net {net}, which is fitted to"
        raise InputError(f"--tile has no meaning for {other} the whole image; leave out one of them")


def _check_kind(values: str, noise: float | str, denoise: bool, task: Task) -> None:
    """Refuse what has no meaning for the kind of value: labels have no noise."""
    kind = parse_values(values)
    if task == "superres" and kind.name != "linear":
        raise InputError(f"--values must be linear for superres, got {values!r}")
    if kind.name == "labels" and (denoise or noise != "auto"):
        raise InputError(f"{'--denoise' if denoise else '--noise'} has no meaning for labels; leave it out")


def _check_texture(net: str, denoise: bool, values: str, stack: str, task: Task) -> None:
    """Refuse what does not go with texture: it copies known pixels, of one page, as they are."""
    if task == "superres":
        raise InputError("--fill has no meaning for superres; leave it out")
    refused = {
        f"--net {net}": net != "grid",
        "--denoise": denoise,
        f"--values {values}": values != "linear",
        f"--stack {stack}": stack in ("time", "volume"),
    }
    for option, is_given in refused.items():
        if is_given:
            raise InputError(f"{option} does not go with --fill texture; leave one of the two out")


def _parse_noise(noise: float | str) -> float | None:
    """Return the standard deviation, None for "auto"."""
    if noise == "auto":
        return None
    try:
        sigma = float(noise)
    except ValueError:
        sigma = -1.0
    if not 0 <= sigma < float("inf"):
        raise InputError(f"--noise must be auto or a number of at least 0, got {noise!r}")
    return sigma
