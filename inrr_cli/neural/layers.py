"""Fully connected layers of coordinates."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import linear


def sine_on_grid(rows: Tensor, columns: Tensor) -> Tensor:
    """Return sin(r_i + c_j) for ``rows`` r (R, width) and ``columns`` c (C, width): (R, C, width).

    By the addition theorem, from R + C sines and cosines, which cost more than the products for R C.
    """
    rows = rows[:, None]
    return torch.addcmul(rows.sin() * columns.cos(), rows.cos(), columns.sin())


def uniform(bound: float, *shape: int, generator: torch.Generator) -> nn.Parameter:
    """Return a parameter of that shape, uniform in [-bound, bound]."""
    return nn.Parameter((2 * torch.rand(shape, generator=generator) - 1) * bound)


class FullyConnected(nn.Module):
    """``s(omega (W x + b))`` in the first layer, ``s(W x + b)`` in the other hidden ones, linear at the end.

    Initial weights are uniform: +-first_bound in the first layer, +-sqrt(6 / width) in the others, biases alike.

    Parameters
    ----------
    sizes : (int, int, int)
        Inputs, width, outputs.
    layers : int
        Hidden layers.
    activation : callable
        The function s.
    first_bound : float
        Bound of the initial weights of the first layer.
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
        first_bound: float,
        omega: float = 1.0,
        *,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        inputs, width, outputs = sizes
        self.activation, self.omega = activation, omega
        bound = math.sqrt(6 / width)
        self.first_weight = uniform(first_bound, width, inputs, generator=generator)
        self.first_bias = uniform(first_bound, width, generator=generator)
        self.hidden_weight = uniform(bound, layers - 1, width, width, generator=generator)
        self.hidden_bias = uniform(bound, layers - 1, width, generator=generator)
        self.last_weight = uniform(bound, outputs, width, generator=generator)
        self.last_bias = uniform(bound, outputs, generator=generator)

    def forward(self, points: Tensor) -> Tensor:
        """Return the outputs (..., outputs) at ``points`` (..., inputs)."""
        return self._after_first(self.activation(self.omega * linear(points, self.first_weight, self.first_bias)))

    def on_grid(self, y: Tensor, x: Tensor, features: Tensor | None = None) -> Tensor:
        """Return the outputs (R, C, outputs) for the inputs (x, y, features) on the grid of ``y`` (R,) and ``x`` (C,).

        W (x, y) + b is a sum of a term of the row and a term of the column, so the first layer costs R + C points, and
        in addition only the ``features`` (R, C, inputs - 2).
        """
        w_x, w_y = (self.omega * self.first_weight[:, :2]).unbind(1)
        rows, columns = y[:, None] * w_y + self.omega * self.first_bias, x[:, None] * w_x
        if features is not None:
            first = rows[:, None] + columns + self.omega * linear(features, self.first_weight[:, 2:])
            return self._after_first(self.activation(first))
        if self.activation is torch.sin:
            return self._after_first(sine_on_grid(rows, columns))
        return self._after_first(self.activation(rows[:, None] + columns))

    def _after_first(self, z: Tensor) -> Tensor:
        """Return the outputs (..., outputs) for the outputs ``z`` (..., width) of the first layer."""
        for weight, bias in zip(self.hidden_weight, self.hidden_bias, strict=True):
            z = self.activation(linear(z.to(weight.dtype), weight, bias))
        # bfloat16 is too coarse for the sum that gives a grey value
        return linear(z.to(self.last_weight.dtype), self.last_weight, self.last_bias)

    def hidden_parameters(self) -> list[nn.Parameter]:
        """Return the parameters of the layers that are neither first nor last, which most of the time goes into."""
        return [self.hidden_weight, self.hidden_bias]

    def weights(self) -> list[Tensor]:
        """Return the weights of all layers as stacks (..., out, in)."""
        return [self.first_weight, self.hidden_weight, self.last_weight]


def sine_layers(
    sizes: tuple[int, int, int], layers: int, omega: float, *, generator: torch.Generator
) -> FullyConnected:
    """Return layers with s = sin and first weights +-1 / inputs; the parameters are those of `FullyConnected`.

    The initial weights are those of Sitzmann et al. 2020 (arXiv:2006.09661, section 3.2), without the factor 1 / omega
    of its hidden layers.
    """
    return FullyConnected(sizes, layers, torch.sin, 1 / sizes[0], omega, generator=generator)
