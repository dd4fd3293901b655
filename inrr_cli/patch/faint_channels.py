"""Channels that are faint beside others: raised, so that the rounding and the noise floor of these do not hide them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from inrr_cli.engine import Estimate, InpaintingProblem
from inrr_cli.patch.channel_group import FEW
from inrr_cli.patch.spectrum import SPECTRA_MAXIMUM, usual_range

FAINT = 0.1  # of the largest deviation of a channel: one with less is raised to it; bands of one sensor have more
ROUNDING = 1e-6  # of a channel's mean: a deviation of less is float32's


@dataclass(frozen=True)
class RaisedChannels:
    """The map x -> centre + factor (x - centre) of each channel.

    Attributes
    ----------
    centre, factor : (C,) Tensor
    """

    centre: Tensor
    factor: Tensor

    @classmethod
    def of(cls, values: Tensor, known: Tensor) -> RaisedChannels:
        """Choose the factors by the deviations of the known samples of values (H, W, C), without outliers."""
        rows = slice(None, None, -(-known[..., 0].numel() // SPECTRA_MAXIMUM))
        known, some = known.flatten(0, 1)[rows].cpu(), values.flatten(0, 1)[rows].cpu()  # MPS has no float64
        spectra = torch.where(known, some.double(), torch.nan)
        spectra = spectra.clamp(*usual_range(spectra))
        centre = spectra.nanmean(0).nan_to_num()
        deviation = (spectra - centre).square().nanmean(0).nan_to_num().sqrt()
        factor = (FAINT * deviation.max() / deviation.clamp(min=1e-30)).clamp(min=1)
        tells = (deviation > ROUNDING * centre.abs()) & (known.sum(0) >= FEW)
        factor = torch.where(tells, factor, 1)
        return cls(centre.to(values), factor.to(values))

    def raised(self, problem: InpaintingProblem) -> InpaintingProblem:
        """Return the problem with the faint channels raised."""
        return replace(problem, values=self.centre + self.factor * (problem.values - self.centre))

    def lowered(self, estimate: Estimate) -> Estimate:
        """Return the estimate of a raised problem in the units of the problem before."""
        sigma = None if estimate.sigma is None else estimate.sigma / self.factor
        return replace(estimate, values=self.centre + (estimate.values - self.centre) / self.factor, sigma=sigma)
