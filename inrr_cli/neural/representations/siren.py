"""SIREN, the sinusoidal representation network."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from inrr_cli.neural.interfaces import Representation

STRETCH = 0.5


class SineLayers(nn.Module):
    """A fully connected network with sine activations.

    ``sin(omega (W x + b))`` in the first layer, ``sin(W x + b)`` in the others, linear at the end. Uniform initial
    weights: +-1 / d_in in the first layer and +-sqrt(6 / width) after it, biases alike (Sitzmann et al. 2020,
    arXiv:2006.09661, section 3.2, with the 1 / omega of its hidden layers left out).

    Parameters
    ----------
    sizes : (int, int, int)
        Inputs, width, outputs.
    layers : int
        Hidden layers.
    omega : float
        Frequency scale of the first layer.
    generator : torch.Generator
        Source of the initial weights.
    """

    def __init__(self, sizes: tuple[int, int, int], layers: int, omega: float, *, generator: torch.Generator) -> None:
        super().__init__()
        d_in, width, d_out = sizes
        self.omega = omega

        def uniform(bound: float, *shape: int) -> nn.Parameter:
            return nn.Parameter((2 * torch.rand(shape, generator=generator) - 1) * bound)

        later = math.sqrt(6 / width)
        self.first_weight = uniform(1 / d_in, width, d_in)
        self.first_bias = uniform(1 / d_in, width)
        self.hidden_weight = uniform(later, layers - 1, width, width)
        self.hidden_bias = uniform(later, layers - 1, width)
        self.last_weight = uniform(later, d_out, width)
        self.last_bias = uniform(later, d_out)

    def hidden(self, first: Tensor) -> Tensor:
        """From the first layer's sum, ``W x + b`` (..., width), to the output (..., d_out)."""
        z = torch.sin(self.omega * first)
        for weight, bias in zip(self.hidden_weight, self.hidden_bias, strict=True):
            z = torch.sin(linear(z, weight, bias))
        # autocast leaves z in bfloat16, too coarse for the sum that makes a grey value
        with torch.autocast(z.device.type, enabled=False):
            return linear(z.to(self.last_weight.dtype), self.last_weight, self.last_bias)

    def forward(self, points: Tensor) -> Tensor:
        """(..., d_in) to (..., d_out)."""
        return self.hidden(linear(points, self.first_weight, self.first_bias))


class Siren(Representation):
    """SIREN with a sigmoid on its output: (x, y) in [-1, 1]^2 to K values in [0, 1].

    ``omega`` is for an axis of 256 pixels, as in the paper. A longer axis holds more detail on the same [-1, 1], so the
    frequencies along it are raised with the square root of its length, and lowered for a shorter one.
    """

    def __init__(self, options: Any, shape: tuple[int, int, int], *, generator: torch.Generator) -> None:
        super().__init__(options, shape, generator=generator)
        self.stretch = tuple(math.pow(length / 256, STRETCH) for length in shape[:2])
        self.net = SineLayers((2, options.width, shape[2]), options.layers, options.omega, generator=generator)

    def forward(self, y: Tensor, x: Tensor) -> Tensor:
        """Render a grid; W (x, y) + b is the sum of a row's and a column's part, so it costs R + C points."""
        w_x, w_y = self.net.first_weight.unbind(1)
        rows = (self.stretch[0] * y)[:, None] * w_y + self.net.first_bias
        columns = (self.stretch[1] * x)[:, None] * w_x
        return torch.sigmoid(self.net.hidden(rows[:, None] + columns))

    def matrices(self) -> list[nn.Parameter]:
        """Return the (layers - 1, width, width) stack of hidden weights."""
        return [self.net.hidden_weight]
