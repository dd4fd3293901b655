"""Fully connected layers, and what coordinates they see."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

STRETCH = 0.5


def stretch(shape: tuple[int, int, int]) -> tuple[float, float]:
    """Factors (rows, columns) of the coordinates of a picture (H, W, K), 1 for 256 pixels.

    Frequencies are meant for an axis of 256 pixels, as in the paper. A longer axis holds more detail on the same
    [-1, 1], so the frequencies along it are raised with the square root of its length, and lowered for a shorter one.
    """
    return math.pow(shape[0] / 256, STRETCH), math.pow(shape[1] / 256, STRETCH)


def uniform(bound: float, *shape: int, generator: torch.Generator) -> nn.Parameter:
    """Return a parameter of that shape, uniform in [-bound, bound]."""
    return nn.Parameter((2 * torch.rand(shape, generator=generator) - 1) * bound)


class FullyConnected(nn.Module):
    """``s(omega (W x + b))`` in the first layer, ``s(W x + b)`` in the others, linear at the end.

    Uniform initial weights: +-first in the first layer and +-sqrt(6 / width) after it, biases alike.

    Parameters
    ----------
    sizes : (int, int, int)
        Inputs, width, outputs.
    layers : int
        Hidden layers.
    activation : callable
        The s of every hidden layer.
    first : float
        Bound of the first layer's initial weights.
    omega : float
        Frequency scale of the first layer.
    generator : torch.Generator
        Source of the initial weights.
    """

    def __init__(
        self,
        sizes: tuple[int, int, int],
        layers: int,
        activation: Callable[[Tensor], Tensor],
        first: float,
        omega: float = 1.0,
        *,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        d_in, width, d_out = sizes
        self.activation, self.omega = activation, omega
        later = math.sqrt(6 / width)
        self.first_weight = uniform(first, width, d_in, generator=generator)
        self.first_bias = uniform(first, width, generator=generator)
        self.hidden_weight = uniform(later, layers - 1, width, width, generator=generator)
        self.hidden_bias = uniform(later, layers - 1, width, generator=generator)
        self.last_weight = uniform(later, d_out, width, generator=generator)
        self.last_bias = uniform(later, d_out, generator=generator)

    def hidden(self, first: Tensor) -> Tensor:
        """From the first layer's sum, ``W x + b`` (..., width), to the output (..., d_out)."""
        z = self.activation(self.omega * first)
        for weight, bias in zip(self.hidden_weight, self.hidden_bias, strict=True):
            z = self.activation(linear(z, weight, bias))
        # autocast leaves z in bfloat16, too coarse for the sum that makes a grey value
        with torch.autocast(z.device.type, enabled=False):
            return linear(z.to(self.last_weight.dtype), self.last_weight, self.last_bias)

    def forward(self, points: Tensor) -> Tensor:
        """(..., d_in) to (..., d_out)."""
        return self.hidden(linear(points, self.first_weight, self.first_bias))

    def grid(self, y: Tensor, x: Tensor, more: Tensor | None = None) -> Tensor:
        """Output (R, C, d_out) for inputs (x, y, ...) on the grid of ``y`` (R,) and ``x`` (C,).

        W (x, y) + b is the sum of a row's and a column's part, so the first layer costs R + C points. The ``more``
        inputs (R, C, d_in - 2) come after x and y.
        """
        w_x, w_y = self.first_weight[:, :2].unbind(1)
        first = (y[:, None] * w_y + self.first_bias)[:, None] + x[:, None] * w_x
        if more is not None:
            first = first + linear(more, self.first_weight[:, 2:])
        return self.hidden(first)

    def weights(self) -> list[Tensor]:
        """Return the weights of all layers as stacks (..., out, in)."""
        return [self.first_weight, self.hidden_weight, self.last_weight]


def sine_layers(
    sizes: tuple[int, int, int], layers: int, omega: float, *, generator: torch.Generator
) -> FullyConnected:
    """Sines: initial weights +-1 / d_in, then +-sqrt(6 / width) (Sitzmann et al. 2020, arXiv:2006.09661, section 3.2,
    with the 1 / omega of its hidden layers left out); the parameters are those of `FullyConnected`.
    """  # noqa: D205
    return FullyConnected(sizes, layers, torch.sin, 1 / sizes[0], omega, generator=generator)
