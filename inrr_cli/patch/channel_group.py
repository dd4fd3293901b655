"""The patch engine on one group of channels: coarse to fine, then a blend with smooth fills by hidden samples."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import torch
from torch import Tensor

from inrr_cli.engine import Control, Estimate, InpaintingProblem, WorkMeter
from inrr_cli.holdout.blend import Blend, fit_blend
from inrr_cli.holdout.sampling import sample_holdout
from inrr_cli.patch.gaussian_model import NOISE_FLOOR
from inrr_cli.patch.level import GRAPH_PATCH_SIZE, Level, PatchSettings
from inrr_cli.patch.local_range import LocalRange
from inrr_cli.patch.options import PatchOptions
from inrr_cli.patch.pyramid import LevelProblem, count_levels
from inrr_cli.solvers.distance import DISTANCE_LIMIT, chessboard_distance, dilate
from inrr_cli.solvers.equal_masks import map_equal_masks
from inrr_cli.solvers.polyharmonic import BIHARMONIC, TRIHARMONIC, solve_polyharmonic

SIDES = 5, 7, 11, 15  # of patches in pixels: about 25 samples are known at 100, 50, 20 and 10 %; empirical
PATCH_VALUES_MAXIMUM = 300  # samples in a patch: of many channels patches are smaller; empirical
OVERLAP = 2  # patches over each pixel and axis; empirical
SPARSE = 0.3  # of the samples that are known: where there are more, some iterations gain nothing; empirical
COARSE_ITERATIONS = 3  # of the coarser levels; empirical
FINAL_WORK = 0.3  # part of the time that the last iterations take, for the progress
FEW = 8  # known samples, fewer than which tell no deviation
UNKNOWN_SIGMA = 0.5  # of the range of values: half of it
SMOOTH_FILLS = BIHARMONIC, TRIHARMONIC  # that are blended with the patches


class ChannelGroup:
    """The work on one group of channels, which is the unit of the ``meter``.

    Parameters
    ----------
    problem : InpaintingProblem
        With ``known`` of (H, W, Q): Q is C, or 1 if all channels have one mask. Channels with one mask are best
        uncorrelated, see `gaussian_model`.
    options : PatchOptions
    meter : WorkMeter, optional
    """

    def __init__(self, problem: InpaintingProblem, options: PatchOptions, meter: WorkMeter | None = None) -> None:
        known = problem.known
        self.image, self.known = torch.where(known, problem.values, 0), known
        self.range = LocalRange(self.image, known)
        self.options, self.noise = options, max(problem.noise or 0.0, NOISE_FLOOR)
        self.meter = meter or WorkMeter(Control(), 1.0)
        sides = [_patch_side(side, known.shape[2]) for side in SIDES]
        similar, radius, runs = options.similar, options.radius * options.effort.reach, options.effort.runs
        self.settings = [PatchSettings(tuple(sides[1 - run : 4 - run]), similar, radius) for run in range(runs)]
        self.sparse = float(known.float().mean()) < SPARSE
        self.solution: Level | None = None
        self.end = 1.0

    @cached_property
    def distance(self) -> Tensor:
        """Distance (H, W, Q) of missing samples to the nearest known one: uint8, at most DISTANCE_LIMIT + 1."""
        return chessboard_distance(~self.known).to(torch.uint8)

    def fill(self, denoise: bool, seed: int, keep_partial: bool) -> Estimate:
        """Estimate the missing samples, and blend the estimate with smooth fills; the parameters are those of Settings.

        Known samples in the shape of the holes are hidden until the last iterations: their error tells when to end and
        how to blend. The summary of the estimate is the shares of the blend.
        """
        image, known = self.image, self.known
        self.end = self.meter.done + 1
        try:
            hidden = self._sample_holdout(seed)
            levels = self._hold_out(hidden)
            blend = self._fit_blend(levels, hidden)
            wanted = torch.ones_like(known) if denoise else ~known
            self.meter.skip_to(self.end - FINAL_WORK)
            solved = [self._finish(levels.pop(0), wanted) for _ in self.settings]  # memory of each is free then
            fills = self._fills(solved, blend)
            self.meter.skip_to(self.end)
            return self._blend(solved[0], fills, blend)
        except KeyboardInterrupt:
            if not keep_partial:
                raise
            partial = self._smooth() if self.solution is None else torch.where(known, image, self.solution.image)
            return Estimate(partial, "", completed=False, sigma=torch.zeros_like(image))

    def refine(self, image: Tensor | None, number: int) -> Tensor:
        """Solve if there is no ``image`` (H, W, C), else iterate once from its missing samples.

        Iterations of different ``number`` have different grids of patches.
        """
        if image is None:
            return self._finish(self._hold_out(self._sample_holdout(0))[0], ~self.known).image
        problem = LevelProblem(self.image, self.known, ~self.known, self.image)
        level = Level(problem, torch.where(self.known, self.image, image), self.settings[0], self.noise)
        level.iteration = number
        level.iterate_gaussian(1, self.options.effort.overlaps[-1])
        return level.image

    def _sample_holdout(self, seed: int) -> Tensor:
        """Return known samples to hide (H, W, Q)."""
        known = self.known.cpu().numpy()
        return torch.from_numpy(sample_holdout(~known, known, seed)).to(self.known.device)

    def _hold_out(self, hidden: Tensor) -> list[Level]:
        """Estimate the ``hidden`` samples (H, W, Q) with the missing ones, by patches of several sides."""
        shown = self.known & ~hidden
        problem = LevelProblem(self.image, shown, ~shown, self.image)
        return [self._solve(problem, settings, hidden) for settings in self.settings]

    def _solve(self, problem: LevelProblem, settings: PatchSettings, hidden: Tensor) -> Level:
        """Estimate the wanted samples, from the coarsest level that holes need to the finest; return the finest.

        The error of the ``hidden`` samples (H, W, Q) of those wanted says when to end.
        """
        pyramid = [problem]
        for _ in range(1, count_levels(problem.known, settings.sides[0])):
            pyramid.append(pyramid[-1].halve())
        coarse: Tensor | None = None
        for number, problem in reversed(list(enumerate(pyramid))):
            level = Level(problem, problem.start(coarse), settings, self.noise)
            if number:
                self._iterate(level, COARSE_ITERATIONS)
            else:
                self.solution = level
                self._iterate(level, self.options.effort.rounds, hidden)
            coarse = level.image
        return level

    def _iterate(self, level: Level, most: int, hidden: Tensor | None = None) -> None:
        """Run at most so many iterations of the graph, and then of the Gaussian model.

        Each ends where the error of hidden samples (H, W, Q) falls no more. A dense mask has one of the graph.
        """
        if len(level.missing) and min(level.shape) > GRAPH_PATCH_SIZE:
            again = hidden is not None and self.sparse
            self._repeat(lambda _: level.iterate_graph(), level, most if again else 1, hidden)

        def iterate_gaussian(number: int) -> None:
            caution = 4 if number == 0 else 1  # empirical: the first groups are found in a smooth fill
            # nobody knows how many are to come: each takes a third of the work that is left
            tick = self.meter.part(0.3 * (self.end - FINAL_WORK - self.meter.done)) if hidden is not None else None
            self.meter.measure = level.iterate_gaussian(caution, OVERLAP, tick)

        self._repeat(iterate_gaussian, level, most, hidden)

    def _repeat(self, iterate: Callable[[int], None], level: Level, most: int, hidden: Tensor | None) -> None:
        """Call ``iterate`` with 0, 1, ... until the error of hidden samples falls no more, at most so often."""
        effort, least, idle = self.options.effort, math.inf, 0
        samples = None if hidden is None else hidden.reshape(-1).nonzero()[:, 0]
        for number in range(most):
            iterate(number)
            if samples is None or not len(samples):
                continue
            error = float((level.estimate[samples] - level.values_of(self.image)[samples]).square().mean())
            idle = 0 if error < (1 - effort.improvement) * least else idle + 1
            least = min(least, error)
            if idle == effort.patience:
                break

    def _finish(self, level: Level, wanted: Tensor) -> Level:
        """Run the last iterations, with all known samples, for the ``wanted`` ones (H, W, Q)."""
        problem = LevelProblem(self.image, self.known, wanted, self.image)
        start = torch.where(self.known, self.image, level.image)
        self.solution = solved = Level(problem, start, level.settings, self.noise)
        solved.iteration = level.iteration
        overlaps = self.options.effort.overlaps
        overlaps = overlaps if self.sparse else overlaps[-1:]
        for overlap in overlaps:
            tick = self.meter.part(FINAL_WORK / (len(overlaps) * len(self.settings)))
            self.meter.measure = solved.iterate_gaussian(1, overlap, tick)
        return solved

    def _fit_blend(self, levels: list[Level], hidden: Tensor) -> Blend:
        """Compare the patches with the smooth fills on ``hidden`` samples (H, W, Q), around which these are solved."""
        samples, shown = hidden.reshape(-1).nonzero()[:, 0], self.known & ~hidden
        first, around = levels[0], dilate(hidden, DISTANCE_LIMIT) & ~shown
        found = first.index[samples]
        patches = (self.range.clamp(level.mean[found], samples) for level in levels)
        smooth = (first.values_of(kind.refill(first.image, around))[samples] for kind in SMOOTH_FILLS)
        fills = torch.stack([*patches, *(self.range.clamp(fill, samples) for fill in smooth)])
        truth, distance = first.values_of(self.image)[samples], chessboard_distance(~shown).reshape(-1)[samples]
        deviation, plane = self._deviation(first, samples, distance), samples % first.planes
        largest = max(1, int(self.distance.max()))
        return fit_blend(truth, fills, deviation, distance, plane, planes=first.planes, largest=largest)

    def _deviation(self, level: Level, samples: Tensor, distance: Tensor) -> Tensor:
        """Return the deviation (n, R) of what would be measured, with noise, from the estimate of missing samples (n,).

        The model knows too little of how errors grow with the distance (n,) to the nearest known sample: its variance
        is multiplied by that. Powers of the distance between 0 and 1.4 were tried: empirical.
        """
        return (level.variance[level.index[samples]] * distance[:, None] + self.noise**2 - NOISE_FLOOR**2).sqrt()

    def _smooth(self) -> Tensor:
        """Return a smooth fill, for a run that was interrupted before it had an estimate."""
        return self.range.clamp_image(map_equal_masks(solve_polyharmonic, self.image, self.known))

    def _fills(self, solved: list[Level], blend: Blend) -> Tensor:
        """Return the patches' and the smooth fills at missing samples, the latter without a share as zeros: (F, m, R).

        Where the patches have no share, smooth fills are exact and not clamped: a plane goes on beyond its known part.
        """
        first = solved[0]
        fills = [self.range.clamp(level.mean[level.index[first.missing]], first.missing) for level in solved]
        has_share = (blend.shares > 0).any(0).tolist()
        exact, smooth = not any(has_share[: len(solved)]), None
        for kind, counts in zip(SMOOTH_FILLS, has_share[len(solved) :], strict=True):
            fill = torch.zeros_like(fills[0])
            if counts:
                kind = replace(kind, exact=exact)
                # a fill starts from the one of a lower order
                smooth = kind.fill(self.image, self.known) if smooth is None else kind.refill(smooth, ~self.known)
                fill = first.values_of(smooth)[first.missing]
            fills.append(fill if exact else self.range.clamp(fill, first.missing))
        return torch.stack(fills)

    def _known_deviation(self) -> tuple[Tensor, Tensor]:
        """Return how many samples of each plane are known (P, 1), and the deviation of their values (P, R)."""
        known = self.known.flatten(0, 1)[..., None].to(self.image)
        values = self.image.reshape(*known.shape[:2], -1)
        count = known.sum(0)
        mean = (known * values).sum(0) / count.clamp(min=1)
        return count, ((known * (values - mean).square()).sum(0) / count.clamp(min=1)).sqrt()

    def _blend(self, solved: Level, fills: Tensor, blend: Blend) -> Estimate:
        """Blend the fills (F, m, R) at missing samples and calibrate sigma."""
        shape, missing = self.image.shape, solved.missing
        values = solved.values_of(self.image).clone()
        sigma = torch.zeros_like(values)
        values[solved.wanted] = self.range.clamp(solved.mean, solved.wanted)
        distance, plane = self.distance.reshape(-1)[missing].long(), missing % solved.planes
        values[missing] = blend(fills, distance)
        sigma[solved.wanted] = blend.sigma_factor[solved.wanted % solved.planes] * solved.variance.sqrt()
        error_bars = blend.sigma_factor[plane] * self._deviation(solved, missing, distance)
        count, deviation = self._known_deviation()
        # no fill is less certain than a guess by known samples; where these are too few, nobody knows
        sigma[missing] = torch.where(count[plane] < FEW, UNKNOWN_SIGMA, error_bars.minimum(deviation[plane]))
        used = blend.shares[distance.cpu() - 1] if len(missing) else blend.shares
        shares = " ".join(f"{share:.2f}" for share in used.mean(0).tolist())
        return Estimate(values.reshape(shape), shares, sigma=sigma.reshape(shape))


def _patch_side(side: int, planes: int) -> int:
    """Return the largest odd side up to ``side`` whose patches have few enough samples; at least 3."""
    return max([3, *(size for size in range(3, side + 1, 2) if size**2 * planes <= PATCH_VALUES_MAXIMUM)])
