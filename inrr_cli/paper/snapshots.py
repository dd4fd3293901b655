"""Fit a network as the paper does and take snapshots at given steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inrr_cli.device import choose_device
from inrr_cli.engine import Control, InpaintingProblem
from inrr_cli.neural import history
from inrr_cli.neural.checkpoint import Checkpoint
from inrr_cli.neural.coordinates import pixel_centres
from inrr_cli.neural.engine import build_regularizer, build_representation
from inrr_cli.neural.fit import NetworkFit
from inrr_cli.neural.recipe import Recipe
from inrr_cli.neural.regularizers.base import DirichletEnergy, Regularizer
from inrr_cli.neural.rendering import render
from inrr_cli.paper.experiment import GreyImage, Key, Setup
from inrr_cli.settings import Settings, make_settings

FAST_STEPS = 1500  # at least, with the fast preset: the paper's claims are about the late part of a fit
FIXED_WEIGHTS = {"inrr": 0.13, "air": 0.13}  # with the fast preset, which otherwise adapts the weight: empirical


@dataclass(frozen=True)
class Snapshot:
    """A fit after a step.

    Attributes
    ----------
    step : int
    image : (H, W) ndarray of float32
        The prediction, clipped to [0, 1].
    regularizer : Regularizer or None
    y, x : (H,) and (W,) Tensor
        Coordinates of the rows and columns.
    """

    step: int
    image: NDArray[np.float32]
    regularizer: Regularizer | None
    y: Tensor
    x: Tensor

    @torch.no_grad()
    def laplacians(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the Laplacians L_r (H, H) and L_c (W, W) that the regulariser has learned."""
        assert isinstance(self.regularizer, DirichletEnergy)
        rows, columns = self.regularizer.laplacians(self.y, self.x)
        return rows.float().cpu().numpy(), columns.float().cpu().numpy()


def snapshot_settings(setup: Setup, key: Key, net: str, reg: str, **options: Any) -> Settings:
    """Return settings with the seed of the key and the paper's recipe, or a sampling one of the same loss ("fast")."""
    if setup.preset == "fast" and reg in FIXED_WEIGHTS:
        options["weight"] = FIXED_WEIGHTS[reg]
    settings = make_settings(net=net, reg=reg, preset=setup.preset, seed=key["seed"], device=setup.device, **options)
    if setup.preset == "paper":
        return settings
    recipe = fit_recipe(settings)
    steps = max(recipe.steps, FAST_STEPS)
    recipe = replace(recipe, steps=steps, warm_start=0.0, average=0.0, adapt=False, bfloat16=False)
    return replace(settings, recipe=recipe)


def fit_recipe(settings: Settings) -> Recipe:
    """Return the recipe of settings that fit a network."""
    assert settings.recipe is not None
    return settings.recipe


def fit_with_snapshots(
    image: GreyImage,
    missing: NDArray[np.bool_],
    settings: Settings,
    steps: Iterable[int],
    on_snapshot: Callable[[Snapshot], None],
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
    y, x = (pixel_centres(length).to(device) for length in image.shape)
    wanted = set(steps)

    def progress(step: int, total: int, loss: float) -> None:
        if step in wanted:
            prediction = render(representation, y, x)[..., 0].clamp(0, 1).cpu().numpy()
            on_snapshot(Snapshot(step, prediction, regularizer, y, x))

    NetworkFit(representation, regularizer, problem, fit_recipe(settings), generator).run(Control(progress), checkpoint)


def step_at(settings: Settings, fraction: float) -> int:
    """Return the step at a fraction of a fit."""
    return max(1, round(fraction * fit_recipe(settings).steps))


def logarithmic_steps(settings: Settings, count: int = 30) -> list[int]:
    """Return steps from the first to the last of a fit, evenly spaced on a logarithmic scale."""
    return history.logarithmic_steps(fit_recipe(settings).steps, count)
