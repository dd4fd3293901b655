"""The fit of a representation to the known pixels of an image."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inrr_cli.device import has_fast_bfloat16
from inrr_cli.engine import Control, FitState, InpaintingProblem
from inrr_cli.errors import DivergedError
from inrr_cli.neural.checkpoint import Checkpoint
from inrr_cli.neural.coordinates import pixel_centres
from inrr_cli.neural.drawing import GridDraw
from inrr_cli.neural.muon import Muon
from inrr_cli.neural.objective import Objective
from inrr_cli.neural.recipe import Recipe
from inrr_cli.neural.regularizers.base import DirichletEnergy, Regularizer
from inrr_cli.neural.rendering import render
from inrr_cli.neural.representations.base import Representation
from inrr_cli.neural.warm_start import warm_start_duration, warm_start_image
from inrr_cli.solvers.distance import chessboard_distance
from inrr_cli.solvers.equal_masks import map_equal_masks

Prior = Callable[[Tensor | None, int], Tensor]

PRIOR_UPDATES = 4  # of the auxiliary image in a fit: empirical
LOSS_RISE = 1.2  # times the first loss, which the noise of the drawn rows and columns does not reach


class NetworkFit:
    """The minimisation of ``mean(((prediction - image) known)^2)`` plus the energy of a regulariser, by steps.

    The squares are summed over channels. With a ``prior`` the fit is half-quadratic splitting (Geman and Yang 1995,
    doi:10.1109/83.392335): the missing pixels of ``image`` are an auxiliary image, to which the prediction is drawn as
    to known ones, and PRIOR_UPDATES times in the fit the prior computes the missing pixels from the prediction.

    Parameters
    ----------
    representation, regularizer
        Networks to train in place, on the device of the image.
    problem : InpaintingProblem
    recipe : Recipe
    generator : torch.Generator
        Source of the rows and columns drawn, on the cpu.
    prior : callable, optional
        From a prediction (H, W, K), None at the start, and the number of the update, 0, 1, ..., to an image (H, W, K).
        A fit that resumes may begin with any update.

    Attributes
    ----------
    steps : int
        Steps run.
    first_loss : float
        Loss of the first step.
    completed : bool
        Whether all steps of the recipe are run.
    bfloat16 : bool
        Whether hidden layers are multiplied in bfloat16.
    loss_rose : bool
        Whether the loss was ever above LOSS_RISE times the first one.
    """

    def __init__(
        self,
        representation: Representation,
        regularizer: Regularizer | None,
        problem: InpaintingProblem,
        recipe: Recipe,
        generator: torch.Generator,
        prior: Prior | None = None,
    ) -> None:
        known, device = problem.known, problem.values.device
        self.recipe, self.generator, self.prior = recipe, generator, prior
        self.steps, self.first_loss, self.loss_rose = 0, math.inf, False
        self.bfloat16 = recipe.bfloat16 and has_fast_bfloat16(device)
        self.optimizers = _make_optimizers(
            representation, regularizer, recipe, torch.bfloat16 if self.bfloat16 else torch.float32
        )
        self.y, self.x = (pixel_centres(length).to(device) for length in known.shape[:2])
        self.known = known
        self.target = torch.where(self.known, problem.values, 0)
        self.duration: Tensor | None = None
        if recipe.warm_start == "smooth" and prior is None and not known.all():
            seed = generator.initial_seed()
            fill = partial(warm_start_image, seed=seed)
            self.target = map_equal_masks(fill, self.target, known)
            self.duration = warm_start_duration(chessboard_distance(~known), recipe.warm_part)
        rows, columns, _ = known.shape
        self.drawing = GridDraw((rows, columns), recipe.spacing_for(rows, columns), generator)
        self.objective = Objective(representation, regularizer, self.bfloat16)
        self.weights = [p.detach() for p in representation.parameters() if p.requires_grad]
        self.average = [weight.clone() for weight in self.weights]

    @property
    def completed(self) -> bool:
        """Whether all steps of the recipe are run."""
        return self.steps == self.recipe.steps

    def run(self, control: Control = Control(), checkpoint: Checkpoint | None = None, stage: int = 0) -> None:  # noqa: B008, for it is frozen
        """Run the steps that are left and set the weights of the representation to their running mean.

        Parameters
        ----------
        control : Control
            Its progress is called after each step with the steps done, the steps in all and the loss.
        checkpoint : Checkpoint, optional
            File to resume from, if it holds a state, and to write the state to, as that of ``stage``.

        Raises
        ------
        DivergedError
            If the loss is no longer finite.
        """
        if checkpoint is not None and (state := checkpoint.take()) is not None:
            self._load_state(state)
        try:
            while not self.completed:
                data, energy = self._step()
                loss = data + energy
                if self.steps == 1:
                    self.first_loss = loss
                self.loss_rose |= loss > LOSS_RISE * self.first_loss
                if checkpoint is not None and (checkpoint.is_due() or self.completed):
                    checkpoint.save(stage, self._state())
                if control.progress:
                    control.progress(self.steps, self.recipe.steps, loss)
                if control.observe:
                    control.observe(self._observe(data, energy))
        except KeyboardInterrupt:
            if not control.keep_partial:
                raise
        torch._foreach_copy_(self.weights, self.average)

    def _observe(self, data: float, energy: float) -> FitState:
        """Return what an observer may ask of the fit as it is."""

        @torch.no_grad()
        def image() -> NDArray[np.float32]:
            pixels: NDArray[np.float32] = render(self.objective.representation, self.y, self.x).cpu().numpy()
            return pixels

        @torch.no_grad()
        def laplacians() -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
            regularizer = self.objective.regularizer
            if not isinstance(regularizer, DirichletEnergy):
                return None
            rows, columns = regularizer.laplacians(self.y, self.x)
            return rows.float().cpu().numpy(), columns.float().cpu().numpy()

        return FitState(self.steps, self.recipe.steps, data, energy, image, laplacians)

    def _step(self) -> tuple[float, float]:
        """Update every parameter once and return the terms of the loss before: of the data, and the energy."""
        recipe = self.recipe
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * recipe.rate_factor(self.steps)
            optimizer.zero_grad(set_to_none=True)
        update, steps_since = divmod(self.steps, math.ceil(recipe.steps / PRIOR_UPDATES))
        if self.prior is not None and steps_since == 0:
            prediction = self.objective.render(self.y, self.x) if update else None
            self.target = torch.where(self.known, self.target, self.prior(prediction, update))
        rows, columns = (index.to(self.known.device) for index in self.drawing.draw(self.steps))
        grid = (rows[:, None], columns)
        data, energy = self.objective.backward(
            self.target[grid], self.known[grid], self.y[rows], self.x[columns], self._missing_weight(grid)
        )
        if not math.isfinite(data + energy):
            raise DivergedError(f"the fit diverged at step {self.steps + 1}; give a lower --lr than {recipe.lr:g}")
        for optimizer in self.optimizers:
            optimizer.step()
        self.steps += 1
        # a mean over few steps at first, so that the initial weights do not linger in it
        torch._foreach_lerp_(self.average, self.weights, 1 - min(recipe.average, self.steps / (self.steps + 10)))
        return data, energy

    def _missing_weight(self, grid: tuple[Tensor, Tensor]) -> Tensor | None:
        """Return the weight (R, C, K) of missing samples: 1 with a prior, and falling to 0 along a cosine without."""
        if self.duration is not None:
            elapsed = (self.steps / self.recipe.steps / self.duration[grid]).clamp(max=1)
            return 0.5 * (1 + (math.pi * elapsed).cos())
        return None if self.prior is None else torch.ones_like(self.known[grid], dtype=torch.float32)

    def _state(self) -> dict[str, Any]:
        """Return all that the next steps depend on, for `_load_state`."""
        objective = self.objective
        return {
            "steps": self.steps,
            "first_loss": self.first_loss,
            "loss_rose": self.loss_rose,
            "representation": objective.representation.state_dict(),
            "regularizer": {} if objective.regularizer is None else objective.regularizer.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "average": self.average,
            "generator": self.generator.get_state(),
            "orders": self.drawing.orders,
            "target": self.target,
        }

    def _load_state(self, state: dict[str, Any]) -> None:
        self.steps, self.first_loss, self.loss_rose = (state[name] for name in ("steps", "first_loss", "loss_rose"))
        self.objective.representation.load_state_dict(state["representation"])
        if self.objective.regularizer is not None:
            self.objective.regularizer.load_state_dict(state["regularizer"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        torch._foreach_copy_(self.average, [weight.to(self.target.device) for weight in state["average"]])
        self.generator.set_state(state["generator"])
        self.drawing.orders = state["orders"]
        self.target = state["target"].to(self.target.device)


def _make_optimizers(
    representation: Representation, regularizer: Regularizer | None, recipe: Recipe, dtype: torch.dtype
) -> list[torch.optim.Optimizer]:
    """Return the optimisers for hidden matrices, other weights and the regulariser, as far as there are any."""
    matrices = representation.muon_weights() if recipe.optimizer == "muon" else []
    others = [p for p in representation.parameters() if p.requires_grad and all(p is not m for m in matrices)]
    learned = list(regularizer.parameters()) if regularizer is not None else []
    optimizers = [
        *([Muon(matrices, recipe.lr, dtype=dtype)] if matrices else []),
        torch.optim.Adam(others, recipe.lr, fused=True),
        *([torch.optim.Adam(learned, recipe.lr_regularizer, fused=True)] if learned else []),
    ]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
    return optimizers
