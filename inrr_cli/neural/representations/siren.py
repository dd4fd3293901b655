"""SIREN, the sinusoidal representation network."""

from __future__ import annotations

from typing import Any

import torch

from inrr_cli.neural.layers import sine_layers
from inrr_cli.neural.representations.base import CoordinateNetwork


class Siren(CoordinateNetwork):
    """SIREN (arXiv:2006.09661) with a sigmoid on its output: (x, y) in [-1, 1]^2 to K values in [0, 1]."""

    def __init__(self, options: Any, shape: tuple[int, int, int], *, generator: torch.Generator) -> None:
        super().__init__(options, shape, generator=generator)
        self.net = sine_layers((2, options.width, shape[2]), options.layers, options.omega, generator=generator)
