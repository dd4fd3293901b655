"""The pyramid of an image with missing pixels: its levels, and where the estimate of each starts."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from inrr_cli.solvers.distance import erode
from inrr_cli.solvers.polyharmonic import refine_polyharmonic, solve_polyharmonic
from inrr_cli.solvers.pyramid import double, halve, halve_mask

RIM_WIDTH = 2  # pixels; missing pixels farther than this from known ones start from the coarser level; empirical


@dataclass(frozen=True)
class LevelProblem:
    """One level of an image with missing pixels.

    Attributes
    ----------
    image : (H, W, C) Tensor of float32
        Known samples; the others are not used.
    known, wanted : (H, W) Tensor of bool
        Known pixels, and pixels to estimate.
    fixed : (H, W, C) Tensor of float32
        Values of the missing pixels that are not wanted.
    """

    image: Tensor
    known: Tensor
    wanted: Tensor
    fixed: Tensor

    def halve(self) -> LevelProblem:
        """Return the next coarser level."""
        image, known = halve(self.image, self.known)
        fixed, _ = halve(self.fixed, torch.ones_like(self.known))
        return LevelProblem(image, known, halve_mask(self.wanted) & ~known, fixed)

    def start(self, coarse: Tensor | None) -> Tensor:
        """Return the start of the estimate (H, W, C): a biharmonic fill, or the estimate of the ``coarse`` level.

        The rims of holes are smoothed around the inside, which the coarse level estimates.
        """
        known, missing = self.known[..., None], ~self.known
        if coarse is None:
            start = solve_polyharmonic(self.image, self.known)
        else:
            start = torch.where(known, self.image, double(coarse, missing.shape))
            start = refine_polyharmonic(start, missing & ~erode(missing, RIM_WIDTH), 2, 60, 0.0)
        start = torch.where(self.wanted[..., None], start.clamp(0, 1), self.fixed)
        return torch.where(known, self.image, start)


def count_levels(known: Tensor, patch_size: int) -> int:
    """Return how many levels the holes of a mask (H, W) need, as long as a level holds four patches along an axis."""
    levels = 1
    while erode(~known, RIM_WIDTH).any() and min(known.shape) >= 4 * patch_size:
        known = halve_mask(known)
        levels += 1
    return levels
