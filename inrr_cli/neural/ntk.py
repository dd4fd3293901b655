"""Kernel regression with the neural tangent kernel, the limit of an infinitely wide network of Fourier features."""

from __future__ import annotations

import math
import os

import torch
from torch import Tensor

from inrr_cli.errors import InputError
from inrr_cli.methods import NtkOptions
from inrr_cli.progress import Progress

TOLERANCE, ITERATIONS = 1e-4, 2000  # of conjugate gradients: residual relative to the known pixels
ARRAYS = 14  # of twice the rows and columns and 8 bytes that are held at once, for each channel


def kernel(similarity: Tensor, depth: int) -> Tensor:
    """h_NTK of a fully connected ReLU network with ``chessboard_distance`` hidden layers, scaled to h(1) = 1.

    Arc-cosine recursion of Jacot et al. 2018 (arXiv:1806.07572) and Cho and Saul 2009, for inputs on a sphere.

    Parameters
    ----------
    similarity : (...) Tensor
        Inner products of the inputs, in [0, 1].
    depth : int
        At least 1.
    """
    covariance = tangent = similarity
    for _ in range(depth):
        inner = covariance.clamp(-1, 1)
        angle = torch.pi - torch.acos(inner)
        tangent = tangent * angle / torch.pi
        covariance = (inner * angle + (1 - inner.square()).clamp(min=0).sqrt()) / torch.pi
        tangent = tangent + covariance
    return tangent / (depth + 1)


def regress(image: Tensor, known: Tensor, options: NtkOptions, progress: Progress | None = None) -> Tensor:
    """Predict every pixel from the known ones: phi(x) = sum_i (K^-1 z)_i k(x_i, x) (INRR paper, section 3).

    k(x, x') = h_NTK(exp(-delta^2 |x - x'|^2)), the limit of many random Fourier features of deviation delta (theorem
    1), with coordinates in [0, 1]. The kernel depends on differences only, so K times a vector is a convolution on the
    grid, done by fast Fourier transforms; conjugate gradients solve for K^-1 z without ever forming K.

    Parameters
    ----------
    image : (H, W, K) Tensor of float32
        Values in [0, 1]; what stands at missing pixels is not used.
    known : (H, W) Tensor of bool
        At least one True.
    options : NtkOptions
        ``delta`` and ``chessboard_distance``.
    progress : callable, optional
        Called with the iterations done, their number at most, and the relative residual.

    Returns
    -------
    (H, W, K) Tensor of float32
        Not bounded to [0, 1].

    Raises
    ------
    InputError
        If the transforms do not fit in memory.
    """
    rows, columns, channels = image.shape
    _check_memory(rows, columns, channels)
    device, kind = image.device, torch.float32 if image.device.type == "mps" else torch.float64
    y, x = (torch.fft.fftfreq(2 * n, 0.5 / n, device=device, dtype=kind) / n for n in (rows, columns))
    squared = y[:, None].square() + x.square()
    spectrum = torch.fft.rfft2(kernel(torch.exp(-(options.delta**2) * squared), options.depth)).real

    def convolve(points: Tensor) -> Tensor:
        size = 2 * rows, 2 * columns
        spread: Tensor = torch.fft.irfft2(torch.fft.rfft2(points, s=size) * spectrum, s=size)
        return spread[..., :rows, :columns]

    truth = torch.where(known, image.permute(2, 0, 1), 0).to(kind)
    coefficients = torch.zeros_like(truth)
    residual = truth.clone()
    direction = residual.clone()
    scale = truth.square().sum((1, 2), keepdim=True).clamp(min=1e-12)
    power = residual.square().sum((1, 2), keepdim=True)
    for done in range(ITERATIONS):
        left = (power / scale).max().sqrt().item()
        if progress:
            progress(done, ITERATIONS, left)
        if left <= TOLERANCE:
            break
        turned = torch.where(known, convolve(direction), 0)
        step = power / (direction * turned).sum((1, 2), keepdim=True).clamp(min=1e-30)
        coefficients += step * direction
        residual -= step * turned
        former, power = power, residual.square().sum((1, 2), keepdim=True)
        direction = residual + power / former.clamp(min=1e-30) * direction
    return convolve(coefficients).permute(1, 2, 0).float()


def _check_memory(rows: int, columns: int, channels: int) -> None:
    """Refuse what does not fit in the memory that is free, where the system tells."""
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return
    each = ARRAYS * 4 * 8 * channels
    if rows * columns * each > free:
        side = math.isqrt(free // each)
        raise InputError(
            f"the kernel regression of {columns} x {rows} pixels needs {rows * columns * each / 1e9:.1f} GB and "
            f"{free / 1e9:.1f} GB are free; {side} x {side} pixels would fit"
        )
