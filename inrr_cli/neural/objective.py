"""The loss of a fit, and pictures of a representation, block by block."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from inrr_cli.neural.interfaces import Regularizer, Representation
from inrr_cli.neural.presets import BLOCK_POINTS, KEPT_POINTS

# An adapted weight is itself at this mean squared error (30 dB), and never more than MOST times itself.
RESIDUAL, MOST = 1e-3, 10.0


@torch.no_grad()
def render(representation: Callable[[Tensor, Tensor], Tensor], y: Tensor, x: Tensor) -> Tensor:
    """Evaluate a representation on a grid, in blocks of rows: (R,), (C,) to (R, C, K)."""
    return torch.cat([representation(block, x) for block in torch.split(y, max(1, BLOCK_POINTS // len(x)))])


@dataclass(frozen=True)
class Objective:
    """The loss of a fit and how to carry its gradient into the weights.

    Attributes
    ----------
    representation, regularizer
        What is trained.
    bfloat16 : bool
        Precision of the representation's hidden layers.
    missing : float
        Fraction of missing pixels.
    adapt : bool
        See `Recipe`.
    """

    representation: Representation
    regularizer: Regularizer | None
    bfloat16: bool
    missing: float
    adapt: bool

    def predict(self, y: Tensor, x: Tensor) -> Tensor:
        """Render (R, C, K) in the precision of the fit."""
        with torch.autocast(y.device.type, torch.bfloat16, enabled=self.bfloat16):
            return self.representation(y, x)  # type: ignore[no-any-return]

    def loss(
        self, prediction: Tensor, image: Tensor, known: Tensor, y: Tensor, x: Tensor, pull: Tensor | None = None
    ) -> Tensor:
        """Loss of a prediction (R, C, K) of ``image`` (R, C, K), which is ``known`` or counts ``pull`` (R, C, 1)."""
        squared = (prediction - image).square().sum(-1, keepdim=True)
        error = torch.where(known, squared, 0).mean()
        loss = error if pull is None else error + (pull * torch.where(known, 0, squared)).mean()
        if self.regularizer is None:
            return loss
        if not self.adapt:
            regular: Tensor = loss + self.regularizer(prediction, y, x, self.representation.weights())
            return regular
        completed = torch.where(known, image, prediction) if self.missing else prediction
        residual = error.detach() / (1 - self.missing)
        scale = (residual / RESIDUAL).square().clamp(max=MOST) / math.sqrt(self.missing or 1)
        energy: Tensor = self.regularizer(completed, y, x, self.representation.weights())
        return loss + scale * energy

    def backward(self, image: Tensor, known: Tensor, y: Tensor, x: Tensor, pull: Tensor | None = None) -> float:
        """Add the gradients of the loss to the parameters and return it.

        The blocks of a grid are rendered to get the loss and its gradient at each pixel, which is then carried into the
        weights block by block; more than KEPT_POINTS are rendered once more for that.
        """
        parts = torch.split(y, max(1, BLOCK_POINTS // len(x)))
        kept = len(y) * len(x) <= KEPT_POINTS
        with torch.set_grad_enabled(kept):
            blocks = [self.predict(part, x) for part in parts]
        prediction = torch.cat([block.detach() for block in blocks]).requires_grad_()
        loss = self.loss(prediction, image, known, y, x, pull)
        torch.autograd.backward(loss)
        assert prediction.grad is not None
        for part, grad in zip(parts, torch.split(prediction.grad, len(parts[0])), strict=True):
            block = blocks.pop(0)  # and with it what it kept
            torch.autograd.backward(block if kept else self.predict(part, x), grad)
        return loss.item()
