"""The course of a network's fit: its losses and errors at some steps, and its Laplacians if asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import FitState
from inrr_cli.imaging.value_range import ValueRange
from inrr_cli.metrics import psnr

POINTS = 30  # of each curve: enough for a smooth one, few enough to render an image at each


@dataclass(frozen=True)
class Point:
    """A fit after a step.

    Attributes
    ----------
    step : int
    loss, energy : float
        As in `FitState`.
    psnr_known, psnr_missing, psnr_full : float or None
        PSNR in dB of the network's output at known pixels, at missing ones and at all; None without a truth, or where
        there are no such pixels. That at known pixels needs the image alone.
    """

    step: int
    loss: float
    energy: float
    psnr_known: float | None = None
    psnr_missing: float | None = None
    psnr_full: float | None = None


@dataclass
class FitHistory:
    """Collects the course of a fit; give `record` to a `Control` as its ``observe``.

    Parameters
    ----------
    points : int
        Number of steps that are looked at, evenly spaced on a logarithmic scale, the first and the last among them.
    image : (H, W[, C]) ndarray, optional
        The image, whose known pixels the network is compared with.
    missing : (H, W[, C]) ndarray of bool, optional
    truth : (H, W[, C]) ndarray, optional
        The true image.
    value_range : ValueRange, optional
        Its width is the peak of every PSNR; without it there is none.
    keep_laplacians : bool
        Whether what the regulariser has learned is kept at each of these steps.

    Attributes
    ----------
    course : list of Point
    laplacians : list of (int, (H, H) ndarray, (W, W) ndarray)
        With the step: of the rows and of the columns. Empty if none are learned.
    """

    points: int = POINTS
    image: NDArray[Any] | None = None
    missing: NDArray[np.bool_] | None = None
    truth: NDArray[Any] | None = None
    value_range: ValueRange | None = None
    keep_laplacians: bool = False
    course: list[Point] = field(default_factory=list)
    laplacians: list[tuple[int, NDArray[np.float32], NDArray[np.float32]]] = field(default_factory=list)

    def record(self, state: FitState) -> None:
        """Look at a fit, if this is one of the steps; a fit that begins takes the place of the one before."""
        if self.course and state.step <= self.course[-1].step:
            self.course.clear()
            self.laplacians.clear()
        if state.step not in logarithmic_steps(state.total, self.points):
            return
        image = None if self.value_range is None else state.image()
        self.course.append(Point(state.step, state.loss, state.energy, **self._measure(image)))
        if self.keep_laplacians and (found := state.laplacians()) is not None:
            self.laplacians.append((state.step, *found))

    def _measure(self, image: NDArray[Any] | None) -> dict[str, float | None]:
        """Return the PSNR of what a network makes: only where it is of the shape of the image."""
        if image is None or self.value_range is None or self.image is None or image.shape != self.image.shape:
            return {}
        made, known = self.value_range.to_unit(image), np.isfinite(self.image)
        known = known if self.missing is None else known & ~self.missing
        found = {"psnr_known": psnr(made, self.value_range.to_unit(self.image), known) if known.any() else None}
        if self.truth is None:
            return found
        truth, finite = self.value_range.to_unit(self.truth), np.isfinite(self.truth)
        found["psnr_full"] = psnr(made, truth, finite) if finite.any() else None
        if self.missing is not None and (asked := self.missing & finite).any():
            found["psnr_missing"] = psnr(made, truth, asked)
        return found


@cache
def logarithmic_steps(total: int, count: int) -> list[int]:
    """Return ``count`` steps, or all if there are fewer, from the first to the last, evenly on a logarithmic scale.

    The first of them follow one another, for there are no steps between.
    """
    order = np.arange(min(count, total))
    wanted = np.geomspace(1, total, len(order)).round().astype(int)
    return [int(step) for step in np.maximum.accumulate(wanted - order) + order]


def observe_all(*observers: Callable[[FitState], None] | None) -> Callable[[FitState], None] | None:
    """Return an observer that calls those in order that are not None; None if all are."""
    given = [observer for observer in observers if observer is not None]

    def observe(state: FitState) -> None:
        for observer in given:
            observer(state)

    return observe if given else None
