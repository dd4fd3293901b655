"""Predict a page of which nothing is known from the pages around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inrr_cli.holdout.calibration import ONE_SIGMA
from inrr_cli.inpainting.alignment import Part, align_slices

NEIGHBOURS = 2  # on either side that are known, at most
REACH = 6  # pages in which they are looked for
SAMPLES_MAXIMUM = 50_000  # that weights are learned from
RIDGE = 1e-4  # of the neighbours' variance, so that neighbours that are equal share their weight

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """How a page follows from others: the sum of each times its weight, plus a constant.

    The squared error of a sample is ``base`` plus ``slope`` times the variance of its neighbours.

    Attributes
    ----------
    values : (K + 1,) ndarray
        Of K pages, and the constant.
    base, slope : float
    error : float
        Mean squared error of the samples that the weights were learned from.
    """

    values: Array
    base: float
    slope: float
    error: float

    def predict(self, pages: Array) -> tuple[Array, Array]:
        """Return the expected samples (n,) of a page and their deviations, from those of its neighbours (K, n)."""
        return self.values[:-1] @ pages + self.values[-1], np.sqrt(self.base + self.slope * pages.var(0))


def predict_lost(parts: Sequence[Part], number: int, *, moves: bool) -> tuple[Array, Array]:
    """Predict all samples of a page (M, N, C) and their deviations.

    The weights of its neighbours are those with which the nearest known page that has neighbours at the same distances
    is best predicted from them: two on either side, or one. If there is no such page, those count by their nearness.

    Parameters
    ----------
    parts : list of (M, N, C) ndarray and (M, N, C) ndarray of bool
        All pages, with their missing samples filled as far as possible, and whether their samples are known or filled.
    number : int
        The lost page.
    moves : bool
        Whether things may move from page to page.
    """
    offsets, twin = _choose_neighbours(parts, number)
    slices = _slices(parts, number, offsets)
    if twin is None:
        candidates = [_Case(align_slices(slices, offsets) if moves and len(offsets) > 1 else slices, None)]
    else:
        truth, plain = parts[twin], _slices(parts, twin, offsets)
        candidates = [_Case(slices, _learn(plain, truth, offsets))]
        if moves and len(offsets) > 1:
            aligned = _learn(align_slices(plain, offsets), truth, offsets)
            candidates.append(_Case(align_slices(slices, offsets), aligned))
    best = min(candidates, key=lambda case: case.error)
    shape = parts[0][0].shape
    mean, sigma = np.empty(shape), np.empty(shape)
    for channel in range(shape[2]):
        planes = np.stack([values[..., channel].ravel().astype(np.float64) for values, _ in best.slices])
        weights = best.weights[channel] if best.weights else _by_nearness(planes, offsets)
        expected, deviation = weights.predict(planes)
        mean[..., channel], sigma[..., channel] = (flat.reshape(shape[:2]) for flat in (expected, deviation))
    return mean, sigma


@dataclass(frozen=True)
class _Case:
    """Neighbours of a page, and the weights of each channel that their twin had."""

    slices: list[Part]
    weights: list[Weights] | None

    @property
    def error(self) -> float:
        return sum(weights.error for weights in self.weights or ())


def _choose_neighbours(parts: Sequence[Part], number: int) -> tuple[list[int], int | None]:
    """Return the offsets of the pages that a page is predicted from, and its twin."""
    offsets: list[int] = []
    for count in range(NEIGHBOURS, 0, -1):
        offsets = _neighbours(parts, number, count)
        twin = _find_twin(parts, number, offsets)
        if twin is not None:
            return offsets, twin
    return offsets, None


def _neighbours(parts: Sequence[Part], number: int, count: int) -> list[int]:
    """Return the offsets of the ``count`` nearest known pages on either side, or of one more if there is one side."""
    sides = [[k * side for k in range(1, REACH + 1) if _is_known(parts, number + k * side)] for side in (-1, 1)]
    count += not all(sides)
    return sorted(offset for side in sides for offset in side[:count])


def _is_known(parts: Sequence[Part], number: int) -> bool:
    return 0 <= number < len(parts) and bool(parts[number][1].any((0, 1)).all())


def _slices(parts: Sequence[Part], number: int, offsets: list[int]) -> list[Part]:
    return [parts[number + offset] for offset in offsets]


def _find_twin(parts: Sequence[Part], number: int, offsets: list[int]) -> int | None:
    """Return the nearest known page that has known neighbours at the same offsets."""
    for n in sorted(range(len(parts)), key=lambda n: (abs(n - number), n)):
        if n != number and all(_is_known(parts, n + offset) for offset in (0, *offsets)):
            return n
    return None


def _learn(slices: list[Part], truth: Part, offsets: list[int]) -> list[Weights]:
    """Return the weights of each channel with which a page is best predicted from its neighbours."""
    found = []
    for channel in range(truth[0].shape[2]):
        known = np.all([mask[..., channel] for _, mask in (*slices, truth)], 0)
        planes = np.stack([values[..., channel][known].astype(np.float64) for values, _ in slices])
        wanted = truth[0][..., channel][known].astype(np.float64)
        step = -(-len(wanted) // SAMPLES_MAXIMUM)
        found.append(_fit(planes[:, ::step], wanted[::step]) if len(wanted) > 10 * len(slices) else None)
    return [weights for weights in found if weights is not None] if None not in found else []


def _fit(planes: Array, wanted: Array) -> Weights:
    """Fit the weights of pages (K, n) to samples (n,), and the errors to the variance of the pages."""
    centre, middle = planes.mean(1), wanted.mean()
    moved = planes - centre[:, None]
    ridge = RIDGE * np.square(moved).sum() / len(planes)
    # towards equal weights
    start = np.full(len(planes), 1 / len(planes))
    rest = wanted - middle - start @ moved
    weights = start + np.linalg.solve(moved @ moved.T + ridge * np.eye(len(planes)), moved @ rest)
    error = np.square(wanted - middle - weights @ moved)
    spread = planes.var(0)
    slope = max(0.0, float(np.cov(spread, error)[0, 1] / max(spread.var(), 1e-300)))
    base = max(float(error.mean() - slope * spread.mean()), 0.1 * float(error.mean()), 1e-300)
    factor = float(np.quantile(error / (base + slope * spread), ONE_SIGMA))
    return Weights(np.append(weights, middle - weights @ centre), factor * base, factor * slope, float(error.mean()))


def _by_nearness(planes: Array, offsets: list[int]) -> Weights:
    """Weigh pages by the inverse of their distance; the error is about the deviation between them."""
    weights = 1 / np.abs(np.array(offsets, np.float64))
    spread = float(planes.var(0).mean()) if len(planes) > 1 else float(planes.var())
    return Weights(np.append(weights / weights.sum(), 0.0), max(spread, 1e-300) / 2, 0.5, spread)
