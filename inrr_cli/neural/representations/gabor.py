"""GaborNet, a multiplicative filter network with Gabor filters."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from inrr_cli.neural.layers import uniform
from inrr_cli.neural.representations.fourier import Fourier


class Gabor(Fourier):
    """`Fourier` with filters ``exp(-gamma |x - mu|^2 / 2) sin(omega x + phi)`` (Fathony et al. 2021, equation 5).

    Centres mu start uniform in [-1, 1]^2. Each gamma starts as a draw from the Gamma distribution of shape 6, divided
    by the number of filters; initial frequencies are multiplied by the square root of the draw over 6.
    """

    def __init__(self, options: Any, shape: tuple[int, int, int], *, generator: torch.Generator) -> None:
        super().__init__(options, shape, generator=generator)
        count, width = options.filters, options.width
        self.centre = uniform(1.0, count, width, 2, generator=generator)
        # a sum of six exponential variables of mean 1 follows the Gamma distribution of shape 6
        gamma = -torch.rand(count, width, 6, generator=generator).clamp(min=1e-6).log().sum(2)
        self.gamma = nn.Parameter(gamma / count)
        self.frequency.data *= (gamma / 6).sqrt()[..., None]

    def filter(self, number: int, y: Tensor, x: Tensor) -> Tensor:
        """Return the filter g of a layer on the grid: (R, C, width)."""
        m_x, m_y = self.centre[number].unbind(1)
        half = self.gamma[number] / 2
        rows = torch.exp(-half * (y[:, None] - m_y).square())
        columns = torch.exp(-half * (x[:, None] - m_x).square())
        return super().filter(number, y, x) * (rows[:, None] * columns)
