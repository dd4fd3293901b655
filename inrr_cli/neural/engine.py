"""The neural engine: fit a representation to the known pixels and render it at every pixel."""

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
from inrr_cli.neural.objective import render
from inrr_cli.neural.training import Prior, fit, pixel_centres
from inrr_cli.patch.engine import PatchPrior
from inrr_cli.patch.noise import estimate_noise
from inrr_cli.settings import Settings

RESTART_FACTOR = 0.25  # of the learning rates, after a fit has diverged: empirical


def estimate(problem: InpaintingProblem, settings: Settings, control: Control, prior: Prior | None = None) -> Estimate:
    """Fit a network to the known pixels.

    A fit that diverges is repeated once with RESTART_FACTOR times its learning rates.

    Parameters
    ----------
    problem, settings, control
        See `inrr_cli.engine`; ``settings.recipe`` is not None.
    prior : callable, optional
        Proximal step of half-quadratic splitting, see `fit`; by default that of ``--reg patch`` if chosen.

    Raises
    ------
    DivergedError
        If the second fit diverges too.
    """
    assert settings.recipe is not None
    recipe = settings.recipe
    slower_recipe = replace(
        recipe, lr=RESTART_FACTOR * recipe.lr, lr_regularizer=RESTART_FACTOR * recipe.lr_regularizer
    )
    slower = replace(settings, recipe=slower_recipe)
    slower_identity = _identity(problem, slower)
    checkpoint = None
    if control.checkpoint is not None:
        checkpoint = Checkpoint(control.checkpoint, _identity(problem, settings), slower_identity)
    if checkpoint is None or checkpoint.identity != slower_identity:
        try:
            return _fit_once(problem, settings, control, checkpoint, prior)
        except DivergedError:
            if checkpoint is not None:
                checkpoint.restart(slower_identity)
    notice = f"the fit diverged and was restarted at --lr {slower_recipe.lr:g}"
    return replace(_fit_once(problem, slower, control, checkpoint, prior), notice=notice)


def _fit_once(
    problem: InpaintingProblem,
    settings: Settings,
    control: Control,
    checkpoint: Checkpoint | None,
    prior: Prior | None,
) -> Estimate:
    """Fit a network; see `estimate`."""
    assert settings.recipe is not None
    values, known = problem.values, problem.known
    device, noise = values.device, problem.noise
    shape = (values.shape[0], values.shape[1], values.shape[2])
    generator = torch.Generator().manual_seed(settings.seed)
    representation = load_representation(settings.net)(settings.representation, shape, generator=generator).to(device)
    kind = load_regularizer(settings.reg)
    regularizer = None if kind is None else kind(settings.regularizer, shape, generator=generator).to(device)
    if settings.reg == "patch" and prior is None:
        noise = estimate_noise(values, known) if noise is None else noise
        prior = PatchPrior(replace(problem, noise=noise), settings.regularizer)
    y, x = (pixel_centres(length).to(device) for length in shape[:2])
    fit_to = partial(
        fit, values=values, known=known, recipe=settings.recipe, generator=generator, checkpoint=checkpoint
    )
    shown, fitted = representation, None
    if representation.first is not None:
        shown = representation.first
        if checkpoint is None or checkpoint.stage == 0:
            fitted = fit_to(shown, None, control=control.part(0, 2))
        representation.follow(render(shown, y, x))  # a checkpoint of the second stage holds the true image
    if fitted is None or fitted.completed:
        stages = 1 if shown is representation else 2
        part = control.part(stages - 1, stages)
        fitted = fit_to(representation, regularizer, prior=prior, stage=stages - 1, control=part)
        shown = representation
    image = render(shown, y, x)
    if fitted.completed and _has_diverged(image, problem, rose=fitted.rose):
        raise DivergedError(f"the fit diverged; give a lower --lr than {settings.recipe.lr:g}")
    precision = "bfloat16" if fitted.bfloat16 else "float32"
    summary = (
        f"{fitted.steps} steps of {settings.recipe.optimizer} at {settings.recipe.lr:g} on {device.type} in "
        f"{precision}; {settings.net} {settings.representation}, {settings.reg} {settings.regularizer}"
    )
    return Estimate(
        image,
        summary,
        fitted.completed,
        noise=noise,
        steps=fitted.steps,
        raw=image,
        fitted=image,
        render=partial(render, shown),
    )


def _has_diverged(image: Tensor, problem: InpaintingProblem, *, rose: bool) -> bool:
    """Whether a fit is not finite, or its loss rose and its error exceeds that of the mean of the known pixels."""
    if not image.isfinite().all():
        return True
    if not problem.known.any():  # a prior alone was fitted, and it changed on the way
        return False
    truth = problem.values[problem.known].cpu().double()
    error = (image[problem.known].cpu().double() - truth).square().mean()
    return rose and bool(error > (truth - truth.mean(0)).square().mean())


def _identity(problem: InpaintingProblem, settings: Settings) -> str:
    """Return a hash of the known pixels and the settings."""
    known = problem.known.cpu()
    digest = hashlib.sha256(torch.where(known[..., None], problem.values.cpu(), 0).numpy().tobytes())
    digest.update(known.numpy().tobytes())
    digest.update(repr((tuple(problem.values.shape), settings)).encode())
    return digest.hexdigest()
