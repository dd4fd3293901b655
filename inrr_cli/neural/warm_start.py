"""Warm start: the smooth fill that a fit is drawn to at first, and for how long."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from inrr_cli.holdout.blend import fit_shares
from inrr_cli.holdout.sampling import sample_holdout
from inrr_cli.solvers.polyharmonic import solve_polyharmonic


@torch.no_grad()
def warm_start_image(image: Tensor, known: Tensor, seed: int) -> Tensor:
    """Fill missing pixels by the blend of a biharmonic and a harmonic fill that is best on hidden known pixels.

    A biharmonic fill keeps the slope of its surroundings and overshoots where they are rough; a harmonic one never
    does, and stays flat. `fit_shares` finds their shares.

    Parameters
    ----------
    image : (H, W, K) Tensor of float32
        Known samples in [0, 1], and 0 elsewhere.
    known : (H, W) Tensor of bool
        Without any True there is nothing to fill from, and the image is returned as it is.
    seed : int
        Chooses the pixels that are hidden.

    Returns
    -------
    (H, W, K) Tensor of float32
        Known pixels are unchanged, missing ones in [0, 1].
    """
    if bool(known.all()) or not known.any():
        return image
    hidden = torch.from_numpy(sample_holdout((~known).cpu().numpy(), known.cpu().numpy(), seed)).to(known.device)
    trials = _smooth_fills(image, known & ~hidden)
    biharmonic, harmonic = _smooth_fills(image, known)
    share = fit_shares(torch.stack([fill[hidden] - image[hidden] for fill in trials]))[0, 0]
    return torch.lerp(harmonic, biharmonic, share.to(image))


def warm_start_duration(distance: Tensor, part: float) -> Tensor:
    """Return the part of a fit in which pixels are drawn to their `warm_start_image`, by distance: (H, W) float32.

    ``part`` beside known pixels, from which a fit then learns more, and 1 from 8 pixels on: inside a large hole
    the warm start is better than the fit.
    """
    return part + (1 - part) * (distance.clamp(min=1).float().log2() / math.log2(8)).clamp(max=1)


def _smooth_fills(image: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Return the biharmonic and the harmonic fill, both in [0, 1]."""
    biharmonic, harmonic = (solve_polyharmonic(image, known, order).clamp(0, 1) for order in (2, 1))
    return biharmonic, harmonic
