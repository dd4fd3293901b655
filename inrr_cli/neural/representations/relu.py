"""A fully connected network of rectified linear units."""

from __future__ import annotations

import math
from typing import Any

import torch

from inrr_cli.neural.layers import FullyConnected
from inrr_cli.neural.representations.base import CoordinateNetwork


class Relu(CoordinateNetwork):
    """A ReLU network with a sigmoid on its output: (x, y) in [-1, 1]^2 to K values in [0, 1].

    Initial weights are uniform in +-sqrt(6 / inputs) of each layer (He et al. 2015, doi:10.1109/ICCV.2015.123).
    """

    def __init__(self, options: Any, shape: tuple[int, int, int], *, generator: torch.Generator) -> None:
        super().__init__(options, shape, generator=generator)
        self.scales = (1.0, 1.0)  # it has no frequency scale
        sizes = (2, options.width, shape[2])
        self.net = FullyConnected(sizes, options.layers, torch.relu, math.sqrt(6 / 2), generator=generator)
