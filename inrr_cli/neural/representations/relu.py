"""A fully connected network of rectified linear units."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from inrr_cli.neural.layers import FullyConnected
from inrr_cli.neural.representations.base import Representation


class Relu(Representation):
    """A ReLU network with a sigmoid on its output: (x, y) in [-1, 1]^2 to K values in [0, 1].

    Initial weights are uniform in +-sqrt(6 / inputs) of each layer (He et al. 2015, doi:10.1109/ICCV.2015.123).
    """

    def __init__(self, options: Any, shape: tuple[int, int, int], *, generator: torch.Generator) -> None:
        super().__init__(options, shape, generator=generator)
        sizes = (2, options.width, shape[2])
        self.net = FullyConnected(sizes, options.layers, torch.relu, math.sqrt(6 / 2), generator=generator)

    def forward(self, y: Tensor, x: Tensor) -> Tensor:
        """Render a grid (R,), (C,) to (R, C, K)."""
        return torch.sigmoid(self.net.on_grid(y, x))

    def muon_weights(self) -> list[nn.Parameter]:
        """Return the (layers - 1, width, width) stack of hidden weights."""
        return [self.net.hidden_weight]

    def weights(self) -> list[Tensor]:
        """Return the weights of all layers."""
        return self.net.weights()
