"""DMF, a deep matrix factorisation: a product of free matrices instead of a network of coordinates."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from inrr_cli.neural.coordinates import pixel_positions
from inrr_cli.neural.representations.base import Representation


class Dmf(Representation):
    """The image as ``W_1 W_2 ... W_n``, channels side by side (Arora et al. 2019, arXiv:1905.13655).

    Gradient descent on the factors from a small start prefers images of low rank. Initial entries are normal with the
    standard deviation 1e-3 of the released recipe. Values are not bounded to [0, 1], and interpolated linearly between
    pixels. Muon does not train the factors: it would even out the gradients that low rank comes from.
    """

    def __init__(self, options: Any, shape: tuple[int, int, int], *, generator: torch.Generator) -> None:
        super().__init__(options, shape, generator=generator)
        rows, columns, self.channels = shape
        sizes = [rows, *[min(rows, columns)] * (options.factors - 1), columns * self.channels]
        self.factors = nn.ParameterList(
            nn.Parameter(1e-3 * torch.randn(m, n, generator=generator)) for m, n in pairwise(sizes)
        )

    def forward(self, y: Tensor, x: Tensor) -> Tensor:
        """Render a grid (R,), (C,) to (R, C, K)."""
        first, *others = self.factors
        product = reduce(torch.matmul, others, _interpolate(first, y))
        image = product.reshape(len(y), -1, self.channels)
        return _interpolate(image.transpose(0, 1), x).transpose(0, 1)

    def weights(self) -> list[Tensor]:
        """Return the factors."""
        return list(self.factors)


def _interpolate(rows: Tensor, coordinates: Tensor) -> Tensor:
    """Interpolate ``rows`` (n, ...) linearly at coordinates (m,) in [-1, 1]: (m, ...)."""
    if len(rows) == 1:
        return rows.expand(len(coordinates), *rows.shape[1:])
    position = pixel_positions(coordinates, len(rows))
    below = position.long().clamp(max=len(rows) - 2)
    share = (position - below).view(-1, *[1] * (rows.ndim - 1))
    return torch.lerp(rows[below], rows[below + 1], share.to(rows))
