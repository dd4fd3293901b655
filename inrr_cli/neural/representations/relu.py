"""A plain fully connected network with rectified linear units."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from inrr_cli.neural.interfaces import Representation
from inrr_cli.neural.layers import FullyConnected


class Relu(Representation):
    """ReLU network of the coordinates, a sigmoid on its output: (x, y) in [-1, 1]^2 to K values in [0, 1].

    Uniform initial weights +-sqrt(6 / d_in) in every layer (He et al. 2015, doi:10.1109/ICCV.2015.123).
    """

    def __init__(self, options: Any, shape: tuple[int, int, int], *, generator: torch.Generator) -> None:
        super().__init__(options, shape, generator=generator)
        sizes = (2, options.width, shape[2])
        self.net = FullyConnected(sizes, options.layers, torch.relu, math.sqrt(6 / 2), generator=generator)

    def forward(self, y: Tensor, x: Tensor) -> Tensor:
        """Render a grid (R,), (C,) to (R, C, K)."""
        return torch.sigmoid(self.net.grid(y, x))

    def matrices(self) -> list[nn.Parameter]:
        """Return the (layers - 1, width, width) stack of hidden weights."""
        return [self.net.hidden_weight]

    def weights(self) -> list[Tensor]:
        """Return the weights of all layers."""
        return self.net.weights()
