"""The patch engine on one group of channels: coarse to fine, then a blend with smooth fills by hidden pixels."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from inrr_cli.engine import Control, Estimate, InpaintingProblem, WorkMeter
from inrr_cli.holdout.blend import BlendPrior, BlendWeights, fit_blend
from inrr_cli.holdout.fit import HoldoutFit, count_places
from inrr_cli.holdout.sampling import HOLDOUT_MAXIMUM, sample_holdout
from inrr_cli.patch.gaussian_model import NOISE_FLOOR
from inrr_cli.patch.level import GRAPH_PATCH_SIZE, Level, PatchSettings
from inrr_cli.patch.line_scan import find_lines
from inrr_cli.patch.local_range import LocalRange
from inrr_cli.patch.options import PatchOptions
from inrr_cli.patch.patch_graph import DAMPING, LINE_SCAN_DAMPING
from inrr_cli.patch.pyramid import LevelProblem, count_levels
from inrr_cli.solvers.distance import chessboard_distance, dilate, distance_class
from inrr_cli.solvers.equal_masks import map_equal_masks
from inrr_cli.solvers.polyharmonic import BIHARMONIC, HARMONIC, TRIHARMONIC, PolyharmonicFill, solve_polyharmonic

OVERLAP, FINAL_OVERLAP = 2, 3  # patches over each pixel and axis, and in the last iteration; empirical
HOLDOUT_REPEATS = 2  # at most, while the patches are not CLEARLY_WORSE times better than each other fill; empirical
CLEARLY_WORSE = 1.5  # squared error of the other fills over that of the patches; empirical
HOLDOUT_MARGIN = 4  # missing pixels around hidden ones that are estimated again without them; empirical
HOLDOUT_WORK = 0.25  # part of the time that holdouts take, for the progress
# samples in a patch by its side, so that with many channels patches are smaller: a group of 80 to 120 patches tells
# little of a covariance of more values; empirical
PATCH_VALUES_MAXIMUM = {7: 150, 9: 250, 13: 300}


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
        fine, coarse, solid = (_patch_size(side, known.shape[2]) for side in PATCH_VALUES_MAXIMUM)
        solid_similar, radius = options.similar * 3 // 2, options.radius
        self.fine = PatchSettings(fine, options.similar, solid, solid_similar, radius)
        self.coarse = PatchSettings(coarse, options.similar * 5 // 4, solid, solid_similar, radius)
        self.levels = count_levels(known, fine)
        self.scan = find_lines(known[..., 0].cpu().numpy()) if known.shape[2] == 1 else None
        self.solution: Level | None = None

    def fill(self, denoise: bool, seed: int, keep_partial: bool) -> Estimate:
        """Estimate the missing pixels, and blend the estimate with smooth fills; the parameters are those of Settings.

        The summary of the estimate is the shares of the blend beside known pixels.
        """
        image, known = self.image, self.known
        end = self.meter.done + 1
        try:
            wanted = torch.ones_like(known) if denoise else ~known
            solved = self._solve(LevelProblem(image, known, wanted, image), self.options.iterations, 1 - HOLDOUT_WORK)
            distance = chessboard_distance(~known)
            blend_weights, smooth = self._fit_blend(solved, distance, seed)
            self.meter.skip_to(end)
        except KeyboardInterrupt:
            if not keep_partial:
                raise
            partial = self._smooth() if self.solution is None else self.solution.image
            return Estimate(partial, "", completed=False, sigma=torch.zeros_like(image))
        return self._blend(solved, smooth, blend_weights, distance_class(distance))

    def refine(self, image: Tensor | None) -> Tensor:
        """Solve at first; then iterate once from the missing samples of an ``image`` (H, W, C)."""
        if image is None or self.solution is None:
            level = self._solve(
                LevelProblem(self.image, self.known, ~self.known, self.image), self.options.iterations, 1.0
            )
        else:
            level = self.solution
            level.estimate[level.missing] = image.reshape(level.estimate.shape)[level.missing]
            level.iterate_gaussian(1, FINAL_OVERLAP)
        return level.image.clone()

    def _solve(self, problem: LevelProblem, iterations: int, share: float, *, graph: bool = True) -> Level:
        """Estimate the wanted pixels, from the coarsest level that holes need to the finest; return the finest.

        The finest level has ``iterations`` of the Gaussian model and the others one less, after one of the patch
        ``graph``. ``share`` is the part of the group's work.
        """
        pyramid = [problem]
        while len(pyramid) < self.levels:
            pyramid.append(pyramid[-1].halve())
        work = [4.0**-number for number in range(self.levels)]
        coarse: Tensor | None = None
        for number, problem in reversed(list(enumerate(pyramid))):
            settings = self.coarse if number else self.fine
            level = Level(problem, problem.start(coarse), settings, self.noise)
            if self.solution is None and number == 0:
                self.solution = level
            if graph and len(level.missing) and min(level.shape) > GRAPH_PATCH_SIZE:
                level.iterate_graph(DAMPING if self.scan is None else LINE_SCAN_DAMPING)
            self._iterate(level, number, iterations - (number > 0), share * work[number] / sum(work))
            coarse = level.image
        return level

    def _iterate(self, level: Level, number: int, iterations: int, share: float) -> None:
        """Run the iterations of the Gaussian model at level ``number``, 0 the finest."""
        for iteration in range(iterations):
            final = number == 0 and iteration == iterations - 1
            tick = self.meter.part(share / iterations)
            caution = 4 if iteration == 0 else 1  # empirical: the first groups are found in a smooth fill
            self.meter.measure = level.iterate_gaussian(caution, FINAL_OVERLAP if final else OVERLAP, tick)

    def _fit_blend(self, solved: Level, distance: Tensor, seed: int) -> tuple[BlendWeights, list[Tensor]]:
        """Compare the fills on hidden pixels: again on others while these are few and the patches not clearly best.

        Returns the weights and the fills (H, W, C) beside that of the patches: a biharmonic, a harmonic and, if the
        biharmonic one is good, a triharmonic fill; exact ones if it is very good. A scan of lines has its own fills.
        """
        distances, scan = distance.cpu().numpy(), self.scan
        kinds: tuple[PolyharmonicFill, ...] = (BIHARMONIC, HARMONIC)
        prior: BlendPrior | None = None
        # where known samples are far apart, so far reaches what was estimated from a hidden one
        repeats, margin = HOLDOUT_REPEATS, max(HOLDOUT_MARGIN, math.ceil(float((distances == 0).mean()) ** -0.5))
        if scan is not None:
            typical = solved.variance[solved.index[solved.missing]].median().sqrt().item()
            kinds, prior = scan.choose_fills(scan.measure_smoothness(self.image, self.known[..., 0]), typical)
            repeats, margin = 1, max(HOLDOUT_MARGIN, 2 * int(distances.max()))
        smooth = self._fill(kinds, {})
        fits: list[HoldoutFit] = []
        doubt = True
        while doubt and len(fits) < repeats and sum(len(fit.hidden) for fit in fits) < HOLDOUT_MAXIMUM:
            draw = seed + len(fits)
            hidden = (
                sample_holdout(distances, draw)
                if scan is None
                else (distances == 0) & scan.sample_holdout(draw)[..., None]
            )
            fit = self._fit_holdout(solved, torch.from_numpy(hidden).to(distance.device), margin)
            fit.compare(smooth)
            fits.append(fit)
            patches, biharmonic, *others = torch.stack([fit.squared_errors() for fit in fits]).sum(0).tolist()
            doubt = min(biharmonic, *others) < CLEARLY_WORSE * patches
        # on very smooth maps, where the root mean square error is below 0.003, the rest of float32 iterations matters
        if scan is None and biharmonic < 3e-3**2 * sum(fit.truth.numel() for fit in fits):
            del smooth[BIHARMONIC]
            smooth = self._fill((PolyharmonicFill(2, exact=True), HARMONIC, PolyharmonicFill(3, exact=True)), smooth)
        elif scan is None and biharmonic < min(CLEARLY_WORSE * patches, *others):
            smooth = self._fill((*kinds, TRIHARMONIC), smooth)
        for fit in fits:
            fit.compare(smooth)
        blend_weights = fit_blend(
            torch.cat([fit.truth for fit in fits]),
            torch.cat([fit.fills for fit in fits], 1),
            torch.cat([fit.variance for fit in fits]) + self.noise**2 - NOISE_FLOOR**2,
            torch.cat([fit.classes for fit in fits]),
            prior,
            torch.stack([self._count_places(fit) for fit in fits]).sum(0),
        )
        return blend_weights, list(smooth.values())

    def _smooth(self) -> Tensor:
        """Return a smooth fill, for a run that was interrupted before it had an estimate."""
        return self.range.clamp_image(map_equal_masks(solve_polyharmonic, self.image, self.known))

    def _fill(
        self, kinds: tuple[PolyharmonicFill, ...], done: dict[PolyharmonicFill, Tensor]
    ) -> dict[PolyharmonicFill, Tensor]:
        """Return the fills of these kinds, some of which are ``done``."""
        filled = done
        for kind in kinds:
            new = kind.fill(self.image, self.known, filled)
            filled = filled | {kind: new if kind.exact or kind in filled else self.range.clamp_image(new)}
        return {kind: filled[kind] for kind in kinds}

    def _fit_holdout(self, solved: Level, hidden: Tensor, margin: int) -> HoldoutFit:
        """Estimate the ``hidden`` samples (H, W, Q), and missing ones up to a ``margin`` around, again without them.

        Two iterations, and none of the graph, are enough, as all pixels around are estimated already.
        """
        image, shown = self.image, self.known & ~hidden
        refilled = dilate(hidden, margin) & ~shown
        problem = LevelProblem(image, shown, refilled, solved.image)
        level = self._solve(problem, 2, HOLDOUT_WORK / HOLDOUT_REPEATS, graph=False)
        samples = hidden.reshape(-1).nonzero()[:, 0]
        found = level.index[samples]
        return HoldoutFit(
            hidden=samples,
            refilled=refilled,
            start=level.estimate[refilled.reshape(-1)],
            truth=level.values_of(image)[samples],
            variance=level.variance[found],
            classes=distance_class(chessboard_distance(~shown)).reshape(-1)[samples],
            patches=self.range.clamp(level.mean[found], samples),
            clamp=self.range.clamp,
        )

    def _count_places(self, fit: HoldoutFit) -> Tensor:
        """Count the places of a holdout, see `count_places`."""
        pixels, columns = fit.hidden // self.known.shape[2], self.image.shape[1]
        return count_places(pixels // columns, pixels % columns, fit.classes)

    def _blend(self, solved: Level, smooth: list[Tensor], blend_weights: BlendWeights, classes: Tensor) -> Estimate:
        """Blend the fills at missing pixels and calibrate sigma."""
        shape = self.image.shape
        values = solved.values_of(self.image).clone()
        sigma = torch.zeros_like(values)
        deviation = solved.variance.sqrt()
        values[solved.wanted] = self.range.clamp(solved.mean, solved.wanted)
        sigma[solved.wanted] = blend_weights.sigma_factor[0] * deviation
        missing = solved.missing
        missing_classes = classes.reshape(-1)[missing]
        # of what would have been measured there, with noise
        missing_deviation = (solved.variance[solved.index[missing]] + self.noise**2 - NOISE_FLOOR**2).sqrt()
        fills = torch.stack([values[missing], *(solved.values_of(fill)[missing] for fill in smooth)])
        values[missing] = blend_weights.blend(fills, missing_deviation, missing_classes)
        error_bars = blend_weights.sigma_factor[missing_classes][:, None] * missing_deviation
        # no fill is less certain than a guess: the deviation of the known samples
        sigma[missing] = error_bars.minimum(solved.values_of(self.image)[self.known.reshape(-1)].std(0, correction=0))
        shares = " ".join(f"{share:.2f}" for share in blend_weights.weights[0].tolist())
        return Estimate(values.reshape(shape), shares, sigma=sigma.reshape(shape))


def _patch_size(side: int, planes: int) -> int:
    """Return the largest odd side up to ``side`` whose patches have few enough samples; at least 3."""
    most = PATCH_VALUES_MAXIMUM[side]
    return max([3, *(size for size in range(3, side + 1, 2) if size**2 * planes <= most)])
