"""Watch a fit while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inrr_cli.device import choose_device
from inrr_cli.engine import Control
from inrr_cli.methods import (
    NETWORK_REGULARIZERS,
    REPRESENTATIONS,
    load_regularizer,
    load_representation,
)
from inrr_cli.neural.checkpoint import Checkpoint
from inrr_cli.neural.interfaces import DirichletEnergy, Regularizer
from inrr_cli.neural.objective import render
from inrr_cli.neural.presets import PRESETS, Recipe
from inrr_cli.neural.training import fit, pixel_centres
from inrr_cli.options import make_options
from inrr_cli.paper.study import Picture

LONG = 1500  # steps of the fast preset here: the claims are about what happens late in a fit
WEIGHTS = {"inrr": 0.13, "air": 0.13}  # fixed, where the fast preset adapts


@dataclass(frozen=True)
class View:
    """A fit at one step: (H, W) prediction, the regulariser, and the coordinates of rows and columns."""

    step: int
    picture: Tensor
    regularizer: Regularizer | None
    y: Tensor
    x: Tensor


def recipe_for(preset: str, net: str, reg: str) -> Recipe:
    """Return the paper's recipe, or one with the same loss in 1,500 steps on samples of the pixels."""
    recipe = PRESETS[preset].suited_to(net, reg)
    if preset == "paper":
        return recipe
    fitted = max(recipe.steps, LONG)
    return replace(recipe, steps=fitted, warm_start=0.0, average=0.0, adapt=False, bfloat16=False)


def watch(
    image: Picture,
    missing: NDArray[np.bool_],
    net: str,
    reg: str,
    preset: str,
    seed: int,
    device: str,
    steps: list[int],
    look: Callable[[View], None],
    frozen: Regularizer | None = None,
    options: dict[str, Any] | None = None,
    checkpoint: Checkpoint | None = None,
) -> None:
    """Fit a picture and call ``look`` after each of the ``steps``.

    Parameters
    ----------
    image : (H, W) ndarray of uint8
    missing : (H, W) ndarray of bool
    frozen : Regularizer, optional
        Takes the place of the one to be learned, and does not learn.
    checkpoint : Checkpoint, optional
        Where the fit goes on from, if that holds a state; steps before are not looked at again.
    """
    place = choose_device(device)
    truth = torch.from_numpy(image / np.float32(255))[..., None].to(place)
    recipe = recipe_for(preset, net, reg)
    chosen = recipe.options_for(net, reg) | (options or {})
    if preset == "fast" and reg in WEIGHTS:
        chosen["weight"] = WEIGHTS[reg]
    generator = torch.Generator().manual_seed(seed)
    shape = (image.shape[0], image.shape[1], 1)
    representation = load_representation(net)(
        make_options(net, REPRESENTATIONS[net].options, chosen), shape, generator=generator
    ).to(place)
    kind = load_regularizer(reg)
    regularizer = frozen
    if kind is not None and frozen is None:
        made = make_options(reg, NETWORK_REGULARIZERS[reg].options, chosen)
        regularizer = kind(made, shape, generator=generator).to(place)
    y, x = (pixel_centres(length).to(place) for length in image.shape)
    wanted = set(steps)

    def progress(done: int, total: int, loss: float) -> None:
        if done in wanted:
            look(View(done, render(representation, y, x)[..., 0].clamp(0, 1), regularizer, y, x))

    known = torch.from_numpy(~missing).to(place)
    fit(
        representation,
        regularizer,
        truth,
        known,
        recipe,
        generator=generator,
        control=Control(progress),
        checkpoint=checkpoint,
    )


def late(preset: str, net: str, reg: str, part: float) -> int:
    """Step at a part of a fit."""
    return max(1, round(part * recipe_for(preset, net, reg).steps))


def spread(preset: str, net: str, reg: str, count: int = 30) -> list[int]:
    """Return steps from the first to the last, evenly on a logarithmic scale."""
    last = recipe_for(preset, net, reg).steps
    return sorted({int(step) for step in np.geomspace(1, last, count).round()})


def laplacians(view: View) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return L_r (H, H) and L_c (W, W) that the fit has learned."""
    assert isinstance(view.regularizer, DirichletEnergy)
    with torch.no_grad():
        of_rows, of_columns = view.regularizer.laplacians(view.y, view.x)
    return of_rows.float().cpu().numpy(), of_columns.float().cpu().numpy()


def effective_rank(picture: NDArray[np.floating[Any]]) -> float:
    """Exp of the entropy of the singular values' shares (Roy and Vetterli 2007): from 1 to the rank."""
    values = np.linalg.svd(picture, compute_uv=False)
    shares = values / max(values.sum(), 1e-12)
    shares = shares[shares > 0]
    return float(np.exp(-(shares * np.log(shares)).sum()))


def roughness(laplacian: NDArray[np.floating[Any]]) -> float:
    """Mean step between neighbours of the off-diagonal part, over its mean deviation: small for a smooth matrix."""
    free: NDArray[np.float64] = laplacian.astype(np.float64)
    np.fill_diagonal(free, np.nan)
    step = float(np.nanmean(np.abs(np.diff(free, axis=0))))
    return step / max(float(np.nanmean(np.abs(free - np.nanmean(free)))), 1e-12)


def reach(laplacian: NDArray[np.float32]) -> float:
    """Mean distance between rows, weighted by their similarity -L_ij, over that of equal similarities."""
    length = len(laplacian)
    similarity = -laplacian.astype(np.float64)
    np.fill_diagonal(similarity, 0)
    distance = np.abs(np.subtract.outer(np.arange(length), np.arange(length)))
    even = distance.sum() / (length * (length - 1))
    return float((similarity * distance).sum() / max(similarity.sum(), 1e-12) / even)
