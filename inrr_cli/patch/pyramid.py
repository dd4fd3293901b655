"""The pyramid of an image with missing pixels: its levels, and where the estimate of each starts."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from inrr_cli.patch.local_range import LocalRange
from inrr_cli.solvers.distance import erode
from inrr_cli.solvers.equal_masks import map_equal_masks
from inrr_cli.solvers.polyharmonic import refine_polyharmonic, solve_polyharmonic
from inrr_cli.solvers.pyramid import double, halve, halve_mask

RIM_WIDTH = 2  # pixels; missing pixels farther than this from known ones start from the coarser level; empirical


@dataclass(frozen=True)
class LevelProblem:
    """One level of an image with missing samples.

    Attributes
    ----------
    image : (H, W, C) Tensor of float32
        Known samples; the others are not used.
    known, wanted : (H, W, Q) Tensor of bool
        Known samples, and samples to estimate. Q is C, or 1 if all channels have one mask.
    fixed : (H, W, C) Tensor of float32
        Values of the missing samples that are not wanted.
    """

    image: Tensor
    known: Tensor
    wanted: Tensor
    fixed: Tensor

    def halve(self) -> LevelProblem:
        """Return the next coarser level."""
        image, known = halve(self.image, self.known)
        fixed, _ = halve(self.fixed, torch.ones_like(self.known[..., :1]))
        return LevelProblem(image, known, halve_mask(self.wanted) & ~known, fixed)

    def start(self, coarse: Tensor | None) -> Tensor:
        """Return the start of the estimate (H, W, C): a biharmonic fill, or the estimate of the ``coarse`` level.

        The rims of holes are smoothed around the inside, which the coarse level estimates.
        """
        known, missing = self.known, ~self.known
        if coarse is None:
            start = map_equal_masks(solve_polyharmonic, self.image, known)
        else:
            start = torch.where(known, self.image, double(coarse, missing.shape))
            rims = missing & ~erode(missing, RIM_WIDTH)
            start = map_equal_masks(lambda image, rim: refine_polyharmonic(image, rim, 2, 60, 0.0), start, rims)
        start = torch.where(self.wanted, LocalRange(self.image, known).clamp_image(start), self.fixed)
        return torch.where(known, self.image, start)


def count_levels(known: Tensor, patch_size: int) -> int:
    """Return how many levels the holes of a mask (H, W, Q) need, with at least four patches along an axis of each."""
    levels = 1
    while erode(~known, RIM_WIDTH).any() and min(known.shape[:2]) >= 4 * patch_size:
        known = halve_mask(known)
        levels += 1
    return levels
