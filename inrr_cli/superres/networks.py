"""The engines for super-resolution behind one face: a problem in, the wanted window out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from inrr_cli.methods import PatchOptions
from inrr_cli.neural.engine import Output, Values, fit_network
from inrr_cli.patch.noise import estimate_noise
from inrr_cli.progress import Progress, part_of
from inrr_cli.settings import Settings
from inrr_cli.solvers.polyharmonic import halve
from inrr_cli.superres.downscaling import DownscalingOperator
from inrr_cli.superres.engine import FAINT, Engine, enlarge
from inrr_cli.superres.kernels import downscale_matrix
from inrr_cli.superres.problem import Problem

CARRIED = 2.0  # times the coarse grid: where a network meets the patches; it shows any other grid


def reckon_noise(problem: Problem, least: float) -> Problem:
    """Estimate the noise of a problem, as none if it is faint; ``least`` is what is known of it."""
    noise = max(least, white_noise(problem.image))
    return replace(problem, noise=noise if noise > FAINT else 0.0)


def white_noise(image: Tensor) -> float:
    """Estimate the deviation s of white noise in (M, N, C), without taking texture for it.

    The mean of 2 x 2 pixels halves white noise, and structure grows. So, with estimates e at the full and h at half
    the scale, s^2 = max(0, e^2 - h^2) 4 / 3, which is e^2 for nothing but noise.
    """
    known = torch.ones(image.shape[:2], dtype=torch.bool, device=image.device)
    half, known_half = halve(image, known)
    full, less = estimate_noise(image, known), estimate_noise(half, known_half)
    return math.sqrt(max(0.0, full**2 - less**2) * 4 / 3)


def by_patches(
    problem: Problem, settings: Settings, tile: int | None, progress: Progress | None, keep_partial: bool
) -> Output:
    """Patches on the pixel grid; ``tile`` is that of `enlarge`. The output holds the wanted window."""
    made = enlarge(
        problem, settings.regularizer, seed=settings.seed, tile=tile, progress=progress, keep_partial=keep_partial
    )
    return Output(
        made.values.cpu().numpy(), problem.image.device.type, made.account, made.completed, noise=problem.noise
    )


def by_network(
    problem: Problem, settings: Settings, progress: Progress | None, keep_partial: bool
) -> tuple[Output, Values, Values]:
    """Fit a network to the pixels as samples at their centres, show the window and make it consistent.

    Returns
    -------
    Output, (P, Q, C) ndarray, (M, N, C) ndarray
        With the consistent window, the window as the network shows it, and its picture on the coarse grid.
    """
    result = fit_network(
        problem.image.cpu().numpy(), np.ones(problem.coarse_size, bool), settings, None, progress, keep_partial
    )
    return _show(problem, result, result.values)


def by_carrier(
    problem: Problem, settings: Settings, progress: Progress | None, keep_partial: bool
) -> tuple[Output, Values, Values]:
    """As `by_network`, but the network carries what the patches make of it.

    Half-quadratic splitting on a grid twice as fine, or the wanted one if that is coarser: the network is drawn to a
    picture that is made by the patch engine at first, and then, again and again, from what the network shows.
    """
    rows, columns = (
        round(length * min(CARRIED, ratio)) for length, ratio in zip(problem.coarse_size, problem.ratio, strict=True)
    )
    size = (rows, columns)
    finer = replace(problem, size=size, window=((0, rows), (0, columns)), quantisation_step=0.0)
    prior = _Prior(finer, settings, part_of(progress, 0, 2))
    shape = (*size, problem.image.shape[2])
    result = fit_network(
        np.zeros(shape, np.float32),
        np.zeros(size, bool),
        settings,
        None,
        part_of(progress, 1, 2),
        keep_partial,
        prior=prior,
    )
    model = DownscalingOperator.between(problem.coarse_size, size, problem.kernel)
    fitted = model.forward(torch.from_numpy(result.values)).numpy()
    return _show(problem, replace(result, noise=problem.noise), fitted)


class _Prior:
    """What the patches make of a network's picture of the whole problem."""

    def __init__(self, problem: Problem, settings: Settings, progress: Progress | None) -> None:
        self.engine = Engine(problem, settings.regularizer, settings.seed, None, progress)

    def __call__(self, picture: Tensor | None) -> Tensor:
        if picture is None:
            self.engine.prepare()
            return self.engine.make(quick=False, keep_partial=False)[0]
        return self.engine.refine(picture)


def by_points(
    problem: Problem, settings: Settings, progress: Progress | None, keep_partial: bool
) -> tuple[Output, Values, Values]:
    """As `by_network`, for the point kernel: pixels are known where they lie in the fine picture, the others missing.

    The setting of the INRR paper's figure 5.
    """
    rows, columns = (
        downscale_matrix(coarse, fine, problem.kernel).indices
        for coarse, fine in zip(problem.coarse_size, problem.size, strict=True)
    )
    values = np.zeros((*problem.size, problem.image.shape[2]), np.float32)
    known = np.zeros(problem.size, bool)
    at = np.ix_(rows, columns)
    values[at], known[at] = problem.image.cpu().numpy(), True
    if settings.reg == "patch":
        given = settings.regularizer
        filling = PatchOptions(similar=2 * given.similar, radius=given.radius, rounds=max(2, given.rounds))
        settings = replace(settings, regularizer=filling)
    result = fit_network(values, known, settings, problem.noise, progress, keep_partial)
    return _show(problem, result, result.values[at])


def _show(problem: Problem, result: Output, fitted: Values) -> tuple[Output, Values, Values]:
    """Render what is wanted and its rim, make it consistent, and return that, the window as rendered, and the fit."""
    assert result.rendering is not None
    (top, bottom), (left, right) = region = problem.region()
    shown = result.rendering(problem.size, (slice(top, bottom), slice(left, right)))
    made = problem.finish(torch.from_numpy(shown).to(problem.image.device), problem.image)
    (first, last), (start, end) = problem.window
    raw = shown[first - region[0][0] : last - region[0][0], start - region[1][0] : end - region[1][0]]
    return replace(result, values=made.cpu().numpy()), raw, fitted
