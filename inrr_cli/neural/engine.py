"""The neural engine: fit a representation to the known pixels and render every pixel."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from inrr_cli.engine import Control, Estimate, InpaintingProblem
from inrr_cli.errors import DivergedError
from inrr_cli.methods import load_regularizer, load_representation
from inrr_cli.neural.checkpoint import Checkpoint
from inrr_cli.neural.coordinates import pixel_centres
from inrr_cli.neural.fit import NetworkFit, Prior
from inrr_cli.neural.regularizers.base import Regularizer
from inrr_cli.neural.rendering import render
from inrr_cli.neural.representations.base import Representation
from inrr_cli.patch.engine import PatchPrior
from inrr_cli.patch.noise import estimate_noise
from inrr_cli.settings import Settings

RESTART_FACTOR = 0.25  # of the learning rates, after a fit has diverged: empirical
LEAST_VARIANCE = 1 / 255**2  # that an error is compared with: an image may be flat, and no fit is better than its steps


def estimate(problem: InpaintingProblem, settings: Settings, control: Control, prior: Prior | None = None) -> Estimate:
    """Fit a network to the known pixels.

    A fit that diverges is repeated once, with RESTART_FACTOR times the learning rates.

    Parameters
    ----------
    problem, settings, control
        See `inrr_cli.engine`; ``settings.recipe`` is not None.
    prior : callable, optional
        See `NetworkFit`; with ``--reg patch`` the patch model by default.

    Raises
    ------
    DivergedError
        If the second fit diverges too.
    """
    recipe = settings.recipe
    assert recipe is not None
    lr, lr_regularizer = RESTART_FACTOR * recipe.lr, RESTART_FACTOR * recipe.lr_regularizer
    slower = replace(settings, recipe=replace(recipe, lr=lr, lr_regularizer=lr_regularizer))
    checkpoint = None
    if control.checkpoint is not None:
        checkpoint = Checkpoint(control.checkpoint, _identity(problem, settings), _identity(problem, slower))
    if checkpoint is None or not checkpoint.restarted:
        try:
            return _fit_once(problem, settings, control, checkpoint, prior)
        except DivergedError:
            if checkpoint is not None:
                checkpoint.restart()
    notice = f"the fit diverged and was restarted at --lr {lr:g}"
    return replace(_fit_once(problem, slower, control, checkpoint, prior), notice=notice)


def build_representation(settings: Settings, shape: tuple[int, int, int], generator: torch.Generator) -> Representation:
    """Return the representation of an image (H, W, K) with initial weights, on the cpu."""
    return load_representation(settings.net)(settings.representation, shape, generator=generator)


def build_regularizer(
    settings: Settings, shape: tuple[int, int, int], generator: torch.Generator
) -> Regularizer | None:
    """Return the regulariser of an image (H, W, K) with initial weights, on the cpu; None if there is no energy."""
    kind = load_regularizer(settings.reg)
    return None if kind is None else kind(settings.regularizer, shape, generator=generator)


def _fit_once(
    problem: InpaintingProblem,
    settings: Settings,
    control: Control,
    checkpoint: Checkpoint | None,
    prior: Prior | None,
) -> Estimate:
    """Fit a network, in two stages if its representation has a first stage; see `estimate`."""
    recipe, device, noise = settings.recipe, problem.values.device, problem.noise
    assert recipe is not None
    rows, columns, channels = problem.values.shape
    shape = (rows, columns, channels)
    generator = torch.Generator().manual_seed(settings.seed)
    representation = build_representation(settings, shape, generator).to(device)
    regularizer = build_regularizer(settings, shape, generator)
    regularizer = None if regularizer is None else regularizer.to(device)
    if settings.reg == "patch" and prior is None:
        noise = estimate_noise(problem.values, problem.known) if noise is None else noise
        prior = PatchPrior(replace(problem, noise=noise), settings.regularizer)
    y, x = (pixel_centres(length).to(device) for length in shape[:2])
    first = representation.first_stage
    network = representation if first is None else first
    stages = 1 if first is None else 2
    fit = None
    for stage in range(stages):
        if stage == 1:
            representation.set_first_image(render(network, y, x))  # which a checkpoint of this stage replaces
            network = representation
        if checkpoint is not None and checkpoint.stage > stage:
            continue
        is_last = stage == stages - 1
        fit = NetworkFit(
            network, regularizer if is_last else None, problem, recipe, generator, prior if is_last else None
        )
        fit.run(control.part(stage, stages), checkpoint, stage)
        if not fit.completed:
            break
    assert fit is not None
    image = render(network, y, x)
    if fit.completed and _has_diverged(image, problem, loss_rose=fit.loss_rose):
        raise DivergedError(f"the fit diverged; give a lower --lr than {recipe.lr:g}")
    summary = (
        f"{fit.steps} steps of {recipe.optimizer} at {recipe.lr:g} on {device.type} in "
        f"{'bfloat16' if fit.bfloat16 else 'float32'}; {settings.net} {settings.representation}, "
        f"{settings.reg} {settings.regularizer}"
    )
    return Estimate(
        image,
        summary,
        fit.completed,
        noise=noise,
        steps=fit.steps,
        raw=image,
        fitted=image,
        render=partial(render, network),
    )


def _has_diverged(image: Tensor, problem: InpaintingProblem, *, loss_rose: bool) -> bool:
    """Whether a fit is not finite, or its loss rose and its error exceeds the variance within channels."""
    if not image.isfinite().all():
        return True
    if not problem.known.any():  # the fit was to the images of a prior, which changed in between
        return False
    known = problem.known.cpu()
    truth, made = problem.values.cpu().double(), image.cpu().double()
    count = known.sum((0, 1))
    mean = torch.where(known, truth, 0).sum((0, 1)) / count.clamp(min=1)
    error, variance = (float((other - truth)[known].square().mean()) for other in (made, mean))
    return loss_rose and error > max(variance, LEAST_VARIANCE)


def _identity(problem: InpaintingProblem, settings: Settings) -> str:
    """Return a hash of the known pixels and the settings."""
    known = problem.known.cpu()
    digest = hashlib.sha256(torch.where(known, problem.values.cpu(), 0).numpy().tobytes())
    digest.update(known.numpy().tobytes())
    digest.update(repr((tuple(problem.values.shape), settings)).encode())
    return digest.hexdigest()
