"""The patch engine for inpainting: images of any number of channels, each sample with its own mask."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from inrr_cli.engine import FEW_CHANNELS, Control, Estimate, InpaintingProblem, WorkMeter
from inrr_cli.patch.channel_group import ChannelGroup
from inrr_cli.patch.faint_channels import RaisedChannels
from inrr_cli.patch.local_range import LocalRange
from inrr_cli.patch.noise import estimate_noise
from inrr_cli.patch.options import PatchOptions
from inrr_cli.patch.spectral import fill_channels
from inrr_cli.patch.spectrum import Spectrum, principal_axes
from inrr_cli.settings import Settings
from inrr_cli.solvers.equal_masks import equal_masks


@torch.no_grad()
def estimate(problem: InpaintingProblem, settings: Settings, control: Control) -> Estimate:
    """Fill missing samples from similar patches.

    Channels with one mask are decorrelated: principal axes of the known spectra, as many as stand above the noise. A
    few channels that miss different samples are filled together; of many, each pixel's other channels tell most.

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
    if problem.values.shape[2] > FEW_CHANNELS:
        raised = RaisedChannels.of(problem.values, problem.known)
        if bool((raised.factor > 1).any()):
            return raised.lowered(_estimate(raised.raised(problem), settings, control))
    return _estimate(problem, settings, control)


def _estimate(problem: InpaintingProblem, settings: Settings, control: Control) -> Estimate:
    """Fill missing samples of channels of like scale."""
    if problem.noise is None:
        problem = replace(problem, noise=estimate_noise(problem.values, problem.known))
    channels, has_one_mask = problem.values.shape[2], len(equal_masks(problem.known)) == 1
    every_channel_is_known = bool(problem.known.any(0).any(0).all())
    if channels == 1 or (not has_one_mask and channels <= FEW_CHANNELS and every_channel_is_known):
        part, spectrum = problem, None
    elif has_one_mask:
        spectrum = principal_axes(problem.values, problem.known[..., 0])
        part = _components(problem, spectrum)
    else:
        return fill_channels(problem, settings, control)
    filled = ChannelGroup(part, settings.regularizer, WorkMeter(control, 1)).fill(
        settings.denoise, settings.seed, control.keep_partial
    )
    filled = filled if spectrum is None else _channels(filled, spectrum, problem, denoise=settings.denoise)
    return replace(filled, summary=describe(problem, settings, filled.summary), noise=problem.noise)


def describe(problem: InpaintingProblem, settings: Settings, shares: str) -> str:
    """Return the summary of an estimate with the shares of its blend."""
    return (
        f"patch engine on {problem.values.device.type}; {settings.regularizer}; "
        f"shares of the patch model and of smooth fills: {shares or 'not fitted'}"
    )


class PatchPrior:
    """The proximal step of half-quadratic splitting: the patch model of an image.

    Parameters
    ----------
    problem : InpaintingProblem
    options : PatchOptions
    """

    def __init__(self, problem: InpaintingProblem, options: PatchOptions) -> None:
        parts = equal_masks(problem.known)
        self.channels = [part[n : n + FEW_CHANNELS] for part in parts for n in range(0, len(part), FEW_CHANNELS)]
        self.groups = [
            ChannelGroup(replace(problem, values=problem.values[..., part], known=problem.known[..., part]), options)
            for part in self.channels
        ]

    @torch.no_grad()
    def __call__(self, image: Tensor | None, number: int) -> Tensor:
        """Solve from the start at first; then iterate once from the missing samples of ``image`` (H, W, C)."""
        pairs = zip(self.groups, self.channels, strict=True)
        parts = [group.refine(None if image is None else image[..., channels], number) for group, channels in pairs]
        joined = torch.cat(parts, 2)
        return joined[..., torch.tensor([channel for part in self.channels for channel in part]).argsort()]


def _components(problem: InpaintingProblem, spectrum: Spectrum) -> InpaintingProblem:
    """Return the problem of the components of a spectrum, known where all channels are."""
    values = torch.where(problem.known, problem.values, spectrum.mean)
    return replace(problem, values=spectrum.to_components(values), known=problem.known[..., :1])


def _channels(filled: Estimate, spectrum: Spectrum, problem: InpaintingProblem, *, denoise: bool) -> Estimate:
    """Return the channels of an estimate of components; known ones as they were, unless they are to be denoised."""
    assert filled.sigma is not None
    values = LocalRange(problem.values, problem.known).clamp_image(spectrum.to_channels(filled.values))
    sigma = spectrum.variance_of_channels(filled.sigma.square()).sqrt()
    if not filled.completed:
        sigma = torch.zeros_like(sigma)
    if not (denoise and filled.completed):
        values, sigma = torch.where(problem.known, problem.values, values), torch.where(problem.known, 0, sigma)
    return replace(filled, values=values, sigma=sigma)
