"""GaborNet, a multiplicative filter network with Gabor filters."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from inrr_cli.neural.layers import uniform
from inrr_cli.neural.representations.fourier import Fourier

SHAPE = 6.0  # of the Gamma distribution that the widths come from


class Gabor(Fourier):
    """As `Fourier`, with filters ``exp(-gamma |x - mu|^2 / 2) sin(omega x + phi)`` (Fathony et al. 2021, equation 5).

    Centres mu start uniform in [-1, 1]^2; gamma comes from a Gamma distribution of shape 6, divided by the number of
    filters, and frequencies are multiplied by its square root.
    """

    def __init__(self, options: Any, shape: tuple[int, int, int], *, generator: torch.Generator) -> None:
        super().__init__(options, shape, generator=generator)
        count, width = options.filters, options.width
        self.centre = uniform(1.0, count, width, 2, generator=generator)
        # a sum of exponentials of mean 1 is a draw from the Gamma distribution of that whole shape
        gamma = -torch.rand(count, width, int(SHAPE), generator=generator).clamp(min=1e-6).log().sum(2)
        self.gamma = nn.Parameter(gamma / count)
        self.frequency.data *= (gamma / SHAPE).sqrt()[..., None]

    def filter(self, number: int, y: Tensor, x: Tensor) -> Tensor:
        """Return g of one layer on the grid: (R, C, width)."""
        m_x, m_y = self.centre[number].unbind(1)
        half = self.gamma[number] / 2
        rows = torch.exp(-half * (y[:, None] - m_y).square())
        columns = torch.exp(-half * (x[:, None] - m_x).square())
        return super().filter(number, y, x) * (rows[:, None] * columns)
