"""The work of the patch engine: coarse to fine, judged on hidden pixels, with an error bar for every missing pixel."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from inrr_cli.engine import Control, Estimate, InpaintingProblem, WorkMeter
from inrr_cli.holdout.blend import BlendWeights, fit_blend
from inrr_cli.holdout.fit import BIHARMONIC, EXACT, HARMONIC, TRIHARMONIC, HoldoutFit, PolyharmonicFill
from inrr_cli.holdout.sampling import HOLDOUT_MAXIMUM, sample_holdout
from inrr_cli.patch.gaussian_model import LEAST_NOISE
from inrr_cli.patch.level import GRAPH_SIZE, PatchSettings, Scale
from inrr_cli.patch.line_scan import find_lines
from inrr_cli.patch.options import PatchOptions
from inrr_cli.patch.patch_graph import HOLD, LINES_HOLD
from inrr_cli.solvers.distance import chessboard_distance, dilate, distance_class, erode
from inrr_cli.solvers.polyharmonic import refine_polyharmonic, solve_polyharmonic
from inrr_cli.solvers.pyramid import double, halve, halve_mask

REACH = 2  # missing pixels farther than this from known ones start from the coarser scale
RELAX = 60  # steps that smooth the rim of a hole around what the coarser scale put inside
FIRST = 4  # times the noise in the first round, whose groups are found on a smooth guess
OVERLAP, LAST_OVERLAP = 2, 3  # patches over each pixel and axis, and in the last round
MARGIN = 4  # pixels around hidden ones that are solved again without them
JUDGED_ROUNDS = 2  # of that, and none of the graph: what is around is solved already
JUDGING = 0.25  # part of the progress for that
FINE = 3e-3  # root mean square error of the plate, below which it is solved to the end
TURNS, CLEAR = 2, 1.5  # of hiding, at most; the other fills' squared error over the patches' that ends them
MOST_VALUES = {7: 150, 9: 250, 13: 300}  # in a patch, by its side: with many channels patches are smaller


@dataclass(frozen=True)
class _Level:
    """A picture at one scale: (H, W, C) ``image``, (H, W) masks of ``known`` and ``wanted`` pixels.

    Missing pixels that are not wanted are those of ``fixed`` (H, W, C).
    """

    image: Tensor
    known: Tensor
    wanted: Tensor
    fixed: Tensor

    def halve(self) -> _Level:
        image, known = halve(self.image, self.known)
        fixed, _ = halve(self.fixed, torch.ones_like(self.known))
        return _Level(image, known, halve_mask(self.wanted) & ~known, fixed)


class ChannelGroup:
    """The work on one group of channels; as in `restore`."""

    def __init__(self, problem: InpaintingProblem, options: PatchOptions, meter: WorkMeter | None = None) -> None:
        image, known = problem.values, problem.known
        self.image, self.known = torch.where(known[..., None], image, 0), known
        self.options, self.noise = options, max(problem.noise or 0.0, LEAST_NOISE)
        self.meter = meter or WorkMeter(Control(), 1.0)
        small, middle, large = (_patch_size(side, image.shape[2]) for side in MOST_VALUES)
        many, radius = options.similar * 3 // 2, options.radius
        self.fine = PatchSettings(small, options.similar, large, many, radius)
        self.coarse = PatchSettings(middle, options.similar * 5 // 4, large, many, radius)
        self.levels, left = 1, known
        while erode(~left, REACH).any() and min(left.shape) >= 4 * small:
            left = halve_mask(left)
            self.levels += 1
        self.scan = find_lines(known.cpu().numpy())
        self.solution: Scale | None = None

    def fill(self, denoise: bool, seed: int, keep_partial: bool) -> Estimate:
        """Solve, hide known pixels and solve around them again, judge, blend."""
        image, known = self.image, self.known
        end = self.meter.done + 1
        try:
            everything = _Level(image, known, torch.ones_like(known) if denoise else ~known, image)
            solved = self._solve(everything, self.options.rounds, 1 - JUDGING)
            deep = chessboard_distance(~known)
            blend_weights, smooth = self._judge(solved, deep, seed)
            self.meter.skip_to(end)
        except KeyboardInterrupt:
            if not keep_partial:
                raise
            guess = solve_polyharmonic(image, known).clamp(0, 1) if self.solution is None else self.solution.guess
            return Estimate(guess.reshape(image.shape), "", completed=False, sigma=torch.zeros_like(image))
        return self._blend(solved, smooth, blend_weights, distance_class(deep))

    def refine(self, picture: Tensor | None) -> Tensor:
        """One step of `PatchPrior`."""
        if picture is None or self.solution is None:
            scale = self._solve(_Level(self.image, self.known, ~self.known, self.image), self.options.rounds, 1.0)
        else:
            scale = self.solution
            scale.guess[scale.missing] = picture.reshape(-1, picture.shape[2])[scale.missing]
            scale.gaussian_round(1, LAST_OVERLAP)
        return scale.guess.reshape(self.image.shape).clone()

    def _solve(self, level: _Level, rounds: int, share: float, *, graph: bool = True) -> Scale:
        """Estimate the wanted pixels, from the coarsest scale that holes need to the finest; return the finest.

        There are ``rounds`` at the finest scale and one less at the others, after one of the patch ``graph``. ``share``
        is the part of the progress that this takes.
        """
        pyramid = [level]
        while len(pyramid) < self.levels:
            pyramid.append(pyramid[-1].halve())
        work = [4.0**-number for number in range(self.levels)]
        coarse: Tensor | None = None
        for number, level in reversed(list(enumerate(pyramid))):
            here = level.known[..., None]
            if coarse is None:
                guess = solve_polyharmonic(level.image, level.known)
            else:
                guess = torch.where(here, level.image, double(coarse, level.known.shape))
                guess = refine_polyharmonic(guess, ~level.known & ~erode(~level.known, REACH), 2, RELAX, 0.0)
            guess = torch.where(level.wanted[..., None], guess.clamp(0, 1), level.fixed)
            guess = torch.where(here, level.image, guess)
            settings = self.coarse if number else self.fine
            scale = Scale(level.image, level.known, guess, level.wanted, settings, self.noise)
            if self.solution is None and number == 0:
                self.solution = scale
            if graph and len(scale.missing) and min(scale.shape) > GRAPH_SIZE:
                scale.graph_round(HOLD if self.scan is None else LINES_HOLD)
            self._iterate(scale, number, rounds - (number > 0), share * work[number] / sum(work))
            coarse = scale.guess.reshape(level.image.shape)
        return scale

    def _iterate(self, scale: Scale, number: int, rounds: int, share: float) -> None:
        """Run the rounds of the Gaussian model at scale ``number``, 0 the finest."""
        for turn in range(rounds):
            last = number == 0 and turn == rounds - 1
            tick = self.meter.part(share / rounds)
            change = scale.gaussian_round(FIRST if turn == 0 else 1, LAST_OVERLAP if last else OVERLAP, tick)
            self.meter.measure = change

    def _judge(self, solved: Scale, deep: Tensor, seed: int) -> tuple[BlendWeights, list[Tensor]]:
        """Judge the fills on hidden pixels: again on others while they are few and the patches not clearly best.

        Returns what was learned and the fills beside that of the patches (H, W, C): a thin plate, a membrane and, where
        the plate is good, a smoother surface; both exact where it is very good. With a scan of lines they are others.
        """
        depths, scan = deep.cpu().numpy(), self.scan
        kinds: tuple[PolyharmonicFill, ...] = (BIHARMONIC, HARMONIC)
        belief, turns, margin = None, TURNS, MARGIN
        if scan is not None:
            typical = solved.variance[solved.slot[solved.missing]].median().sqrt().item()
            kinds, belief = scan.fills(scan.study(self.image, self.known), typical)
            turns, margin = 1, max(MARGIN, 2 * int(depths.max()))
        smooth = self._fill(kinds, {})
        trials: list[HoldoutFit] = []
        doubt = True
        while doubt and len(trials) < turns and sum(len(trial.at) for trial in trials) < HOLDOUT_MAXIMUM:
            turn = seed + len(trials)
            hidden = sample_holdout(depths, turn) if scan is None else (depths == 0) & scan.sample_holdout(turn)
            trial = self._try(solved, torch.from_numpy(hidden).to(deep.device), margin, JUDGING / TURNS)
            trial.compare(smooth)
            trials.append(trial)
            patches, plate, *others = torch.stack([trial.errors() for trial in trials]).sum(0).tolist()
            doubt = min(plate, *others) < CLEAR * patches
        if scan is None and plate < FINE**2 * sum(trial.truth.numel() for trial in trials):
            del smooth[BIHARMONIC]
            smooth = self._fill(EXACT, smooth)
        elif scan is None and plate < min(CLEAR * patches, *others):
            smooth = self._fill((*kinds, TRIHARMONIC), smooth)
        for trial in trials:
            trial.compare(smooth)
        blend_weights = fit_blend(
            torch.cat([trial.truth for trial in trials]),
            torch.cat([trial.fills for trial in trials], 1),
            torch.cat([trial.variance for trial in trials]),
            self.noise**2 - LEAST_NOISE**2,
            torch.cat([trial.classes for trial in trials]),
            belief,
        )
        return blend_weights, list(smooth.values())

    def _fill(
        self, kinds: tuple[PolyharmonicFill, ...], done: dict[PolyharmonicFill, Tensor]
    ) -> dict[PolyharmonicFill, Tensor]:
        filled = done
        for kind in kinds:
            filled = filled | {kind: kind.fill(self.image, self.known, filled)}
        return {kind: filled[kind] for kind in kinds}

    def _try(self, solved: Scale, hidden: Tensor, margin: int, share: float) -> HoldoutFit:
        """Fill the ``hidden`` pixels (H, W), and missing ones up to a ``margin`` around, again without them."""
        image, shown = self.image, self.known & ~hidden
        near = dilate(hidden, margin) & ~shown
        scale = self._solve(
            _Level(image, shown, near, solved.guess.reshape(image.shape)), JUDGED_ROUNDS, share, graph=False
        )
        at = hidden.reshape(-1).nonzero()[:, 0]
        return HoldoutFit(
            at=at,
            near=near,
            guess=scale.guess.reshape(image.shape)[near],
            truth=image.flatten(0, 1)[at],
            variance=scale.variance[scale.slot[at]],
            classes=distance_class(chessboard_distance(~shown)).reshape(-1)[at],
            patches=scale.estimate[scale.slot[at]].clamp(0, 1),
        )

    def _blend(self, solved: Scale, smooth: list[Tensor], blend_weights: BlendWeights, classes: Tensor) -> Estimate:
        """Blend the fills and scale the deviations."""
        shape = self.image.shape
        values = self.image.flatten(0, 1).clone()
        sigma = torch.zeros_like(values)
        deviation = solved.variance.sqrt()
        values[solved.unknown], sigma[solved.unknown] = solved.estimate.clamp(0, 1), blend_weights.spread[0] * deviation
        missing = solved.missing
        kind = classes.reshape(-1)[missing]
        uncertain = deviation[solved.slot[missing]]
        fills = torch.stack([values[missing], *(fill.flatten(0, 1)[missing] for fill in smooth)])
        values[missing] = blend_weights.blend(fills, uncertain, kind)
        sigma[missing] = blend_weights.spread[kind][:, None] * uncertain
        shares = " ".join(f"{share:.2f}" for share in blend_weights.weights[0].tolist())
        return Estimate(values.reshape(shape), shares, sigma=sigma.reshape(shape))


def _patch_size(side: int, channels: int) -> int:
    """Largest odd side up to this one whose patches have few enough values; at least 3."""
    return max([3, *(size for size in range(3, side + 1, 2) if size**2 * channels <= MOST_VALUES[side])])
