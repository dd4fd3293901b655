"""The contract of the engines: ``estimate(problem, settings, control) -> Estimate``.

Engines see float32 tensors. They know nothing of files, of the command line, or of the units of an image.
Importing this module does not import torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

    from inrr_cli.result import Result

FEW_CHANNELS = 4  # of more, a pixel's spectrum is a few factors: too many values for one patch

Progress = Callable[[int, int, float], None]


@dataclass(frozen=True)
class FitState:
    """A network's fit after a step.

    Attributes
    ----------
    step, total : int
        Steps that are run, and those of the whole fit.
    loss : float
        The data term: the squared error at the known pixels, and that of a warm start, in the engine's units.
    energy : float
        The energy of the regulariser times its weight; 0 without one.
    image : callable
        Renders the network's output with the weights of this step: (H, W[, C]) ndarray, in the units of the image. The
        result of a fit has the running mean of the weights.
    laplacians : callable
        Returns the Laplacians of the rows (H, H) and of the columns (W, W) that a regulariser has learned, as float32
        arrays; None for one that learns none.
    """

    step: int
    total: int
    loss: float
    energy: float
    image: Callable[[], NDArray[Any]]
    laplacians: Callable[[], tuple[NDArray[np.float32], NDArray[np.float32]] | None]


@dataclass(frozen=True)
class Control:
    """How a run reports its progress, ends early and resumes.

    Attributes
    ----------
    progress : callable, optional
        Called with the work done, the work in all, and a measure: a network's steps and loss, or the permille done and
        the last change of the patch engine.
    keep_partial : bool
        On Ctrl-C (a KeyboardInterrupt) return the estimate so far instead of raising it.
    checkpoint : Path, optional
        File that a network's fit writes its state to, and resumes from if the file exists.
    cache : dict, optional
        Results of parts of an image, kept from one fill of the same image with the same settings to the next.
    observe : callable, optional
        Called with the `FitState` of a network after each step. Where several are fitted, one after another, the steps
        begin again with each.
    """

    progress: Progress | None = None
    keep_partial: bool = False
    checkpoint: Path | None = None
    cache: dict[tuple[object, ...], Result] | None = None
    observe: Callable[[FitState], None] | None = None

    def part(self, number: int, count: int) -> Control:
        """Return the control of part ``number`` of ``count`` parts of equal work."""
        progress = self.progress
        if progress is None or count == 1:
            return self
        return replace(self, progress=lambda done, total, value: progress(number * total + done, count * total, value))

    def in_units(self, convert: Callable[[NDArray[Any]], NDArray[Any]]) -> Control:
        """Return the control of a fit whose images ``convert`` puts into the units of the observer."""
        observe = self.observe
        if observe is None:
            return self
        return replace(self, observe=lambda state: observe(replace(state, image=lambda: convert(state.image()))))


class WorkMeter:
    """Turn parts of a known amount of work into progress in permille.

    Parameters
    ----------
    control : Control
        Its progress is called with the permille done, 1000 and the ``measure``.
    total : float
        All of the work, in any unit.

    Attributes
    ----------
    done : float
        Work that was finished or begun.
    measure : float
        The last change of the estimate, or the last loss; NaN if there is none.
    """

    def __init__(self, control: Control, total: float) -> None:
        self.progress, self.total, self.done, self.measure = control.progress, total, 0.0, math.nan

    def part(self, work: float) -> Callable[[float], None]:
        """Begin a part of the work; call the result with the fraction of the part that is done."""
        start = self.done
        self.done += work
        return lambda fraction: self._report(start + work * fraction)

    def skip_to(self, done: float) -> None:
        """Report ``done`` work: what was left before that is not needed."""
        self.done = done
        self._report(done)

    def _report(self, done: float) -> None:
        if self.progress is not None:
            self.progress(min(1000, round(1000 * done / self.total)), 1000, self.measure)


@dataclass(frozen=True)
class InpaintingProblem:
    """An image with missing pixels.

    Attributes
    ----------
    values : (H, W, C) Tensor of float32
        Known samples in [0, 1]; the others are not used.
    known : (H, W, C) Tensor of bool
        Samples that are known; a channel may have none.
    noise : float or None
        Standard deviation of the noise of known samples, in units of ``values``; None estimates it.
    wanted : (H, W, C) Tensor of bool, optional
        Samples to estimate; by default all that are not known. Engines may estimate others too.
    """

    values: Tensor
    known: Tensor
    noise: float | None = None
    wanted: Tensor | None = None


@dataclass(frozen=True)
class Estimate:
    """What an engine returns, in units of the problem's values.

    Attributes
    ----------
    values : (H, W, C) Tensor of float32
        Estimate of every pixel; known ones may come back as they were.
    summary : str
        How the estimate was made, in one line.
    completed : bool
        False if the run was interrupted.
    sigma : (H, W, C) Tensor or None
        One standard deviation of each estimated sample, 0 at known ones; None where the method has none.
    noise : float or None
        Standard deviation of the noise of known samples that the engine assumed.
    steps : int or None
        Optimiser steps run, if a network was fitted.
    raw : Tensor or None
        A network's own output at every pixel of the result.
    fitted : Tensor or None
        A network's own output at the pixels of the input, (H, W, C); how far it is from them measures the fit.
    render : callable or None
        Of a network: from the coordinates ``y`` (R,) of rows and ``x`` (C,) of columns, in [-1, 1], to (R, C, K).
    notice : str
        A warning for the user; empty if all went well.
    """

    values: Tensor
    summary: str
    completed: bool = True
    sigma: Tensor | None = None
    noise: float | None = None
    steps: int | None = None
    raw: Tensor | None = None
    fitted: Tensor | None = None
    render: Callable[[Tensor, Tensor], Tensor] | None = None
    notice: str = ""
