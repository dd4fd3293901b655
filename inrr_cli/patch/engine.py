"""The patch engine: pictures of any number of channels, group by group."""

from __future__ import annotations

import torch
from torch import Tensor

from inrr_cli.methods import PatchOptions
from inrr_cli.patch.channel_group import ChannelGroup, Filled, Report
from inrr_cli.progress import Progress

MOST_CHANNELS = 12  # in one patch; more are filled in groups


@torch.no_grad()
def restore(
    image: Tensor,
    known: Tensor,
    options: PatchOptions,
    *,
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
        At least one True.
    options : PatchOptions
        ``rounds`` are those at the finest scale; at each coarser one there is one less.
    noise : float
        Standard deviation of known pixels' noise, 0 or more.
    denoise : bool
        Estimate known pixels too.
    seed : int
        Chooses the pixels that are hidden.
    progress : callable, optional
        Called with permille done, 1000 and the root mean square change of the last round.
    keep_partial : bool
        On Ctrl-C return what there is instead of raising KeyboardInterrupt.
    """
    groups = torch.split(image, MOST_CHANNELS, 2)
    filled = []
    for number, channels in enumerate(groups):
        report = None if progress is None else Report(progress, number / len(groups), 1 / len(groups))
        part = ChannelGroup(channels, known, options, noise, report)
        filled.append(part.fill(denoise, seed, keep_partial))
    return Filled(
        torch.cat([part.values for part in filled], 2),
        torch.cat([part.sigma for part in filled], 2),
        [blend_weights for part in filled for blend_weights in part.blends],
        all(part.completed for part in filled),
    )


class PatchPrior:
    """What the patches make of a picture: the proximal step of half-quadratic splitting.

    The parameters are those of `restore`.
    """

    def __init__(self, image: Tensor, known: Tensor, options: PatchOptions, *, noise: float) -> None:
        self.parts = [
            ChannelGroup(channels, known, options, noise) for channels in torch.split(image, MOST_CHANNELS, 2)
        ]

    @torch.no_grad()
    def __call__(self, picture: Tensor | None) -> Tensor:
        """Solve from nothing at first; then one round from the missing pixels of ``picture`` (H, W, C) in [0, 1]."""
        pictures = [None] * len(self.parts) if picture is None else torch.split(picture, MOST_CHANNELS, 2)
        return torch.cat([part.refine(old) for part, old in zip(self.parts, pictures, strict=True)], 2)
