"""The patch engine for inpainting: images of any number of channels, in groups of channels."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from inrr_cli.engine import Control, Estimate, InpaintingProblem, WorkMeter
from inrr_cli.patch.channel_group import ChannelGroup
from inrr_cli.patch.noise import estimate_noise
from inrr_cli.patch.options import PatchOptions
from inrr_cli.settings import Settings

GROUP_CHANNELS = 12  # in one patch: a patch of more values than a group has patches says little about a Gaussian


@torch.no_grad()
def estimate(problem: InpaintingProblem, settings: Settings, control: Control) -> Estimate:
    """Fill missing pixels from similar patches.

    Parameters
    ----------
    problem, settings, control
        See `inrr_cli.engine`; ``settings.regularizer`` is a PatchOptions. The measure of the progress is the root mean
        square change of the last iteration.

    Returns
    -------
    Estimate
        With ``sigma``, which is 0 everywhere if the run was interrupted.
    """
    noise = estimate_noise(problem.values, problem.known) if problem.noise is None else problem.noise
    groups = _split(replace(problem, noise=noise))
    meter = WorkMeter(control, len(groups))
    filled = [
        ChannelGroup(group, settings.regularizer, meter).fill(settings.denoise, settings.seed, control.keep_partial)
        for group in groups
    ]
    shares = " ".join(group.summary for group in filled if group.completed)
    return Estimate(
        torch.cat([group.values for group in filled], 2),
        f"patch engine on {problem.values.device.type}; {settings.regularizer}; "
        f"shares of the patch model and of smooth fills beside known pixels: {shares or 'not fitted'}",
        all(group.completed for group in filled),
        sigma=torch.cat([group.sigma for group in filled if group.sigma is not None], 2),
        noise=noise,
    )


class PatchPrior:
    """The proximal step of half-quadratic splitting: the patch model of an image.

    Parameters
    ----------
    problem : InpaintingProblem
    options : PatchOptions
    """

    def __init__(self, problem: InpaintingProblem, options: PatchOptions) -> None:
        self.groups = [ChannelGroup(group, options) for group in _split(problem)]

    @torch.no_grad()
    def __call__(self, image: Tensor | None) -> Tensor:
        """Solve from the start at first; then iterate once from the missing pixels of ``image`` (H, W, C)."""
        images = [None] * len(self.groups) if image is None else torch.split(image, GROUP_CHANNELS, 2)
        return torch.cat([group.refine(part) for group, part in zip(self.groups, images, strict=True)], 2)


def _split(problem: InpaintingProblem) -> list[InpaintingProblem]:
    """Return one problem for each group of channels."""
    return [replace(problem, values=values) for values in torch.split(problem.values, GROUP_CHANNELS, 2)]
