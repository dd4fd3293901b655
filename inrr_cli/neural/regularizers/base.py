"""The interface of a regulariser."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


class Regularizer(nn.Module, ABC):
    """An energy that is low for natural images.

    Parameters
    ----------
    options
        The dataclass of the regulariser's options.
    shape : (int, int, int)
        Rows, columns and channels (H, W, K) of the image.
    generator : torch.Generator
        Source of the initial weights, if the regulariser learns any.
    """

    def __init__(self, options: Any, shape: tuple[int, int, int], *, generator: torch.Generator) -> None:
        super().__init__()
        self.options = options

    @abstractmethod
    def forward(self, image: Tensor, y: Tensor, x: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """Return the energy times its weight.

        Parameters
        ----------
        image : (R, C, K) Tensor
            The image at the rows ``y`` and columns ``x``.
        y, x : (R,) and (C,) Tensor
            Coordinates of rows and columns: all of the image's, or any ascending subset. The energy of a subset
            estimates that of the image, as a mean over pixels and a sum over channels.
        weights : sequence of Tensor
            Weights of the representation, from `Representation.weights`.

        Returns
        -------
        () Tensor
        """


class DirichletEnergy(Regularizer):
    """``weight * (tr(X^T L_r X) + tr(X L_c X^T)) / pixels``, with learned Laplacians of rows and of columns."""

    @abstractmethod
    def laplacians(self, y: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the Laplacians L_r (R, R) and L_c (C, C) at the rows ``y`` (R,) and columns ``x`` (C,)."""


def laplacian(adjacency: Tensor) -> Tensor:
    """Return L = D - A of a symmetric adjacency (n, n), whose diagonal cancels."""
    return torch.diag(adjacency.sum(1)) - adjacency
