"""Fit a representation to the known pixels of a picture."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from inrr_cli.device import has_fast_bfloat16
from inrr_cli.engine import Control
from inrr_cli.errors import DivergedError
from inrr_cli.neural.checkpoint import Checkpoint
from inrr_cli.neural.interfaces import Regularizer, Representation
from inrr_cli.neural.muon import Muon
from inrr_cli.neural.objective import Objective, render
from inrr_cli.neural.presets import Recipe
from inrr_cli.neural.warm_start import warm_start_duration, warm_start_image
from inrr_cli.solvers.distance import chessboard_distance

Prior = Callable[[Tensor | None], Tensor]

ALTERNATIONS = 4  # between the fit and its prior
RISE = 1.2  # times the first loss: noise of the rows and columns drawn stays below it


@dataclass(frozen=True)
class Fitted:
    """What ``fit`` did.

    Attributes
    ----------
    steps : int
        Steps run.
    completed : bool
        Whether they were all.
    bfloat16 : bool
        Whether hidden layers were.
    rose : bool
        Whether the loss was ever well above the first one.
    """

    steps: int
    completed: bool
    bfloat16: bool
    rose: bool


def pixel_centres(length: int, rendered: int | None = None) -> Tensor:
    """Coordinates of the pixels along an axis of ``length`` pixels: -1 at the first centre and 1 at the last.

    Parameters
    ----------
    length : int
        Pixels of the axis that the coordinates belong to.
    rendered : int, optional
        Pixels that share the same extent, ``length`` by default; more of them lie closer together, and the outermost
        ones a fraction of a pixel beyond +-1.

    Returns
    -------
    (rendered,) Tensor of float32
    """
    rendered = rendered or length
    index = (torch.arange(rendered, dtype=torch.float64) + 0.5) * (length / rendered) - 0.5
    return (2 * index / (length - 1) - 1 if length > 1 else 0 * index).float()


def fit(
    representation: Representation,
    regularizer: Regularizer | None,
    values: Tensor,
    known: Tensor,
    recipe: Recipe,
    *,
    generator: torch.Generator,
    control: Control,
    prior: Prior | None = None,
    checkpoint: Checkpoint | None = None,
    stage: int = 0,
) -> Fitted:
    """Minimise mean(((prediction - image) known)^2) + the regulariser's energy; channels are summed.

    With a ``prior``, by half-quadratic splitting (Geman and Yang 1995, doi:10.1109/83.392335): the missing pixels of
    ``image`` are an auxiliary picture to which the prediction is drawn as to known ones, and ALTERNATIONS times in the
    fit they are set to what the prior makes of the prediction.

    Parameters
    ----------
    representation, regularizer
        Networks to train in place; both on the device of ``image``.
    image : (H, W, K) Tensor of float32
        Values in [0, 1]; what stands at missing pixels is not used.
    known : (H, W) Tensor of bool
        Where ``image`` counts.
    recipe : Recipe
        Steps, rates and sampling.
    generator : torch.Generator
        Source of the rows and columns drawn, on the cpu.
    control : Control
        Its progress is called after each step with the steps done, the steps in all and the loss.
    prior : callable, optional
        From a prediction (H, W, K), None at the start, to a picture (H, W, K).
    checkpoint : Checkpoint, optional
        Where the fit goes on from, if that holds a state, and writes its state, as that of ``stage``.

    Raises
    ------
    DivergedError
        If the loss is no longer finite.
    """
    run = _Run(representation, regularizer, values, known, recipe, generator, prior)
    if checkpoint is not None and (state := checkpoint.take()) is not None:
        run.load(state)
    losses: list[float] = []
    try:
        while run.done < recipe.steps:
            loss = run.step()
            losses.append(loss)
            if checkpoint is not None and (checkpoint.is_due() or run.done == recipe.steps):
                checkpoint.save(stage, run.state())
            if control.progress:
                control.progress(run.done, recipe.steps, loss)
    except KeyboardInterrupt:
        if not control.keep_partial:
            raise
    torch._foreach_copy_(run.weights, run.average)
    rose = bool(losses) and max(losses) > RISE * losses[0]
    return Fitted(run.done, completed=run.done == recipe.steps, bfloat16=run.bfloat16, rose=rose)


class _Run:
    """A fit between two steps; the parameters are those of `fit`."""

    def __init__(
        self,
        representation: Representation,
        regularizer: Regularizer | None,
        image: Tensor,
        known: Tensor,
        recipe: Recipe,
        generator: torch.Generator,
        prior: Prior | None,
    ) -> None:
        device = image.device
        self.recipe, self.generator, self.prior, self.done = recipe, generator, prior, 0
        self.bfloat16 = recipe.bfloat16 and has_fast_bfloat16(device)
        precision = torch.bfloat16 if self.bfloat16 else torch.float32
        self.optimizers = _optimizers(representation, regularizer, recipe, precision)
        self.groups = [group for optimizer in self.optimizers for group in optimizer.param_groups]
        self.rates = [group["lr"] for group in self.groups]
        self.y, self.x = (pixel_centres(length).to(device) for length in image.shape[:2])
        self.known = known[..., None]
        self.image = torch.where(self.known, image, 0)
        self.warm_start_duration: Tensor | None = None
        if recipe.warm_start and regularizer is not None:
            self.image = warm_start_image(self.image, known, generator.initial_seed())
            self.warm_start_duration = warm_start_duration(chessboard_distance(~known), recipe.warm_start)[..., None]
        self.spacing = recipe.spacing_for(*image.shape[:2])
        missing = 1 - known.float().mean().item()
        self.objective = Objective(representation, regularizer, self.bfloat16, missing, recipe.adapt)
        self.weights = [p.detach() for p in representation.parameters() if p.requires_grad]
        self.average = [weight.clone() for weight in self.weights]

    def step(self) -> float:
        """Move every parameter once; return the loss before."""
        recipe, step = self.recipe, self.done
        for group, rate in zip(self.groups, self.rates, strict=True):
            group["lr"] = rate * recipe.rate_at(step)
        if self.prior is not None and step % -(-recipe.steps // ALTERNATIONS) == 0:
            guess = self.prior(render(self.objective.predict, self.y, self.x).float() if step else None)
            self.image = torch.where(self.known, self.image, guess)
        rows, columns = (_draw(len(axis), self.spacing, self.generator).to(axis.device) for axis in (self.y, self.x))
        at = (rows[:, None], columns)
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        pull = torch.ones_like(self.known[at], dtype=torch.float32) if self.prior is not None else None
        if self.warm_start_duration is not None:
            pull = _cosine((step / recipe.steps / self.warm_start_duration[at]).clamp(max=1))
        loss = self.objective.backward(self.image[at], self.known[at], self.y[rows], self.x[columns], pull)
        if not math.isfinite(loss):
            raise DivergedError(f"the fit diverged at step {step + 1}; give a lower --lr than {recipe.lr:g}")
        for optimizer in self.optimizers:
            optimizer.step()
        self.done += 1
        # the mean is over few steps at first, or the initial weights would linger in it
        torch._foreach_lerp_(self.average, self.weights, 1 - min(recipe.average, self.done / (self.done + 10)))
        return loss

    def state(self) -> dict[str, Any]:
        """Return all that the next steps depend on, for `load`."""
        objective = self.objective
        return {
            "done": self.done,
            "representation": objective.representation.state_dict(),
            "regularizer": {} if objective.regularizer is None else objective.regularizer.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "average": self.average,
            "generator": self.generator.get_state(),
            "image": self.image,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.done = state["done"]
        self.objective.representation.load_state_dict(state["representation"])
        if self.objective.regularizer is not None:
            self.objective.regularizer.load_state_dict(state["regularizer"])
        for optimizer, held in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(held)
        self.groups = [group for optimizer in self.optimizers for group in optimizer.param_groups]
        torch._foreach_copy_(self.average, [weight.to(self.image.device) for weight in state["average"]])
        self.generator.set_state(state["generator"])
        self.image = state["image"].to(self.image.device)


def _draw(length: int, spacing: float | None, generator: torch.Generator) -> Tensor:
    """One index at random from each of ``length / spacing`` equal parts, or all: (n,) of int64, ascending.

    Where a part ends amid a pixel, two neighbours may draw it both; so every index is drawn equally often.
    """
    if spacing is None:
        return torch.arange(length)
    parts = max(1, round(length / spacing))
    where = torch.arange(parts) + torch.rand(parts, generator=generator, dtype=torch.float64)
    return (where * (length / parts)).long().clamp(max=length - 1)


def _cosine(part: Tensor) -> Tensor:
    """From 1 to 0 as ``part`` goes from 0 to 1."""
    return 0.5 * (1 + (math.pi * part).cos())


def _optimizers(
    representation: Representation, regularizer: Regularizer | None, recipe: Recipe, dtype: torch.dtype
) -> list[torch.optim.Optimizer]:
    matrices = representation.matrices() if recipe.optimizer == "muon" else []
    taken = {id(matrix) for matrix in matrices}
    others = [p for p in representation.parameters() if p.requires_grad and id(p) not in taken]
    learned = list(regularizer.parameters()) if regularizer is not None else []
    return [
        *([Muon(matrices, recipe.lr, dtype=dtype)] if matrices else []),
        torch.optim.Adam(others, recipe.lr, fused=True),
        *([torch.optim.Adam(learned, recipe.lr_regularizer, fused=True)] if learned else []),
    ]
