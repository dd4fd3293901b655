"""Channels of unlike scale, as an elevation beside a reflectance: each is enlarged in its own range.

In the range of all of them a faint channel would be no larger than the rounding of the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from inrr_cli.engine import Control, Estimate
from inrr_cli.patch.faint_channels import RaisedChannels
from inrr_cli.settings import Settings
from inrr_cli.superres.noise import with_estimated_noise
from inrr_cli.superres.problem import SuperresProblem

Engine = Callable[[SuperresProblem, Settings, Control, bool], Estimate]  # the last: whether to interpolate only


@dataclass(frozen=True)
class Part:
    """Some channels of a problem, as a problem whose values lie in [0, 1].

    Attributes
    ----------
    channels : list of int
    low, span : float
        Least value of the channels, and the greatest less the least, in units of the whole problem.
    problem : SuperresProblem
    """

    channels: list[int]
    low: float
    span: float
    problem: SuperresProblem


def split_unlike(problem: SuperresProblem, noise: float | None) -> list[Part]:
    """Split a problem of floats into the channels of like scale, and each fainter one by itself.

    The values are float32 in the range of all channels already: of a channel whose range is less than 1e-5 of that,
    less than two digits are known.

    Parameters
    ----------
    problem : SuperresProblem
    noise : float or None
        Noise that was given, in units of the problem; None estimates that of each part.
    """
    count = problem.image.shape[2]
    factor = torch.ones(count) if problem.quantisation_step else RaisedChannels.of(problem.image, problem.known).factor
    groups = [(factor == 1).nonzero()[:, 0].tolist(), *(factor > 1).nonzero().tolist()]
    if len(groups) == 1:
        return [Part(groups[0], 0.0, 1.0, problem)]
    return [_part(problem, channels, noise) for channels in groups]


def _part(problem: SuperresProblem, channels: list[int], noise: float | None) -> Part:
    """Return some channels in their own range."""
    image, known = problem.image[..., channels], problem.known[..., channels]
    low, high = float(image[known].min()), float(image[known].max())
    span = high - low or 1.0
    lowest, highest = ((limit - low) / span for limit in problem.limits)
    part = replace(problem, image=(image - low) / span, known=known, limits=(lowest, highest), may_be_colour=False)
    part = with_estimated_noise(part) if noise is None else replace(part, noise=noise / span)
    return Part(channels, low, span, part)


def estimate_parts(parts: list[Part], engine: Engine, settings: Settings, control: Control) -> Estimate:
    """Enlarge the parts of a problem one after the other; return the estimate of all channels, in its units.

    After an interrupt that keeps what is there, the other parts are only interpolated.
    """
    found: list[Estimate] = []
    for number, part in enumerate(parts):
        interrupted = any(not one.completed for one in found)
        found.append(engine(part.problem, settings, control.part(number, len(parts)), interrupted))
    if len(parts) == 1:
        return found[0]
    values = torch.cat([part.low + part.span * one.values for part, one in zip(parts, found, strict=True)], 2)
    order = torch.tensor([channel for part in parts for channel in part.channels]).argsort()
    noise = max(part.span * (one.noise or 0.0) for part, one in zip(parts, found, strict=True))
    completed = all(one.completed for one in found)
    return replace(found[0], values=values[..., order.to(values.device)], completed=completed, noise=noise)
