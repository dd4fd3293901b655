"""INR-Z: a second network that also sees a neighbourhood in the image of a first one."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from inrr_cli.neural.layers import sine_layers
from inrr_cli.neural.representations.base import CoordinateNetwork
from inrr_cli.neural.representations.siren import Siren


class InrZ(CoordinateNetwork):
    """SIREN h([x, y, f(N(x, y))]) in [0, 1], where f is a SIREN fitted before (INRR paper, section 5.1, figure 1c).

    N(x, y) is the neighbourhood of ``neighbours`` x ``neighbours`` pixels centred on (x, y).
    """

    def __init__(self, options: Any, shape: tuple[int, int, int], *, generator: torch.Generator) -> None:
        super().__init__(options, shape, generator=generator)
        rows, columns, channels = shape
        self.first_stage = Siren(options, shape, generator=generator)
        offsets = torch.arange(options.neighbours) - (options.neighbours - 1) / 2
        self.offsets_y, self.offsets_x = (offsets * 2 / max(1, length - 1) for length in (rows, columns))
        inputs = 2 + options.neighbours**2 * channels
        self.net = sine_layers((inputs, options.width, channels), options.layers, options.omega, generator=generator)
        self.register_buffer("first_image", torch.zeros(1, channels, rows, columns))
        self.first_image: Tensor

    def set_first_image(self, image: Tensor) -> None:
        """Take the image (H, W, K) of the first network, in [0, 1]; from then on only the second network is trained."""
        self.first_image.copy_(2 * image.permute(2, 0, 1)[None] - 1)
        if self.first_stage is not None:
            self.first_stage.requires_grad_(False)

    def forward(self, y: Tensor, x: Tensor) -> Tensor:
        """Render a grid (R,), (C,) to (R, C, K)."""
        count = len(self.offsets_y)
        points_y = (y[:, None] + self.offsets_y.to(y))[:, None, :, None].expand(-1, len(x), -1, count)
        points_x = (x[:, None] + self.offsets_x.to(x))[None, :, None, :].expand(len(y), -1, count, -1)
        points = torch.stack([points_x, points_y], -1).reshape(1, len(y), -1, 2)
        neighbours = grid_sample(self.first_image.to(y), points, align_corners=True, padding_mode="border")
        features = neighbours[0].permute(1, 2, 0).reshape(len(y), len(x), -1)
        return torch.sigmoid(self.net.on_grid(self.scales[0] * y, self.scales[1] * x, features))
