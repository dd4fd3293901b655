"""The loss of a fit and its gradient."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from inrr_cli.device import add_gradients, map_in_threads
from inrr_cli.neural.recipe import KEPT_POINTS
from inrr_cli.neural.regularizers.base import Regularizer
from inrr_cli.neural.rendering import render, row_blocks
from inrr_cli.neural.representations.base import Representation


@dataclass(frozen=True)
class Objective:
    """The loss of a fit.

    Attributes
    ----------
    representation : Representation
    regularizer : Regularizer or None
    bfloat16 : bool
        Whether hidden layers are multiplied in bfloat16.
    """

    representation: Representation
    regularizer: Regularizer | None
    bfloat16: bool

    @cached_property
    def rounded(self) -> Representation:
        """The representation in the precision of the fit; `_round` rounds its hidden parameters."""
        return self.representation.with_hidden_in(torch.bfloat16) if self.bfloat16 else self.representation

    @torch.no_grad()
    def _round(self) -> None:
        for rounded, exact in zip(
            self.rounded.hidden_parameters(), self.representation.hidden_parameters(), strict=True
        ):
            rounded.copy_(exact)

    def render(self, y: Tensor, x: Tensor) -> Tensor:
        """Render the grid of rows ``y`` (R,) and columns ``x`` (C,) in the precision of the fit: (R, C, K)."""
        self._round()
        return render(self.rounded, y, x)

    def terms(
        self,
        prediction: Tensor,
        target: Tensor,
        known: Tensor,
        y: Tensor,
        x: Tensor,
        missing_weight: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Return the terms of the loss: the mean squared error, summed over channels, and the regulariser's energy.

        Parameters
        ----------
        prediction, target : (R, C, K) Tensor
        known : (R, C, K) Tensor of bool
            Samples whose error has weight 1.
        y, x : (R,) and (C,) Tensor
            Coordinates of the rows and columns.
        missing_weight : (R, C, K) Tensor, optional
            Weight of the error of missing samples, 0 by default.

        Returns
        -------
        () Tensor, () Tensor
            Without a regulariser the energy is 0.
        """
        squared = (prediction - target).square()
        error = torch.where(known, squared, 0).sum(-1).mean()
        loss = error
        if missing_weight is not None:
            loss = error + (missing_weight * torch.where(known, 0, squared)).sum(-1).mean()
        if self.regularizer is None:
            return loss, loss.new_zeros(())
        return loss, self.regularizer(prediction, y, x, self.representation.weights())

    def backward(
        self, target: Tensor, known: Tensor, y: Tensor, x: Tensor, missing_weight: Tensor | None = None
    ) -> tuple[float, float]:
        """Add the gradient of the loss to the parameters, and return its data term and its energy.

        The parameters are those of `terms`.

        The grid is rendered in blocks for the loss and its gradient at each pixel. The gradient is then propagated
        into the weights block by block; a block of a grid of more than KEPT_POINTS is rendered again for that. The
        gradients of the blocks are summed in their order, so that the number of threads changes no bit.
        """
        self._round()
        parts = row_blocks(y, len(x))
        kept = len(y) * len(x) <= KEPT_POINTS
        with torch.set_grad_enabled(kept):
            blocks = list(map_in_threads(lambda part: self.rounded(part, x), parts, y.device))
        prediction = torch.cat([block.detach() for block in blocks]).requires_grad_()
        data, energy = self.terms(prediction, target, known, y, x, missing_weight)
        torch.autograd.backward(data + energy)
        assert prediction.grad is not None
        parameters, rounded = (
            [p for p in network.parameters() if p.requires_grad] for network in (self.representation, self.rounded)
        )

        def gradients(number: int) -> tuple[Tensor | None, ...]:
            block = blocks[number] if kept else self.rounded(parts[number], x)
            grad = grads[number]
            blocks[number] = block.detach()  # which frees the activations of the block afterwards
            return torch.autograd.grad(block, rounded, grad, allow_unused=True)

        grads = torch.split(prediction.grad, len(parts[0]))
        for found in map_in_threads(gradients, range(len(parts)), y.device):
            add_gradients(parameters, found)
        return data.item(), energy.item()
