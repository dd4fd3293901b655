"""Parts of a picture that are worked on one by one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor

from inrr_cli.superres.problem import Window

OVERLAP = 16  # pixels on either side of a cut over which neighbours are blended
LESSON, LESSONS = 512, 8  # pixels of a side and number of the parts of a large picture that are learned from


def blended(region: Window, side: int) -> Iterator[tuple[Window, Tensor]]:
    """Windows of about ``side`` pixels that cover a region, and their weights (h, w), which sum to 1 everywhere."""
    sides = []
    ramp = (torch.arange(2 * OVERLAP) + 0.5) / (2 * OVERLAP)
    for first, last in region:
        count = max(1, round((last - first) / max(side, 4 * OVERLAP)))
        cuts = [first + (last - first) * number // count for number in range(count + 1)]
        parts = []
        for start, end in pairwise(cuts):
            before, after = (0 if start == first else OVERLAP), (0 if end == last else OVERLAP)
            weight = torch.ones(end - start + before + after)
            if before:
                weight[: 2 * OVERLAP] = ramp
            if after:
                weight[-2 * OVERLAP :] = ramp.flip(0)
            parts.append(((start - before, end + after), weight))
        sides.append(parts)
    for rows, down in sides[0]:
        for columns, across in sides[1]:
            yield (rows, columns), down[:, None] * across


def lessons(picture: Tensor, generator: torch.Generator) -> Iterator[Tensor]:
    """Parts of a picture (H, W, C) to learn from: all of it, or some at random if it is large."""
    high, wide = picture.shape[:2]
    if high * wide <= LESSONS * LESSON**2:
        yield picture
        return
    corners = [(top, left) for top in range(0, high, LESSON) for left in range(0, wide, LESSON)]
    for number in torch.randperm(len(corners), generator=generator)[:LESSONS].tolist():
        top, left = corners[number]
        top, left = max(0, min(top, high - LESSON)), max(0, min(left, wide - LESSON))
        yield picture[top : top + LESSON, left : left + LESSON]
