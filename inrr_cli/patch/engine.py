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
from inrr_cli.solvers.equal_masks import equal_masks

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
    channels = _split(problem)
    groups = _problems(replace(problem, noise=noise), channels)
    meter = WorkMeter(control, len(groups))
    filled = [
        ChannelGroup(group, settings.regularizer, meter).fill(settings.denoise, settings.seed, control.keep_partial)
        for group in groups
    ]
    shares = " ".join(group.summary for group in filled if group.completed)
    return Estimate(
        _join([group.values for group in filled], channels),
        f"patch engine on {problem.values.device.type}; {settings.regularizer}; "
        f"shares of the patch model and of smooth fills beside known pixels: {shares or 'not fitted'}",
        all(group.completed for group in filled),
        sigma=_join([group.sigma for group in filled if group.sigma is not None], channels),
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
        self.channels = _split(problem)
        self.groups = [ChannelGroup(group, options) for group in _problems(problem, self.channels)]

    @torch.no_grad()
    def __call__(self, image: Tensor | None) -> Tensor:
        """Solve from the start at first; then iterate once from the missing pixels of ``image`` (H, W, C)."""
        pairs = zip(self.groups, self.channels, strict=True)
        parts = [group.refine(None if image is None else image[..., channels]) for group, channels in pairs]
        return _join(parts, self.channels)


def _split(problem: InpaintingProblem) -> list[list[int]]:
    """Return the channels of each group: at most GROUP_CHANNELS whose masks are equal."""
    equal = equal_masks(problem.known)
    return [part[start : start + GROUP_CHANNELS] for part in equal for start in range(0, len(part), GROUP_CHANNELS)]


def _problems(problem: InpaintingProblem, channels: list[list[int]]) -> list[InpaintingProblem]:
    """Return the problem of each group of channels."""
    return [replace(problem, values=problem.values[..., part], known=problem.known[..., part]) for part in channels]


def _join(parts: list[Tensor], channels: list[list[int]]) -> Tensor:
    """Return the channels (H, W, C) of the groups' parts."""
    joined = torch.cat(parts, 2)
    return joined[..., torch.tensor([channel for part in channels for channel in part]).argsort()]
