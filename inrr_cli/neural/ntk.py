"""Kernel regression with the neural tangent kernel, the limit of an infinitely wide network of Fourier features."""

from __future__ import annotations

import torch
from torch import Tensor

from inrr_cli.engine import Control, Estimate, InpaintingProblem
from inrr_cli.memory import check_inpainting_memory
from inrr_cli.settings import Settings
from inrr_cli.solvers.conjugate_gradient import conjugate_gradient

RESIDUAL_TOLERANCE = 1e-4  # relative to the known samples: a fraction of the rounding to 8 bits
ITERATION_LIMIT = 2000  # of conjugate gradients: empirical


def kernel(similarity: Tensor, depth: int) -> Tensor:
    """Return h_NTK of a fully connected ReLU network with ``depth`` hidden layers, scaled to h(1) = 1.

    Arc-cosine recursion of Jacot et al. 2018 (arXiv:1806.07572) and Cho and Saul 2009, for inputs on a sphere.

    Parameters
    ----------
    similarity : (...) Tensor
        Inner products of the inputs, in [0, 1].
    depth : int
        At least 1.

    Returns
    -------
    (...) Tensor
    """
    covariance = tangent = similarity
    for _ in range(depth):
        inner = covariance.clamp(-1, 1)
        angle = torch.pi - torch.acos(inner)
        tangent = tangent * angle / torch.pi
        covariance = (inner * angle + (1 - inner.square()).clamp(min=0).sqrt()) / torch.pi
        tangent = tangent + covariance
    return tangent / (depth + 1)


def estimate(problem: InpaintingProblem, settings: Settings, control: Control) -> Estimate:
    """Predict every pixel from the known ones: phi(x) = sum_i (K^-1 z)_i k(x_i, x) (INRR paper, section 3).

    k(x, x') = h_NTK(exp(-delta^2 |x - x'|^2)), the limit of many random Fourier features (theorem 1, of which this is
    the delta; the features' standard deviation is sqrt(2) delta), with coordinates in [0, 1]. The kernel depends on
    differences only, so K times a vector is a convolution on the grid, computed by fast Fourier transforms; conjugate
    gradients solve for K^-1 z without forming K.

    Parameters
    ----------
    problem, settings, control
        See `inrr_cli.engine`; ``settings.representation`` is an NtkOptions. Progress is the iterations done, their
        limit, and the relative residual.

    Returns
    -------
    Estimate
        Its values are not bounded to [0, 1].

    Raises
    ------
    InputError
        If the transforms do not fit in the free memory.
    """
    image, options = problem.values, settings.representation
    known = problem.known.permute(2, 0, 1)
    check_inpainting_memory(tuple(image.shape), int((~problem.known).any(2).sum()), settings)
    rows, columns, _ = image.shape
    device, dtype = image.device, torch.float32 if image.device.type == "mps" else torch.float64
    y, x = (torch.fft.fftfreq(2 * n, 0.5 / n, device=device, dtype=dtype) / n for n in (rows, columns))
    squared_distance = y[:, None].square() + x.square()
    spectrum = torch.fft.rfft2(kernel(torch.exp(-(options.delta**2) * squared_distance), options.depth)).real

    def convolve(values: Tensor) -> Tensor:
        size = 2 * rows, 2 * columns
        result: Tensor = torch.fft.irfft2(torch.fft.rfft2(values, s=size) * spectrum, s=size)
        return result[..., :rows, :columns]

    truth = torch.where(known, image.permute(2, 0, 1), 0).to(dtype)
    power = truth.square().sum((1, 2), keepdim=True).clamp(min=1e-12)

    def report(iteration: int, squared_residual: Tensor) -> None:
        if control.progress:
            control.progress(iteration, ITERATION_LIMIT, (squared_residual / power).max().sqrt().item())

    coefficients = conjugate_gradient(
        lambda direction: torch.where(known, convolve(direction), 0),
        torch.zeros_like(truth),
        truth.clone(),
        iterations=ITERATION_LIMIT,
        tolerance=RESIDUAL_TOLERANCE**2 * power,
        dim=(1, 2),
        report=report,
    )
    prediction = convolve(coefficients).permute(1, 2, 0).float()
    summary = f"kernel regression on {device.type}; {options}"
    return Estimate(prediction, summary, raw=prediction, fitted=prediction)
