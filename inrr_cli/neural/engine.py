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
from inrr_cli.methods import load_regularizer, load_representation
from inrr_cli.neural.checkpoint import Checkpoint
from inrr_cli.neural.ntk import regress
from inrr_cli.neural.objective import render
from inrr_cli.neural.training import Prior, fit, pixel_centres
from inrr_cli.patch.engine import PatchPrior, restore
from inrr_cli.patch.noise import estimate_noise
from inrr_cli.progress import Progress, part_of
from inrr_cli.settings import Settings

Values = NDArray[np.float32]

SLOWER = 0.25  # times the learning rates, after a fit has diverged


@dataclass(frozen=True)
class Output:
    """What an engine made of a picture; the fields are those of `Result`, all values in [0, 1].

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
    settings: Settings,
    noise: float | None,
    progress: Progress | None,
    keep_partial: bool,
) -> Output:
    """Fill the missing pixels of (M, N[, C]) values by the patch engine; ``noise`` None estimates it."""
    image, there = _to_tensors(values, known, settings)
    noise = estimate_noise(image, there) if noise is None else noise
    filled = restore(
        image,
        there,
        settings.regularizer,
        noise=noise,
        denoise=settings.denoise,
        seed=settings.seed,
        progress=progress,
        keep_partial=keep_partial,
    )
    shares = " ".join(f"{share:.2f}" for blend_weights in filled.blends for share in blend_weights.weights[0].tolist())
    account = (
        f"patch engine on {image.device.type}; {settings.regularizer}; "
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
    settings: Settings,
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
    assert settings.recipe is not None
    recipe = replace(
        settings.recipe, lr=SLOWER * settings.recipe.lr, lr_regularizer=SLOWER * settings.recipe.lr_regularizer
    )
    slower_settings = replace(settings, recipe=recipe)
    held = None
    if checkpoint is not None:
        held = Checkpoint(checkpoint, _identity(values, known, settings), _identity(values, known, slower_settings))
    notice = f"the fit diverged and was restarted at --lr {recipe.lr:g}"
    if held is None or held.identity != _identity(values, known, slower_settings):
        try:
            return _fit_once(values, known, settings, noise, progress, keep_partial, held, prior)
        except DivergedError:
            if held is not None:
                held.restart(_identity(values, known, slower_settings))
    return replace(_fit_once(values, known, slower_settings, noise, progress, keep_partial, held, prior), notice=notice)


def _fit_once(
    values: Values,
    known: NDArray[np.bool_],
    settings: Settings,
    noise: float | None,
    progress: Progress | None,
    keep_partial: bool,
    held: Checkpoint | None,
    prior: Prior | None,
) -> Output:
    """Fit a network; see `fit_network`."""
    assert settings.recipe is not None
    image, there = _to_tensors(values, known, settings)
    device = image.device
    generator = torch.Generator().manual_seed(settings.seed)
    shape = (image.shape[0], image.shape[1], image.shape[2])
    representation = load_representation(settings.net)(settings.representation, shape, generator=generator).to(device)
    kind = load_regularizer(settings.reg)
    regularizer = None if kind is None else kind(settings.regularizer, shape, generator=generator).to(device)
    if settings.reg == "patch" and prior is None:
        noise = estimate_noise(image, there) if noise is None else noise
        prior = PatchPrior(image, there, settings.regularizer, noise=noise)
    fit_to = partial(fit, image=image, known=there, recipe=settings.recipe, generator=generator, checkpoint=held)
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
        f"{fitted.steps} steps of {settings.recipe.optimizer} at {settings.recipe.lr:g} on {device.type} in {precision}; "
        f"{settings.net} {settings.representation}, {settings.reg} {settings.regularizer}"
    )
    picture = rendering(shape[:2])
    if fitted.completed and _has_diverged(picture, values, known, rose=fitted.rose):
        raise DivergedError(f"the fit diverged; give a lower --lr than {settings.recipe.lr:g}")
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
    settings: Settings,
    noise: float | None,
    progress: Progress | None,
    keep_partial: bool,
) -> Output:
    """Predict every pixel of (M, N[, C]) values from the known ones by the neural tangent kernel."""
    image, there = _to_tensors(values, known, settings)
    prediction = _to_numpy(regress(image, there, settings.representation, progress), values.ndim)
    account = f"kernel regression on {image.device.type}; {settings.representation}"
    return Output(prediction, image.device.type, account, completed=True, rendering=lambda *size: prediction)


def _identity(values: Values, known: NDArray[np.bool_], settings: Settings) -> str:
    """Fingerprint of a restoration: its known pixels and its settings."""
    seen = hashlib.sha256(np.where(known.reshape(*known.shape, *[1] * (values.ndim - 2)), values, 0).tobytes())
    seen.update(known.tobytes())
    seen.update(repr((values.shape, settings)).encode())
    return seen.hexdigest()


def _to_tensors(values: Values, known: NDArray[np.bool_], settings: Settings) -> tuple[Tensor, Tensor]:
    """Values as (M, N, C) and the mask on the settings's device."""
    device = choose_device(settings.device)
    return torch.from_numpy(np.atleast_3d(values)).to(device), torch.from_numpy(known).to(device)


def _to_numpy(picture: Tensor, axes: int) -> Values:
    values: Values = picture.cpu().numpy()
    return values if axes == 3 else values[..., 0]
