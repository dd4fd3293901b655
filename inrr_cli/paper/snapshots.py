"""Fit a network as the paper does and look at it at given steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inrr_cli.device import choose_device
from inrr_cli.engine import Control, FitState, InpaintingProblem
from inrr_cli.neural import history
from inrr_cli.neural.checkpoint import Checkpoint
from inrr_cli.neural.engine import build_regularizer, build_representation
from inrr_cli.neural.fit import NetworkFit
from inrr_cli.neural.recipe import Recipe
from inrr_cli.neural.regularizers.base import Regularizer
from inrr_cli.paper.experiment import GreyImage, Key, Setup
from inrr_cli.settings import Settings, make_settings

FAST_STEPS = 1500  # at least, with the fast preset, unless given: the paper's claims are about the late part of a fit


def snapshot_settings(setup: Setup, key: Key, net: str, reg: str, **options: Any) -> Settings:
    """Return settings with the seed of the key and the paper's recipe, or a sampling one of the same loss ("fast")."""
    settings = make_settings(net=net, reg=reg, seed=key["seed"], device=setup.device, **options, **setup.recipe)
    if settings.preset == "paper":
        return settings
    recipe = fit_recipe(settings)
    steps = setup.recipe.get("steps", max(recipe.steps, FAST_STEPS))
    return replace(settings, recipe=replace(recipe, steps=steps, average=0.0, bfloat16=False))


def fit_recipe(settings: Settings) -> Recipe:
    """Return the recipe of settings that fit a network."""
    assert settings.recipe is not None
    return settings.recipe


def fit_with_snapshots(
    image: GreyImage,
    missing: NDArray[np.bool_],
    settings: Settings,
    steps: Iterable[int],
    on_snapshot: Callable[[FitState, Regularizer | None], None],
    frozen: Regularizer | None = None,
    checkpoint: Checkpoint | None = None,
) -> None:
    """Fit a network to an image and call ``on_snapshot`` after each of the ``steps``.

    Parameters
    ----------
    image : (H, W) ndarray of uint8
    missing : (H, W) ndarray of bool
        True = missing.
    settings : Settings
        From `snapshot_settings`.
    steps : iterable of int
    on_snapshot : callable
        Called with the fit, whose ``image()`` is (H, W), clipped to [0, 1], and with the regulariser as it is then.
    frozen : Regularizer, optional
        A regulariser that does not learn, in place of that of the settings.
    checkpoint : Checkpoint, optional
        File to resume from; earlier steps give no snapshots then.
    """
    device = choose_device(settings.device)
    truth = torch.from_numpy(image / np.float32(255))[..., None].to(device)
    problem = InpaintingProblem(truth, torch.from_numpy(~missing)[..., None].to(device))
    generator = torch.Generator().manual_seed(settings.seed)
    shape = (image.shape[0], image.shape[1], 1)
    representation = build_representation(settings, shape, generator).to(device)
    regularizer = frozen if frozen is not None else build_regularizer(settings, shape, generator)
    regularizer = None if regularizer is None else regularizer.to(device)
    wanted = set(steps)

    def observe(state: FitState) -> None:
        if state.step in wanted:
            on_snapshot(state, regularizer)

    control = Control(observe=observe).in_units(lambda pixels: pixels[..., 0].clip(0, 1))
    NetworkFit(representation, regularizer, problem, fit_recipe(settings), generator).run(control, checkpoint)


def step_at(settings: Settings, fraction: float) -> int:
    """Return the step at a fraction of a fit."""
    return max(1, round(fraction * fit_recipe(settings).steps))


def logarithmic_steps(settings: Settings, count: int = 30) -> list[int]:
    """Return steps from the first to the last of a fit, evenly spaced on a logarithmic scale."""
    return history.logarithmic_steps(fit_recipe(settings).steps, count)
