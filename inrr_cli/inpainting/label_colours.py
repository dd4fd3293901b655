"""Which labels are in reach of a hole, and how few fields can tell them apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK = 16  # pixels; the labels in reach are found for blocks of so many rows and columns
REACH = 48  # pixels from a block; as far as the patch engine searches
CANDIDATES = 8  # labels in reach that a block chooses from: the nearest; more only cost time

Labels = NDArray[np.intp]


@dataclass(frozen=True)
class Block:
    """Samples to fill that are near each other.

    Attributes
    ----------
    rows, columns : (n,) ndarray of int
        Where they are.
    candidates : (k,) ndarray of int
        Labels in reach, the nearest first.
    """

    rows: Labels
    columns: Labels
    candidates: Labels


def find_blocks(labels: Labels, missing: NDArray[np.bool_]) -> Iterator[Block]:
    """Yield the blocks of the missing samples, with the labels in their reach.

    Parameters
    ----------
    labels : (M, N) ndarray of int
        From 0; negative where no label is known. One is known at least.
    missing : (M, N) ndarray of bool
        Samples to fill.
    """
    for top in range(0, missing.shape[0], BLOCK):
        for left in range(0, missing.shape[1], BLOCK):
            rows, columns = np.nonzero(missing[top : top + BLOCK, left : left + BLOCK])
            if len(rows):
                yield Block(rows + top, columns + left, _candidates(labels, rows + top, columns + left))


def _candidates(labels: Labels, rows: Labels, columns: Labels) -> Labels:
    """Return the labels nearest to the bounding box of samples; of equally near ones the most frequent first."""
    reach = REACH
    while True:
        around, offsets = [], []
        for index, size in zip((rows, columns), labels.shape, strict=True):
            first, last = int(index.min()), int(index.max())
            place = np.arange(max(0, first - reach), min(size, last + 1 + reach))
            around.append(slice(int(place[0]), int(place[-1]) + 1))
            offsets.append(np.maximum(np.maximum(first - place, place - last), 0))
        window = labels[tuple(around)]
        known = window >= 0
        if known.any():
            break
        reach *= 2  # deep in a large hole
    distance = np.maximum(offsets[0][:, None], offsets[1])[known]
    found, inverse, count = np.unique(window[known], return_inverse=True, return_counts=True)
    nearest = np.full(len(found), labels.size)
    np.minimum.at(nearest, inverse, distance)
    return np.asarray(found[np.lexsort((-count, nearest))[:CANDIDATES]])


def colour_labels(labels: Labels, blocks: list[Block], count: int) -> Labels:
    """Colour labels so that no two candidates of a block have the same colour: a map of many needs few fields.

    Up to CANDIDATES labels have a colour each. Beyond, labels that touch have different colours where that takes no
    more colours, so that the fields of the colours show their borders.

    Parameters
    ----------
    labels : (M, N) ndarray of int
        From 0 to ``count`` - 1; negative where no label is known.
    blocks : list of Block
    count : int

    Returns
    -------
    (count,) ndarray of int
        Colours from 0.
    """
    if count <= CANDIDATES:
        return np.arange(count)
    rivals: list[set[int]] = [set() for _ in range(count)]
    touching: list[set[int]] = [set() for _ in range(count)]
    for candidates in {tuple(block.candidates.tolist()) for block in blocks}:
        for label in candidates:
            rivals[label].update(candidates)
    for first, second in ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1])):
        border = (first != second) & (first >= 0) & (second >= 0)
        for one, other in np.unique(np.stack([first[border], second[border]], 1), axis=0).tolist():
            touching[one].add(other)
            touching[other].add(one)
    colours = np.full(count, -1)
    number = CANDIDATES
    for label in sorted(range(count), key=lambda label: -len(rivals[label])):
        taken = {int(colours[other]) for other in rivals[label]}
        shown = taken | {int(colours[other]) for other in touching[label]}
        free = [colour for colour in range(number) if colour not in taken]
        colours[label] = next((colour for colour in free if colour not in shown), free[0] if free else number)
        number = max(number, int(colours[label]) + 1)
    return colours
