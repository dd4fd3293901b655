"""Predict a page of which nothing is known from the pages around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inrr_cli.inpainting.alignment import Part, align_slices
from inrr_cli.masking.samples import known_channels
from inrr_cli.metrics import ONE_SIGMA

NEIGHBOURS = 2  # on either side that are known, at most
REACH = 6  # pages in which they are looked for
TWINS = 6  # pages that weights are learned from, at most: in a series no single one is like the lost one
SAMPLES_MAXIMUM = 50_000  # that weights are learned from
RIDGE = 1e-4  # of the neighbours' variance, so that weights which nothing decides are those of interpolation

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

    The weights of its neighbours are those with which the nearest known pages that have neighbours at the same
    distances, its twins, are best predicted: two on either side, or one. Without a twin they count by their nearness.

    Parameters
    ----------
    parts : list of (M, N, C) ndarray and (M, N, C) ndarray of bool
        All pages, with their missing samples filled as far as possible, and whether their samples are known or filled.
    number : int
        The lost page.
    moves : bool
        Whether things may move from page to page.
    """
    offsets, twins = choose_neighbours([bool(known_channels(mask).all()) for _, mask in parts], number)
    slices = _slices(parts, number, offsets)
    if not twins:
        candidates = [_Case(align_slices(slices, offsets) if moves and len(offsets) > 1 else slices, None)]
    else:
        plain = [(_slices(parts, twin, offsets), parts[twin]) for twin in twins]
        candidates = [_Case(slices, _learn(plain, offsets))]
        if moves and len(offsets) > 1:
            aligned = [(align_slices(around, offsets), truth) for around, truth in plain]
            candidates.append(_Case(align_slices(slices, offsets), _learn(aligned, offsets)))
    best = min(candidates, key=lambda case: case.error)
    shape = parts[0][0].shape
    mean, sigma = np.empty(shape), np.empty(shape)
    for channel in range(shape[2]):
        planes = np.stack([values[..., channel].ravel().astype(np.float64) for values, _ in best.slices])
        known = np.stack([mask[..., channel].ravel() for _, mask in best.slices])
        planes = _complete(planes, known, offsets)
        weights = best.weights[channel] if best.weights else _guess(planes, interpolation_weights(offsets))
        expected, deviation = weights.predict(planes)
        # nothing was learned of places where a neighbour is unknown
        deviation = np.where(known.all(0), deviation, np.maximum(deviation, planes.std()))
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


def choose_neighbours(known: Sequence[bool], number: int) -> tuple[list[int], list[int]]:
    """Return the offsets of the pages that a page is predicted from, and its twins.

    Twins are the nearest pages that are known and have known neighbours at the same offsets.
    """
    offsets: list[int] = []
    for count in range(NEIGHBOURS, 0, -1):
        offsets = _neighbours(known, number, count)
        nearest = sorted(range(len(known)), key=lambda n: (abs(n - number), n))
        twins = [n for n in nearest if n != number and all(_is_known(known, n + offset) for offset in (0, *offsets))]
        if offsets and twins:
            return offsets, twins[:TWINS]
    return offsets, []


def _neighbours(known: Sequence[bool], number: int, count: int) -> list[int]:
    """Return the offsets of the ``count`` nearest known pages on either side, or of one more if there is one side."""
    sides = [[k * side for k in range(1, REACH + 1) if _is_known(known, number + k * side)] for side in (-1, 1)]
    count += not all(sides)
    return sorted(offset for side in sides for offset in side[:count])


def _is_known(known: Sequence[bool], number: int) -> bool:
    return 0 <= number < len(known) and known[number]


def _slices(parts: Sequence[Part], number: int, offsets: list[int]) -> list[Part]:
    return [parts[number + offset] for offset in offsets]


def _complete(planes: Array, known: NDArray[np.bool_], offsets: list[int]) -> Array:
    """Return planes (K, n) with unknown samples from the planes that know them, the nearer the more, else the mean."""
    nearness = known / np.abs(np.array(offsets, np.float64))[:, None]
    planes, total = np.where(known, planes, 0.0), nearness.sum(0)
    mean = np.where(total > 0, (nearness * planes).sum(0) / np.where(total > 0, total, 1), planes[known].mean())
    return np.where(known, planes, mean)


def _learn(cases: Sequence[tuple[list[Part], Part]], offsets: list[int]) -> list[Weights]:
    """Return the weights of each channel with which pages are best predicted from their neighbours."""
    start, found = interpolation_weights(offsets), []
    for channel in range(cases[0][1][0].shape[2]):
        planes, wanted = [], []
        for slices, truth in cases:
            known = np.all([mask[..., channel] for _, mask in (*slices, truth)], 0)
            step = -(-int(known.sum()) * len(cases) // SAMPLES_MAXIMUM) or 1
            planes.append(np.stack([values[..., channel][known][::step].astype(np.float64) for values, _ in slices]))
            wanted.append(truth[0][..., channel][known][::step].astype(np.float64))
        found.append(_fit(np.concatenate(planes, 1), np.concatenate(wanted), start))
    return found


def interpolation_weights(offsets: list[int]) -> Array:
    """Return the weights (K,) of linear interpolation between the nearest pages on either side, or of the nearest."""
    weights = np.zeros(len(offsets))
    sides = [[n for n in offsets if n * side > 0] for side in (-1, 1)]
    nearest = [min(side, key=abs) for side in sides if side]
    for offset in nearest:
        rest = [abs(other) for other in nearest if other != offset]
        weights[offsets.index(offset)] = rest[0] / (rest[0] + abs(offset)) if rest else 1.0
    return weights


def _fit(planes: Array, wanted: Array, start: Array) -> Weights:
    """Fit the weights of pages (K, n), from ``start`` (K,), to samples (n,), and the errors to the pages' variance."""
    if not len(wanted):
        return _guess(planes, start)
    centre, middle = planes.mean(1), wanted.mean()
    moved = planes - centre[:, None]
    ridge = RIDGE * np.square(moved).sum() / len(planes) + 1e-300
    rest = wanted - middle - start @ moved
    weights = start + np.linalg.solve(moved @ moved.T + ridge * np.eye(len(planes)), moved @ rest)
    error = np.square(wanted - middle - weights @ moved)
    spread = planes.var(0)
    slope = max(0.0, float(np.mean((spread - spread.mean()) * error) / max(float(spread.var()), 1e-300)))
    base = max(float(error.mean() - slope * spread.mean()), 0.1 * float(error.mean()), 1e-300)
    factor = float(np.quantile(error / (base + slope * spread), ONE_SIGMA))
    constant = middle - weights @ centre
    return Weights(np.append(weights, constant), factor * base, factor * slope, float(error.mean()))


def _guess(planes: Array, start: Array) -> Weights:
    """Return weights where nothing tells how well they predict: the error is about what the pages differ by."""
    spread = float(planes.var(0).mean()) if len(planes) > 1 else float(planes.var())
    return Weights(np.append(start, 0.0), max(spread, 1e-300) / 2, 0.5, spread)
