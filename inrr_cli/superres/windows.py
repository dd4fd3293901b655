"""Parts of a picture that are worked on one by one."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

LESSON, LESSONS = 512, 8  # pixels of a side and number of the parts of a large picture that are learned from


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
