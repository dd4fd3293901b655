"""SIREN, the sinusoidal representation network."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from inrr_cli.neural.coordinates import coordinate_factors
from inrr_cli.neural.layers import sine_layers
from inrr_cli.neural.representations.base import Representation


class Siren(Representation):
    """SIREN (arXiv:2006.09661) with a sigmoid on its output: (x, y) in [-1, 1]^2 to K values in [0, 1]."""

    def __init__(self, options: Any, shape: tuple[int, int, int], *, generator: torch.Generator) -> None:
        super().__init__(options, shape, generator=generator)
        self.factors = coordinate_factors(shape)
        self.net = sine_layers((2, options.width, shape[2]), options.layers, options.omega, generator=generator)

    def forward(self, y: Tensor, x: Tensor) -> Tensor:
        """Render a grid (R,), (C,) to (R, C, K)."""
        return torch.sigmoid(self.net.on_grid(self.factors[0] * y, self.factors[1] * x))

    def muon_weights(self) -> list[nn.Parameter]:
        """Return the (layers - 1, width, width) stack of hidden weights."""
        return [self.net.hidden_weight]

    def weights(self) -> list[Tensor]:
        """Return the weights of all layers."""
        return self.net.weights()
