"""The patch engine: coarse to fine, judged on hidden pixels, with an error bar for every missing pixel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from inrr_cli.patch.scale import PatchSettings, Scale
from inrr_cli.patch.selection import Judgement, choose_hidden, depth_class, judge, shrink
from inrr_cli.smooth import double, halve, relax, smooth_fill

Progress = Callable[[int, int, float], None]

REACH = 2  # missing pixels farther than this from known ones start from the coarser scale
RELAX = 60  # steps that smooth the rim of a hole around what the coarser scale put inside
FIRST = 4  # times the noise in the first round, whose groups are found on a smooth guess
MARGIN = 6
LEAST_NOISE = 0.003  # of known pixels: rounding to 8 bits and what a Gaussian cannot say
STRIDE, EARLY = 3, 2
CROWD = 150  # most values in a patch


@dataclass(frozen=True)
class Filled:
    """What the engine made of a picture.

    Attributes
    ----------
    values : (H, W, C) Tensor
        The picture, its missing pixels filled; known pixels too are estimates if they were to be denoised.
    sigma : (H, W, C) Tensor
        One standard deviation of each filled pixel, 0 elsewhere.
    judgement : Judgement or None
        What the hidden pixels taught; None if it was interrupted before.
    completed : bool
    """

    values: Tensor
    sigma: Tensor
    judgement: Judgement | None
    completed: bool


def restore(
    image: Tensor,
    known: Tensor,
    *,
    patch_size: int,
    similar: int,
    radius: int,
    rounds: int,
    noise: float,
    denoise: bool,
    seed: int,
    progress: Progress | None = None,
    keep_partial: bool = False,
) -> Filled:
    """Fill missing pixels from similar patches.

    Parameters
    ----------
    image : (H, W, C) Tensor of float32
        Values in [0, 1]; what stands at missing pixels is not used.
    known : (H, W) Tensor of bool
        At least one True and one False.
    patch_size, similar, radius : int
        Side of a patch, patches in a group, reach of the search. Patches of many channels are made smaller.
    rounds : int
        At each scale, at least 1.
    noise : float
        Standard deviation of known pixels' noise, 0 or more.
    denoise : bool
        Estimate known pixels too.
    seed : int
        Chooses the pixels that are hidden.
    progress : callable, optional
        Called with tiles done, tiles in all and the root mean square change of the last round.
    keep_partial : bool
        On Ctrl-C return what there is instead of raising KeyboardInterrupt.
    """
    image = torch.where(known[..., None], image, 0)
    channels = image.shape[2]
    while patch_size > 3 and patch_size**2 * channels > CROWD:
        patch_size -= 2
    settings = PatchSettings(patch_size, similar, radius)
    noise = max(noise, LEAST_NOISE)
    hidden = torch.from_numpy(choose_hidden(known.cpu().numpy(), seed)).to(known.device)
    guess: Tensor | None = None
    try:
        solved = _solve(image, known, settings, rounds, noise, progress)
        guess = solved.guess.reshape(image.shape)
        near = ~shrink(~hidden, MARGIN)
        judged = _solve(image, known & ~hidden, settings, rounds, noise, progress, (near, guess))
    except KeyboardInterrupt:
        if not keep_partial:
            raise
        values = smooth_fill(image, known).clamp(0, 1) if guess is None else guess
        return Filled(values, torch.zeros_like(image), None, completed=False)
    return _finish(image, known, hidden, judged, solved, noise)


def _finish(image: Tensor, known: Tensor, hidden: Tensor, judged: Scale, last: Scale, noise: float) -> Filled:
    """Judge the fills on the hidden pixels, blend them, and scale the deviations."""
    at = hidden.reshape(-1).nonzero()[:, 0]
    smooth = _smooth_fills(image, known & ~hidden)
    slots = judged.slot[at]
    truth = judged.guess.new_tensor(0)
    truth = image.reshape(-1, image.shape[2])[at]
    fills = torch.stack([judged.estimate[slots], *(fill[at] for fill in smooth)]).clamp(0, 1)
    deviation = (judged.variance[slots] + noise**2).sqrt()
    classes = depth_class(~(known & ~hidden)).reshape(-1)[at]
    judgement = judge(truth, fills, deviation, classes)

    values, sigma = image.reshape(-1, image.shape[2]).clone(), torch.zeros_like(image).reshape(-1, image.shape[2])
    values[last.free] = last.estimate
    missing = last.missing
    kind = depth_class(~known).reshape(-1)[missing]
    slots = last.slot[missing]
    fills = torch.stack([last.estimate[slots], *(fill[missing] for fill in _smooth_fills(image, known))])
    share = judgement.weights[kind].T[..., None]
    values[missing] = (share * fills).sum(0)
    sigma[missing] = judgement.spread[kind][:, None] * (last.variance[slots] + noise**2).sqrt()
    return Filled(
        values.clamp(0, 1).reshape(image.shape), sigma.reshape(image.shape), judgement, completed=True
    )


def _smooth_fills(image: Tensor, known: Tensor) -> list[Tensor]:
    """Thin plate and membrane: (H W, C) each."""
    return [smooth_fill(image, known, order=order, iterations=1000, tolerance=1e-6).reshape(-1, image.shape[2]) for order in (2, 1)]


def _solve(
    image: Tensor,
    known: Tensor,
    settings: PatchSettings,
    rounds: int,
    noise: float,
    progress: Progress | None,
    only: tuple[Tensor, Tensor] | None = None,
) -> Scale:
    """Fill from the coarsest scale that holes need to the finest, and return that.

    ``only`` names the pixels to solve at the finest scale and the values of the other missing ones there.
    """
    pyramid = [(image, known)]
    while shrink(~pyramid[-1][1], REACH).any() and min(pyramid[-1][1].shape) >= 4 * settings.size:
        pyramid.append(halve(*pyramid[-1]))
    coarse: Tensor | None = None
    for level in reversed(range(len(pyramid))):
        image, known = pyramid[level]
        if coarse is None:
            guess = smooth_fill(image, known)
        else:
            guess = torch.where(known[..., None], image, double(coarse, image.shape))
            rim = ~known & ~shrink(~known, REACH)
            guess = relax(guess, rim, 2, RELAX, 0.0)
        guess = torch.where(known[..., None], image, guess.clamp(0, 1))
        wanted = ~known
        if only is not None and level == 0:
            wanted = wanted & only[0]
            guess = torch.where((known | wanted)[..., None], guess, only[1])
        wide = level > 0 and image.shape[2] <= 3
        here = PatchSettings(settings.size + 2, settings.similar + 20, settings.radius) if wide else settings
        scale = Scale(image, known, guess, wanted, here)
        if len(scale.missing):
            scale.graph_round()
            for number in range(rounds if level == 0 else rounds - 1):
                stride = STRIDE if level == 0 and number == rounds - 1 else EARLY
                scale.gaussian_round(noise * (FIRST if number == 0 else 1), stride, lambda done: None)
        coarse = scale.guess.reshape(image.shape)
    return scale
