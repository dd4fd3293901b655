"""FourierNet, a multiplicative filter network with sinusoidal filters."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from inrr_cli.neural.layers import sine_on_grid, uniform
from inrr_cli.neural.representations.base import Representation


class Fourier(Representation):
    """A product of sines and linear layers: (x, y) in [-1, 1]^2 to K values in [0, 1].

    ``z_1 = g_1(x)``, ``z_(i+1) = (W_i z_i + b_i) * g_(i+1)(x)``, linear and a sigmoid at the end, with filters
    ``g_i(x) = sin(omega_i x + phi_i)`` (Fathony et al. 2021, "Multiplicative filter networks", ICLR). The output is a
    sum of sines whose frequencies are sums of those of the filters. Frequencies start uniform in +-``omega`` / sqrt(n)
    for n filters, phases in +-pi, weights in +-sqrt(1 / width).
    """

    def __init__(self, options: Any, shape: tuple[int, int, int], *, generator: torch.Generator) -> None:
        super().__init__(options, shape, generator=generator)
        count, width = options.filters, options.width
        self.frequency = uniform(options.omega / math.sqrt(count), count, width, 2, generator=generator)
        self.phase = uniform(math.pi, count, width, generator=generator)
        bound = math.sqrt(1 / width)
        self.hidden_weight = uniform(bound, count - 1, width, width, generator=generator)
        self.hidden_bias = uniform(bound, count - 1, width, generator=generator)
        self.last_weight = uniform(bound, shape[2], width, generator=generator)
        self.last_bias = uniform(bound, shape[2], generator=generator)

    def forward(self, y: Tensor, x: Tensor) -> Tensor:
        """Render a grid (R,), (C,) to (R, C, K)."""
        z = self.filter(0, y, x)
        for number, (weight, bias) in enumerate(zip(self.hidden_weight, self.hidden_bias, strict=True), 1):
            z = linear(z.to(weight.dtype), weight, bias) * self.filter(number, y, x)
        return torch.sigmoid(linear(z.to(self.last_weight.dtype), self.last_weight, self.last_bias))

    def filter(self, number: int, y: Tensor, x: Tensor) -> Tensor:
        """Return the filter g of a layer on the grid: (R, C, width)."""
        w_x, w_y = self.frequency[number].unbind(1)
        rows = (self.scales[0] * y)[:, None] * w_y + self.phase[number]
        return sine_on_grid(rows, (self.scales[1] * x)[:, None] * w_x)

    def muon_weights(self) -> list[nn.Parameter]:
        """Return the (filters - 1, width, width) stack of hidden weights."""
        return [self.hidden_weight]

    def hidden_parameters(self) -> list[nn.Parameter]:
        """Return the parameters of the linear layers but the last."""
        return [self.hidden_weight, self.hidden_bias]

    def weights(self) -> list[Tensor]:
        """Return the weights of the linear layers, without the frequencies of the filters."""
        return [self.hidden_weight, self.last_weight]
