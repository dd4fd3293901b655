"""The engines behind one face: float32 pictures in, float32 pictures out. Importing this imports torch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inrr_cli.device import choose_device
from inrr_cli.errors import DivergedError
from inrr_cli.neural.checkpoint import Checkpoint
from inrr_cli.neural.fit import Prior, fit, pixel_centres
from inrr_cli.neural.ntk import regress
from inrr_cli.neural.objective import render
from inrr_cli.patch.engine import PatchPrior, restore
from inrr_cli.patch.noise import estimate_noise
from inrr_cli.plan import Plan
from inrr_cli.progress import Progress, part_of
from inrr_cli.registry import load_regularizer, load_representation

Values = NDArray[np.float32]

SLOWER = 0.25  # times the learning rates, after a fit has diverged


@dataclass(frozen=True)
class Output:
    """What an engine made of a picture; the fields are those of `Restoration`, all values in [0, 1].

    Attributes
    ----------
    values : (M, N[, C]) ndarray of float32
        Every pixel estimated; known ones may be as they were.
    rendering : callable or None
        From a size (P, Q), and two slices of it if not all is wanted, to the network's picture of that size.
    notice : str
        What the user should know of how it went.
    """

    values: Values
    device: str
    account: str
    completed: bool
    steps: int | None = None
    sigma: Values | None = None
    noise: float | None = None
    rendering: Callable[..., Values] | None = None
    notice: str = ""


def fill_patches(
    values: Values,
    known: NDArray[np.bool_],
    plan: Plan,
    noise: float | None,
    progress: Progress | None,
    keep_partial: bool,
) -> Output:
    """Fill the missing pixels of (M, N[, C]) values by the patch engine; ``noise`` None estimates it."""
    image, there = _to_tensors(values, known, plan)
    noise = estimate_noise(image, there) if noise is None else noise
    filled = restore(
        image,
        there,
        plan.regularizer,
        noise=noise,
        denoise=plan.denoise,
        seed=plan.seed,
        progress=progress,
        keep_partial=keep_partial,
    )
    shares = " ".join(f"{share:.2f}" for judgement in filled.judgements for share in judgement.weights[0].tolist())
    account = (
        f"patch engine on {image.device.type}; {plan.regularizer}; "
        f"shares of patches, thin plate and membrane beside known pixels: {shares or 'not judged'}"
    )
    return Output(
        _to_numpy(filled.values, values.ndim),
        image.device.type,
        account,
        filled.completed,
        sigma=_to_numpy(filled.sigma, values.ndim),
        noise=noise,
    )


def fit_network(
    values: Values,
    known: NDArray[np.bool_],
    plan: Plan,
    noise: float | None,
    progress: Progress | None,
    keep_partial: bool,
    checkpoint: Path | None = None,
    prior: Prior | None = None,
) -> Output:
    """Fit a network to the known pixels of (M, N[, C]) values.

    ``noise`` and ``prior``, which is that of `fit` and by default fills missing pixels, are for ``--reg patch``.

    A fit that diverges is done once more with SLOWER times its learning rates.

    Raises
    ------
    DivergedError
        If that diverges too.
    """
    assert plan.recipe is not None
    recipe = replace(plan.recipe, lr=SLOWER * plan.recipe.lr, lr_regularizer=SLOWER * plan.recipe.lr_regularizer)
    slow_plan = replace(plan, recipe=recipe)
    held = None
    if checkpoint is not None:
        held = Checkpoint(checkpoint, _identity(values, known, plan), _identity(values, known, slow_plan))
    notice = f"the fit diverged and was restarted at --lr {recipe.lr:g}"
    if held is None or held.identity != _identity(values, known, slow_plan):
        try:
            return _fit_once(values, known, plan, noise, progress, keep_partial, held, prior)
        except DivergedError:
            if held is not None:
                held.restart(_identity(values, known, slow_plan))
    return replace(_fit_once(values, known, slow_plan, noise, progress, keep_partial, held, prior), notice=notice)


def _fit_once(
    values: Values,
    known: NDArray[np.bool_],
    plan: Plan,
    noise: float | None,
    progress: Progress | None,
    keep_partial: bool,
    held: Checkpoint | None,
    prior: Prior | None,
) -> Output:
    """Fit a network; see `fit_network`."""
    assert plan.recipe is not None
    image, there = _to_tensors(values, known, plan)
    device = image.device
    generator = torch.Generator().manual_seed(plan.seed)
    shape = (image.shape[0], image.shape[1], image.shape[2])
    representation = load_representation(plan.net)(plan.representation, shape, generator=generator).to(device)
    kind = load_regularizer(plan.reg)
    regularizer = None if kind is None else kind(plan.regularizer, shape, generator=generator).to(device)
    if plan.reg == "patch" and prior is None:
        noise = estimate_noise(image, there) if noise is None else noise
        prior = PatchPrior(image, there, plan.regularizer, noise=noise)
    fit_to = partial(fit, image=image, known=there, recipe=plan.recipe, generator=generator, checkpoint=held)
    shown, fitted = representation, None
    if representation.first is not None:
        shown = representation.first
        if held is None or held.stage == 0:
            fitted = fit_to(shown, None, progress=part_of(progress, 0, 2), keep_partial=keep_partial)
        y, x = (pixel_centres(length).to(device) for length in shape[:2])
        representation.follow(render(shown, y, x))  # a checkpoint of the second stage holds the true picture
    if fitted is None or fitted.completed:
        stages = 1 if shown is representation else 2
        fitted = fit_to(
            representation,
            regularizer,
            prior=prior,
            stage=stages - 1,
            progress=part_of(progress, stages - 1, stages),
            keep_partial=keep_partial,
        )
        shown = representation

    def rendering(size: tuple[int, int], window: tuple[slice, slice] = (slice(None), slice(None))) -> Values:
        y, x = (
            pixel_centres(old, new)[part].to(device) for old, new, part in zip(shape[:2], size, window, strict=True)
        )
        return _to_numpy(render(shown, y, x), values.ndim)

    precision = "bfloat16" if fitted.bfloat16 else "float32"
    account = (
        f"{fitted.steps} steps of {plan.recipe.optimizer} at {plan.recipe.lr:g} on {device.type} in {precision}; "
        f"{plan.net} {plan.representation}, {plan.reg} {plan.regularizer}"
    )
    picture = rendering(shape[:2])
    if fitted.completed and _has_diverged(picture, values, known, rose=fitted.rose):
        raise DivergedError(f"the fit diverged; give a lower --lr than {plan.recipe.lr:g}")
    return Output(
        picture,
        device.type,
        account,
        fitted.completed,
        fitted.steps,
        noise=noise,
        rendering=rendering,
    )


def _has_diverged(picture: Values, values: Values, known: NDArray[np.bool_], *, rose: bool) -> bool:
    """Whether a fit is not finite, or its loss rose and what it shows is worse than the mean of the known pixels."""
    if not np.isfinite(picture).all():
        return True
    if not known.any():  # what it was fitted to changed on the way
        return False
    truth = values[known].astype(np.float64)
    variance = float(np.square(truth - truth.mean(0)).mean())
    return rose and float(np.square(picture[known] - truth).mean()) > variance


def regress_kernel(
    values: Values,
    known: NDArray[np.bool_],
    plan: Plan,
    noise: float | None,
    progress: Progress | None,
    keep_partial: bool,
) -> Output:
    """Predict every pixel of (M, N[, C]) values from the known ones by the neural tangent kernel."""
    image, there = _to_tensors(values, known, plan)
    prediction = _to_numpy(regress(image, there, plan.representation, progress), values.ndim)
    account = f"kernel regression on {image.device.type}; {plan.representation}"
    return Output(prediction, image.device.type, account, completed=True, rendering=lambda *size: prediction)


def _identity(values: Values, known: NDArray[np.bool_], plan: Plan) -> str:
    """Fingerprint of a restoration: its known pixels and its settings."""
    seen = hashlib.sha256(np.where(known.reshape(*known.shape, *[1] * (values.ndim - 2)), values, 0).tobytes())
    seen.update(known.tobytes())
    seen.update(repr((values.shape, plan)).encode())
    return seen.hexdigest()


def _to_tensors(values: Values, known: NDArray[np.bool_], plan: Plan) -> tuple[Tensor, Tensor]:
    """Values as (M, N, C) and the mask on the plan's device."""
    device = choose_device(plan.device)
    return torch.from_numpy(np.atleast_3d(values)).to(device), torch.from_numpy(known).to(device)


def _to_numpy(picture: Tensor, axes: int) -> Values:
    values: Values = picture.cpu().numpy()
    return values if axes == 3 else values[..., 0]
