"""INR-Z: a second network that also sees what a first one made of the neighbourhood."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import grid_sample

from inrr_cli.neural.interfaces import Representation
from inrr_cli.neural.layers import sine_layers, stretch
from inrr_cli.neural.representations.siren import Siren


class InrZ(Representation):
    """SIREN h([x, y, f(N(x, y))]) in [0, 1], f a SIREN fitted before it (INRR paper, section 5.1 and figure 1c).

    N(x, y) are the ``neighbours`` x ``neighbours`` pixels around (x, y), itself among them.
    """

    def __init__(self, options: Any, shape: tuple[int, int, int], *, generator: torch.Generator) -> None:
        super().__init__(options, shape, generator=generator)
        rows, columns, channels = shape
        self.first = Siren(options, shape, generator=generator)
        self.stretch = stretch(shape)
        reach = torch.arange(options.neighbours) - (options.neighbours - 1) / 2
        self.reach_y, self.reach_x = (reach * 2 / max(1, length - 1) for length in (rows, columns))
        inputs = 2 + options.neighbours**2 * channels
        self.net = sine_layers((inputs, options.width, channels), options.layers, options.omega, generator=generator)
        self.register_buffer("seen", torch.zeros(1, channels, rows, columns))
        self.seen: Tensor

    def follow(self, picture: Tensor) -> None:
        """Take what the first network made, (H, W, K) in [0, 1]; from now on only the second one learns."""
        self.seen.copy_(2 * picture.permute(2, 0, 1)[None] - 1)
        if self.first is not None:
            self.first.requires_grad_(False)

    def forward(self, y: Tensor, x: Tensor) -> Tensor:
        """Render a grid (R,), (C,) to (R, C, K)."""
        offsets_y, offsets_x = self.reach_y.to(y), self.reach_x.to(x)
        places_y = (y[:, None] + offsets_y)[:, None, :, None].expand(-1, len(x), -1, len(offsets_x))
        places_x = (x[:, None] + offsets_x)[None, :, None, :].expand(len(y), -1, len(offsets_y), -1)
        places = torch.stack([places_x, places_y], -1).reshape(1, len(y), -1, 2)
        around = grid_sample(self.seen.to(y), places, align_corners=True, padding_mode="border")
        features = around[0].permute(1, 2, 0).reshape(len(y), len(x), -1)
        return torch.sigmoid(self.net.grid(self.stretch[0] * y, self.stretch[1] * x, features))

    def matrices(self) -> list[nn.Parameter]:
        """Return the hidden weights of the second network."""
        return [self.net.hidden_weight]

    def weights(self) -> list[Tensor]:
        """Return the weights of the second network."""
        return self.net.weights()
