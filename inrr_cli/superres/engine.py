"""The patch engine for super-resolution: learn from smaller copies, double, draw patches together, stay consistent."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from inrr_cli.progress import Progress
from inrr_cli.registry import EnlargeOptions
from inrr_cli.superres.formation import Formation
from inrr_cli.superres.learning import LEAST, Doubler, Pair, correct, learn, make_pairs
from inrr_cli.superres.problem import Problem, Window, within
from inrr_cli.superres.resize import consistent_upscale, resize
from inrr_cli.superres.rounds import smooth_round

MARGIN = 32  # coarse pixels around a window that it is made from
TILE, OVERLAP = 1024, 16  # fine pixels made at once, and those over which neighbours are blended
LESSON, LESSONS = 512, 8  # coarse pixels of a part's side and how many parts are learned from
FIRST, LAST = 0.03, 0.01  # deviations of the first round at scale 2 and of the last
CLEANING = 3  # rounds that remove noise
FAINT = 0.006  # noise up to this is left in: 1.5 levels of 255
# ITU-R BT.601: luma and two differences of colour
TO_LUMA = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
CHROMA = 0.5  # what is added to the differences, so that grey is in the middle


@dataclass(frozen=True)
class Enlarged:
    """The wanted window (P, Q, C) of the fine picture, whether all was done, and how."""

    values: Tensor
    completed: bool
    account: str


class Report:
    """Turn shares of the expected work into progress in permille."""

    def __init__(self, progress: Progress | None, total: float) -> None:
        self.progress, self.total, self.done, self.value = progress, total, 0.0, math.nan

    def part(self, work: float) -> Callable[[float], None]:
        """Start on a part of the work; tell the result how much of it is done, from 0 to 1."""
        start = self.done
        self.done += work

        def tick(share: float) -> None:
            if self.progress is not None:
                self.progress(min(1000, round(1000 * (start + work * share) / self.total)), 1000, self.value)

        return tick


def enlarge(
    problem: Problem,
    options: EnlargeOptions,
    *,
    seed: int,
    tile: int | None = None,
    progress: Progress | None = None,
    keep_partial: bool = False,
) -> Enlarged:
    """Enlarge a picture from itself.

    Parameters
    ----------
    problem : Problem
    options : EnlargeOptions
    seed : int
        Of the network that learns.
    tile : int, optional
        Fine pixels of a side that are made at once; TILE by default.
    progress : callable, optional
        Called with permille done, 1000 and the loss of the learning.
    keep_partial : bool
        On Ctrl-C return what there is instead of raising KeyboardInterrupt.
    """
    engine = Engine(problem, options, seed, tile, progress)
    completed = True
    try:
        engine.prepare()
    except KeyboardInterrupt:
        if not keep_partial:
            raise
        completed = False
    values, whole = engine.make(quick=not completed, keep_partial=keep_partial)
    return Enlarged(values, completed and whole, engine.account())


class Engine:
    """The work on one problem; the parameters are those of `enlarge`."""

    def __init__(
        self, problem: Problem, options: EnlargeOptions, seed: int, tile: int | None, progress: Progress | None
    ) -> None:
        self.problem, self.options, self.seed, self.tile = problem, options, seed, tile or TILE
        self.doublings = max(1, math.ceil(math.log2(max(problem.ratio)) - 1e-9))
        self.colour = problem.image.shape[2] == 3
        self.image = to_luma(problem.image) if self.colour else problem.image
        self.network: Doubler | None = None
        self.learned = self.turn = 0
        high, wide = (last - first for first, last in problem.region())
        pixels = high * wide / 1e6
        # seconds on one core: what a progress bar needs to be about right
        self.work = {
            "clean": 8.0 * CLEANING * self.image.numel() / 1e6 * (problem.noise > FAINT),
            "learn": 0.014 * options.lessons,
            "correct": 3.0 * pixels * self._groups(),
            "round": 8.0 * pixels * self._groups(),
        }
        total = sum(self.work.values()) + self.work["round"] * (options.rounds - 1)
        self.report = Report(progress, total)

    def _groups(self) -> int:
        """Pictures of colours or of single channels to work on."""
        return 1 if self.colour else self.problem.image.shape[2]

    def prepare(self) -> None:
        """Remove noise from the coarse picture, and learn from it."""
        if self.problem.noise > FAINT:
            self.image = self._clean()
        if min(self.problem.coarse_size) < 2 * LEAST or not self.options.lessons:
            return
        generator = torch.Generator().manual_seed(self.seed)
        rounding = self.problem.quantum / math.sqrt(12)
        pairs: list[Pair] = []
        for part in self._parts(generator):
            for channels in torch.split(part, 3 if self.colour else 1, 2):
                pairs += make_pairs(channels, self.problem.kernel, rounding, generator)
        told = self.report.part(self.work["learn"])

        def tick(step: int, loss: float) -> None:
            self.report.value, self.learned = loss, step
            told(step / self.options.lessons)

        self.network = learn(pairs, self.options.lessons, generator=generator, tick=tick)

    def make(self, *, quick: bool, keep_partial: bool) -> tuple[Tensor, bool]:
        """Make the wanted window tile by tile, and settle it; ``quick`` only interpolates.

        Returns
        -------
        (P, Q, C) Tensor, bool
            The window, and whether all tiles were made as they should be.
        """
        problem = self.problem
        region = problem.region()
        (top, bottom), (left, right) = region
        made = torch.zeros(bottom - top, right - left, self.image.shape[2], device=self.image.device)
        completed = True
        for window, inner in self._tiles(region):
            try:
                tile = self._render(window, quick or not completed)
            except KeyboardInterrupt:
                if not keep_partial:
                    raise
                completed = False
                tile = self._render(window, True)
            (first, last), (start, end) = window
            made[first - top : last - top, start - left : end - left] += inner[..., None].to(made) * tile
        return problem.finish(self._colours(made), self._colours(self.image)), completed

    def refine(self, picture: Tensor) -> Tensor:
        """One last round on a whole picture (P, Q, C), made consistent: what the patches make of a guess."""
        fine = to_luma(picture) if self.colour else picture.clone()
        for number in range(1 if self.colour else fine.shape[2]):
            plane = fine[..., number].contiguous()
            fine[..., number] = smooth_round(
                plane, plane, LAST, count=self.options.similar, radius=self.options.radius, shift=self.turn
            )
        self.turn += 1
        return self.problem.finish(self._colours(fine), self._colours(self.image))

    def account(self) -> str:
        """How it was done, in a line."""
        how = f"{self.learned} lessons from its own smaller copies" if self.learned else "too small to learn from"
        return (
            f"patch engine on {self.image.device.type}; {how}; doubled {self.doublings} times; {self.options}; "
            f"kernel {self.problem.kernel.name}"
        )

    def _clean(self) -> Tensor:
        """Remove white noise from each channel of the coarse picture: the Gaussian model on ever better groups."""
        noises = [self.problem.noise] * self.image.shape[2]
        if self.colour:
            noises = [self.problem.noise * math.hypot(*row) for row in TO_LUMA]
        planes = []
        for number, noise in enumerate(noises):
            plane = self.image[..., number].contiguous()
            guide = plane
            for turn in range(CLEANING):
                tick = self.report.part(self.work["clean"] / CLEANING / len(noises))
                guide = smooth_round(plane, guide, noise, count=self.options.similar, radius=self.options.radius,
                                     shift=turn, tick=tick)  # fmt: skip
            planes.append(guide)
        return torch.stack(planes, 2)

    def _parts(self, generator: torch.Generator) -> Iterator[Tensor]:
        """Parts of the coarse picture to learn from: all of it, unless it is large."""
        high, wide = self.problem.coarse_size
        corners = [(top, left) for top in range(0, high, LESSON) for left in range(0, wide, LESSON)]
        if high * wide <= LESSONS * LESSON**2:
            yield self.image
            return
        for number in torch.randperm(len(corners), generator=generator)[:LESSONS].tolist():
            top, left = (min(at, length - LESSON) if length > LESSON else 0
                         for at, length in zip(corners[number], self.problem.coarse_size, strict=True))  # fmt: skip
            yield self.image[top : top + LESSON, left : left + LESSON]

    def _tiles(self, region: Window) -> Iterator[tuple[Window, Tensor]]:
        """Windows that cover a region, and their weights (h, w), which sum to 1 everywhere."""
        sides = []
        for first, last in region:
            count = max(1, round((last - first) / self.tile))
            cuts = [first + (last - first) * number // count for number in range(count + 1)]
            parts = []
            for start, end in pairwise(cuts):
                before, after = (0 if start == first else OVERLAP), (0 if end == last else OVERLAP)
                weight = torch.ones(end - start + before + after)
                ramp = (torch.arange(2 * OVERLAP) + 0.5) / (2 * OVERLAP)
                if before:
                    weight[: 2 * OVERLAP] *= ramp
                if after:
                    weight[-2 * OVERLAP :] *= ramp.flip(0)
                parts.append(((start - before, end + after), weight))
            sides.append(parts)
        for rows, down in sides[0]:
            for columns, across in sides[1]:
                yield (rows, columns), down[:, None] * across

    def _render(self, window: Window, quick: bool) -> Tensor:
        """Make a fine window (h, w, C), colours apart."""
        model, seen, made = self.problem.surroundings(window, MARGIN)
        coarse = self.image[slice(*seen[0]), slice(*seen[1])]
        groups = torch.split(coarse, 3 if self.colour else 1, 2)
        fine = torch.cat([self._enlarge(group, model, seen, made, quick) for group in groups], 2)
        return fine[within(window, made)]

    def _enlarge(self, coarse: Tensor, model: Formation, seen: Window, made: Window, quick: bool) -> Tensor:
        """Enlarge the channels (m, n, K) that lie in the coarse window ``seen`` to the fine window ``made``."""
        problem, kernel = self.problem, self.problem.kernel
        share = coarse.shape[0] * coarse.shape[1] / math.prod(self.problem.coarse_size)
        fine, factor = coarse, 1
        for number in range(self.doublings):
            factor *= 2
            size = (2 * fine.shape[0], 2 * fine.shape[1])
            step = Formation.between((fine.shape[0], fine.shape[1]), size, kernel)
            fine = consistent_upscale(fine, step, size, kernel.centred)
            if self.network is not None and not quick:
                tick = self.report.part(self.work["correct"] * share * 0.75 * 4.0 ** (number + 1 - self.doublings))
                fine = correct(self.network, fine, tick)
                fine = Formation.between((coarse.shape[0], coarse.shape[1]), size, kernel).project(fine, coarse)
        whole = (factor * self.problem.coarse_size[0], factor * self.problem.coarse_size[1])
        if whole != problem.size:
            source = tuple((factor * first, factor * last) for first, last in seen)
            size = (made[0][1] - made[0][0], made[1][1] - made[1][0])
            fine = resize(fine, size, kernel.centred, whole=(whole, problem.size), window=source, target=made)  # type: ignore[arg-type]
            fine = model.project(fine, coarse)
        for turn in range(0 if quick else self.options.rounds):
            tick = self.report.part(self.work["round"] * share)
            fine[..., 0] = smooth_round(
                luma := fine[..., 0].contiguous(),
                luma,
                self._deviation(turn),
                count=self.options.similar,
                radius=self.options.radius,
                shift=turn - made[0][0],
                tick=tick,
            )
            fine = model.project(fine, coarse)
        return fine

    def _deviation(self, turn: int) -> float:
        """How far the picture is thought to be from the truth in a round."""
        first = FIRST * min(2.0, max(0.5, math.sqrt(math.sqrt(math.prod(self.problem.ratio)) / 2)))
        return first + (LAST - first) * turn / max(1, self.options.rounds - 1)

    def _colours(self, picture: Tensor) -> Tensor:
        return from_luma(picture) if self.colour else picture


def to_luma(picture: Tensor) -> Tensor:
    """From red, green and blue (..., 3) to luma and two differences of colour."""
    made = picture @ picture.new_tensor(TO_LUMA).T
    made[..., 1:] += CHROMA
    return made


def from_luma(picture: Tensor) -> Tensor:
    """Undo `to_luma`."""
    offset = picture.new_tensor((0.0, CHROMA, CHROMA))
    inverse: Tensor = torch.linalg.inv(torch.tensor(TO_LUMA, dtype=torch.float64)).to(picture)
    return (picture - offset) @ inverse.T
