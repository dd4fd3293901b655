"""The interface of a representation, and the representations that are a fully connected network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import deepcopy
from typing import Any, Self

import torch
from torch import Tensor, nn

from inrr_cli.neural.coordinates import coordinate_scales
from inrr_cli.neural.layers import FullyConnected


class Representation(nn.Module, ABC):
    """An image as a function of its coordinates.

    Parameters
    ----------
    options
        The dataclass of the representation's options.
    shape : (int, int, int)
        Rows, columns and channels (H, W, K) of the image to fit.
    generator : torch.Generator
        Source of the initial weights.

    Attributes
    ----------
    scales : (float, float)
        Factors of the coordinates of rows and columns, see `coordinate_scales`.
    first_stage : Representation or None
        A representation to fit before this one, whose image `set_first_image` takes.
    """

    def __init__(self, options: Any, shape: tuple[int, int, int], *, generator: torch.Generator) -> None:
        super().__init__()
        self.scales = coordinate_scales(shape)
        self.first_stage: Representation | None = None

    @abstractmethod
    def forward(self, y: Tensor, x: Tensor) -> Tensor:
        """Render the grid of rows ``y`` (R,) and columns ``x`` (C,), coordinates in [-1, 1]: (R, C, K).

        Values are in [0, 1], except for DMF.
        """

    def muon_weights(self) -> list[nn.Parameter]:
        """Return the hidden weights that Muon may train, as stacks (..., out, in)."""
        return []

    def hidden_parameters(self) -> list[nn.Parameter]:
        """Return the parameters that a fit may round to bfloat16."""
        return []

    def with_hidden_in(self, dtype: torch.dtype) -> Self:
        """Return a copy with the hidden parameters in ``dtype``, which shares the others and the buffers with this."""
        copies = {id(p): nn.Parameter(p.detach().to(dtype)) for p in self.hidden_parameters()}
        shared = {id(tensor): tensor for tensor in (*self.parameters(), *self.buffers())}
        return deepcopy(self, shared | copies)

    @abstractmethod
    def weights(self) -> list[Tensor]:
        """Return the weights of all linear layers as stacks (..., out, in), for a regulariser of weights."""

    def set_first_image(self, image: Tensor) -> None:
        """Take the image (H, W, K) of the first stage."""


class CoordinateNetwork(Representation):
    """A representation by the fully connected network ``net`` of the coordinates, with a sigmoid on its output."""

    net: FullyConnected

    def forward(self, y: Tensor, x: Tensor) -> Tensor:
        """Render a grid (R,), (C,) to (R, C, K)."""
        return torch.sigmoid(self.net.on_grid(self.scales[0] * y, self.scales[1] * x))

    def muon_weights(self) -> list[nn.Parameter]:
        """Return the (layers - 1, width, width) stack of hidden weights."""
        return [self.net.hidden_weight]

    def hidden_parameters(self) -> list[nn.Parameter]:
        """Return the parameters of the hidden layers."""
        return self.net.hidden_parameters()

    def weights(self) -> list[Tensor]:
        """Return the weights of all layers."""
        return self.net.weights()
