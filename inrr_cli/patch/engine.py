"""The patch engine: coarse to fine, judged on hidden pixels, with an error bar for every missing pixel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from inrr_cli.morphology import grow, shrink
from inrr_cli.patch.gaussian import LEAST_NOISE
from inrr_cli.patch.scale import GRAPH_SIZE, PatchSettings, Scale
from inrr_cli.patch.selection import Judgement, choose_hidden, depth_class, judge
from inrr_cli.smooth import double, halve, relax, smooth_fill

Progress = Callable[[int, int, float], None]

REACH = 2  # missing pixels farther than this from known ones start from the coarser scale
RELAX = 60  # steps that smooth the rim of a hole around what the coarser scale put inside
FIRST = 4  # times the noise in the first round, whose groups are found on a smooth guess
OVERLAP, LAST_OVERLAP = 2, 3  # patches over each pixel and axis, and in the last round
MARGIN = 4  # pixels around hidden ones that are solved again without them
MOST_CHANNELS = 12  # in one patch; more are filled in groups
MOST_VALUES = {7: 150, 9: 250, 13: 300}  # in a patch, by its side: with many channels patches are smaller


@dataclass(frozen=True)
class Filled:
    """What the engine made of a picture.

    Attributes
    ----------
    values : (H, W, C) Tensor
        The picture in [0, 1], its missing pixels filled; known pixels too are estimates if they were to be denoised.
    sigma : (H, W, C) Tensor
        One standard deviation of each estimated pixel, 0 elsewhere; 0 everywhere if not completed.
    judgements : list of Judgement
        What the hidden pixels taught, for each group of channels; empty if not completed.
    completed : bool
    """

    values: Tensor
    sigma: Tensor
    judgements: list[Judgement]
    completed: bool


@torch.no_grad()
def restore(
    image: Tensor,
    known: Tensor,
    *,
    rounds: int,
    similar: int,
    radius: int,
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
    rounds : int
        At the finest scale, at least 2; one less at each coarser one.
    similar, radius : int
        Patches in a group and reach of the search for them, in pixels.
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
    image = torch.where(known[..., None], image, 0)
    groups = torch.split(image, MOST_CHANNELS, 2)
    filled: list[Filled] = []
    for number, channels in enumerate(groups):
        run = _Run(channels, known, rounds, similar, radius, noise, denoise, progress, (number, len(groups)))
        filled.append(run.fill(seed, keep_partial))
    return Filled(
        torch.cat([part.values for part in filled], 2),
        torch.cat([part.sigma for part in filled], 2),
        [judgement for part in filled for judgement in part.judgements],
        all(part.completed for part in filled),
    )


class PatchPrior:
    """What the patches make of a picture: the proximal step of half-quadratic splitting.

    Parameters
    ----------
    image, known, rounds, similar, radius, noise
        As in `restore`; up to MOST_CHANNELS channels.
    """

    def __init__(self, image: Tensor, known: Tensor, *, rounds: int, similar: int, radius: int, noise: float) -> None:
        self.run = _Run(torch.where(known[..., None], image, 0), known, rounds, similar, radius, noise, False)
        self.scale: Scale | None = None

    @torch.no_grad()
    def __call__(self, picture: Tensor | None) -> Tensor:
        """Solve from nothing at first; then one round from the missing pixels of ``picture`` (H, W, C) in [0, 1]."""
        run = self.run
        if picture is None or self.scale is None:
            self.scale = run._solve(run.image, run.known, ~run.known, None, (0.0, 1.0))
        else:
            missing = self.scale.missing
            self.scale.guess[missing] = picture.reshape(-1, picture.shape[2])[missing]
            self.scale.gaussian_round(1, LAST_OVERLAP, lambda part: None)
        return self.scale.guess.reshape(run.image.shape).clone()


class _Run:
    """The work on one group of channels: its settings, how far it is, and the best picture so far."""

    def __init__(
        self,
        image: Tensor,
        known: Tensor,
        rounds: int,
        similar: int,
        radius: int,
        noise: float,
        denoise: bool,
        progress: Progress | None = None,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        self.image, self.known = image, known
        self.rounds, self.radius, self.denoise = rounds, radius, denoise
        self.noise = max(noise, LEAST_NOISE)
        self.progress, self.part = progress, part
        self.guess: Tensor | None = None
        self.change = float("nan")
        small, middle, large = (_patch_size(side, image.shape[2]) for side in MOST_VALUES)
        wide = similar * 3 // 2
        self.fine = PatchSettings(small, similar, large, wide, radius)
        self.levels, left = 1, known
        while shrink(~left, REACH).any() and min(left.shape) >= 4 * small:
            _, left = halve(left[..., None].float(), left)
            self.levels += 1
        self.coarse = PatchSettings(middle, similar * 5 // 4, large, wide, radius)

    def fill(self, seed: int, keep_partial: bool) -> Filled:
        """Solve, hide known pixels and solve around them again, judge, blend."""
        image, known = self.image, self.known
        try:
            everywhere = torch.ones_like(known)
            solved = self._solve(image, known, everywhere if self.denoise else ~known, None, (0.0, 0.75))
            hidden = torch.from_numpy(choose_hidden(known.cpu().numpy(), seed)).to(known.device)
            near = grow(hidden, MARGIN) & ~(known & ~hidden)
            fixed = solved.guess.reshape(image.shape)
            judged = self._solve(image, known & ~hidden, near, fixed, (0.75, 1.0))
        except KeyboardInterrupt:
            if not keep_partial:
                raise
            guess = smooth_fill(image, known).clamp(0, 1) if self.guess is None else self.guess
            return Filled(guess, torch.zeros_like(image), [], completed=False)
        return self._blend(solved, judged, hidden)

    def _solve(
        self, image: Tensor, known: Tensor, wanted: Tensor, fixed: Tensor | None, span: tuple[float, float]
    ) -> Scale:
        """Estimate the ``wanted`` pixels, from the coarsest scale that holes need to the finest; return the finest.

        ``fixed`` has the missing pixels that are not wanted. ``span`` is the part of the progress this takes.
        """
        pyramid = [(image, known, wanted, fixed)]
        while len(pyramid) < self.levels:
            image, known = halve(image, known)
            if fixed is None:
                wanted = ~known
            else:
                fixed, _ = halve(fixed, torch.ones_like(pyramid[-1][1]))
                wanted = halve(wanted[..., None].float(), wanted)[1] & ~known
            pyramid.append((image, known, wanted, fixed))
        work = [4.0**-level for level in reversed(range(len(pyramid)))]
        coarse: Tensor | None = None
        for level in reversed(range(len(pyramid))):
            image, known, wanted, fixed = pyramid[level]
            if coarse is None:
                guess = smooth_fill(image, known)
            else:
                guess = torch.where(known[..., None], image, double(coarse, image.shape))
                guess = relax(guess, ~known & ~shrink(~known, REACH), 2, RELAX, 0.0)
            guess = torch.where(known[..., None], image, guess.clamp(0, 1))
            if fixed is not None:
                guess = torch.where((known | wanted)[..., None], guess, fixed)
            scale = Scale(image, known, guess, wanted, self.coarse if level else self.fine, self.noise)
            before = sum(work[: len(pyramid) - 1 - level]) / sum(work)
            here = span[0] + (span[1] - span[0]) * before
            self._iterate(scale, level, (here, (span[1] - span[0]) * 4.0**-level / sum(work)), fixed is None)
            coarse = scale.guess.reshape(image.shape)
        return scale

    def _iterate(self, scale: Scale, level: int, span: tuple[float, float], best: bool) -> None:
        """One round of the patch graph and the rounds of the Gaussian model at one scale."""
        rounds = self.rounds - (level > 0)
        if len(scale.missing) and min(scale.shape) >= GRAPH_SIZE:
            scale.graph_round()
        for number in range(rounds):
            last = level == 0 and number == rounds - 1
            self.change = scale.gaussian_round(
                FIRST if number == 0 else 1,
                LAST_OVERLAP if last else OVERLAP,
                partial(self._tick, span, number, rounds),
            )
            if best and level == 0:
                self.guess = scale.guess.reshape(self.image.shape)

    def _tick(self, span: tuple[float, float], number: int, rounds: int, part: float) -> None:
        """Report a part of a round: ``span`` is where its scale's rounds begin and what they take of the whole."""
        if self.progress is not None:
            part = span[0] + span[1] * (number + part) / rounds
            self.progress(int(1000 * (self.part[0] + part) / self.part[1]), 1000, self.change)

    def _blend(self, solved: Scale, judged: Scale, hidden: Tensor) -> Filled:
        """Judge the fills on the hidden pixels, blend them, and scale the deviations."""
        image, known = self.image, self.known
        flat = image.reshape(-1, image.shape[2])
        at = hidden.reshape(-1).nonzero()[:, 0]
        slots = judged.slot[at]
        smooth = _smooth_fills(image, known & ~hidden)
        fills = torch.stack([judged.estimate[slots], *(fill[at] for fill in smooth)]).clamp(0, 1)
        classes = depth_class(~(known & ~hidden)).reshape(-1)[at]
        excess = self.noise**2 - LEAST_NOISE**2
        judgement = judge(flat[at], fills, judged.variance[slots] + LEAST_NOISE**2, excess, classes)

        values, sigma = flat.clone(), torch.zeros_like(flat)
        deviation = (solved.variance + LEAST_NOISE**2).sqrt()
        values[solved.free], sigma[solved.free] = solved.estimate, judgement.spread[0] * deviation
        missing = solved.missing
        kind = depth_class(~known).reshape(-1)[missing]
        slots = solved.slot[missing]
        fills = torch.stack([solved.estimate[slots], *(fill[missing] for fill in _smooth_fills(image, known))])
        values[missing] = (judgement.weights[kind].T[..., None] * fills).sum(0)
        sigma[missing] = judgement.spread[kind][:, None] * deviation[slots]
        shape = image.shape
        return Filled(values.clamp(0, 1).reshape(shape), sigma.reshape(shape), [judgement], completed=True)


def _smooth_fills(image: Tensor, known: Tensor) -> list[Tensor]:
    """Thin plate and membrane: (H W, C) each."""
    fills = (smooth_fill(image, known, order=order, iterations=1000, tolerance=1e-6) for order in (2, 1))
    return [fill.reshape(-1, image.shape[2]) for fill in fills]


def _patch_size(side: int, channels: int) -> int:
    """Largest odd side up to this one whose patches have few enough values; at least 3."""
    return max([3, *(size for size in range(3, side + 1, 2) if size**2 * channels <= MOST_VALUES[side])])
