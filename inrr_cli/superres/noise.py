"""White noise of an image that is to be enlarged."""

from __future__ import annotations

import math
from dataclasses import replace

from torch import Tensor

from inrr_cli.patch.noise import estimate_noise
from inrr_cli.solvers.pyramid import halve
from inrr_cli.superres.problem import SuperresProblem

FAINT_NOISE = 0.006  # noise up to this is left in: 1.5 levels of 255


def with_estimated_noise(problem: SuperresProblem, floor: float = 0.0) -> SuperresProblem:
    """Estimate the noise of a problem, at least ``floor``; faint noise counts as none."""
    noise = max(floor, white_noise(problem.image, problem.known_pixels))
    return replace(problem, noise=noise if noise > FAINT_NOISE else 0.0)


def white_noise(image: Tensor, known: Tensor) -> float:
    """Estimate the standard deviation s of white noise in the ``known`` pixels (M, N) of (M, N, C).

    Texture is not taken for noise: the mean of 2 x 2 pixels halves white noise, and structure grows. So, with estimates
    e at the full and h at half the scale, s^2 = max(0, e^2 - h^2) 4 / 3, which is e^2 for nothing but noise.
    """
    half, known_half = halve(image, known)
    full, less = estimate_noise(image, known), estimate_noise(half, known_half)
    return math.sqrt(max(0.0, full**2 - less**2) * 4 / 3)
