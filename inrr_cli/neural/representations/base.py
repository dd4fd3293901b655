"""What a representation and a regulariser are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


class Representation(nn.Module, ABC):
    """A picture as a function of its coordinates.

    Parameters
    ----------
    options
        The representation's dataclass from ``inrr_cli.methods``.
    shape : (int, int, int)
        Rows, columns and channels (H, W, K) of the picture it will be fitted to.
    generator : torch.Generator
        Source of the initial weights.

    Attributes
    ----------
    first : Representation or None
        One that is to be fitted before this one, for `follow`.
    """

    def __init__(self, options: Any, shape: tuple[int, int, int], *, generator: torch.Generator) -> None:
        super().__init__()
        self.first: Representation | None = None

    @abstractmethod
    def forward(self, y: Tensor, x: Tensor) -> Tensor:
        """Render the grid of ``y`` (R,) rows and ``x`` (C,) columns, coordinates in [-1, 1]: (R, C, K) in [0, 1]."""

    @abstractmethod
    def matrices(self) -> list[nn.Parameter]:
        """Hidden weights as (..., out, in) stacks: what an optimiser of matrices should handle."""

    @abstractmethod
    def weights(self) -> list[Tensor]:
        """Weights of all linear layers as (..., out, in) stacks: what a penalty on weights is of."""

    def follow(self, picture: Tensor) -> None:
        """Take what the ``first`` representation made, (H, W, K)."""


class Regularizer(nn.Module, ABC):
    """An energy that says how unlike a natural picture a rendering is.

    Parameters
    ----------
    options
        The regulariser's dataclass from ``inrr_cli.methods``.
    shape : (int, int, int)
        Rows, columns and channels (H, W, K) of the picture.
    generator : torch.Generator
        Source of the initial weights, if it learns any.
    """

    def __init__(self, options: Any, shape: tuple[int, int, int], *, generator: torch.Generator) -> None:
        super().__init__()

    @abstractmethod
    def forward(self, image: Tensor, y: Tensor, x: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """Weighted energy, a scalar, of ``image`` (R, C, K), the rendering at rows ``y`` (R,) and columns ``x`` (C,).

        The rows and columns may be any ascending subset of the picture's: the energy estimates that of the whole
        picture, as a mean over pixels and a sum over channels. ``weights`` are those of the representation.
        """


class DirichletEnergy(Regularizer):
    """``weight * (tr(X^T L_r X) + tr(X L_c X^T)) / pixels``: a regulariser that learns two Laplacians."""

    @abstractmethod
    def laplacians(self, y: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the Laplacians L_r (R, R) of rows and L_c (C, C) of columns at these coordinates."""
