"""The patch engine for super-resolution: learn from smaller copies, double, draw patches together, stay consistent."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from inrr_cli.engine import Control, Estimate, WorkMeter
from inrr_cli.settings import Settings
from inrr_cli.solvers.blend_tiles import blended_tiles
from inrr_cli.superres.colours import GAINS, from_luma, to_luma
from inrr_cli.superres.consistency import SLACK
from inrr_cli.superres.detail import shrink_detail
from inrr_cli.superres.downscaling import DownscalingOperator
from inrr_cli.superres.noise import FAINT_NOISE
from inrr_cli.superres.options import SuperresOptions
from inrr_cli.superres.problem import SuperresProblem, Window, within
from inrr_cli.superres.refinement import smooth_round
from inrr_cli.superres.resize import consistent_upscale, resize
from inrr_cli.superres.rounding import remove_rounding
from inrr_cli.superres.windows import lessons
from inrr_cli.superres.zero_shot import Pair, ZeroShotNet, correct, learn, make_pairs

TILE_OVERLAP = 16  # pixels on either side of a cut over which neighbouring tiles are blended
TILE = 1024  # fine pixels of a side that are made at once
SEEN, REACH = 12, 48  # coarse and fine pixels around a window that it depends on
FIRST, LAST = 0.03, 0.01  # deviations of the first round at scale 2 and of the last
CLEANING = 3  # rounds that remove noise
SMALL = 48  # coarse pixels of a side that teach enough
# seconds of one core for each step of learning, and for each million pixels: to tell the time left
PER_LESSON, PER_CORRECTION, PER_ROUND = 0.014, 3.0, 8.0


def estimate(problem: SuperresProblem, settings: Settings, control: Control) -> Estimate:
    """Enlarge an image from itself.

    A network learns from the image's smaller copies to double it (patches across scales), and doubles it until it is
    at least as large as wanted. Then iterations of the Gaussian patch model, of decreasing deviation, draw similar
    patches together (patches within a scale). After each step the image is made to downscale to the input. Of
    three channels, taken for red, green and blue, that is done to the luma, and the colours are interpolated; other
    channels are treated one by one with one network.

    Parameters
    ----------
    problem : SuperresProblem
    settings : Settings
        ``settings.regularizer`` is a SuperresOptions; ``settings.tile`` is TILE by default.
    control : Control
        The measure of the progress is the loss of the training.

    Returns
    -------
    Estimate
        Its values are the window that the problem asks for.
    """
    engine = Engine(problem, settings, control)
    completed = True
    try:
        engine.prepare()
    except KeyboardInterrupt:
        if not control.keep_partial:
            raise
        completed = False
    values, whole = engine.make(quick=not completed, keep_partial=control.keep_partial)
    return Estimate(values, engine.summary(), completed and whole, noise=problem.noise)


class Engine:
    """The work on one problem; the parameters are those of `estimate`."""

    def __init__(self, problem: SuperresProblem, settings: Settings, control: Control) -> None:
        options: SuperresOptions = settings.regularizer
        self.problem, self.options, self.seed, self.tile = problem, options, settings.seed, settings.tile or TILE
        self.doublings = max(1, math.ceil(math.log2(max(problem.ratio)) - 1e-9))
        self.colour = problem.image.shape[2] == 3
        self.target = self.image = to_luma(problem.image) if self.colour else problem.image
        self.gains = GAINS if self.colour else (1.0,) * problem.image.shape[2]
        self.detailed = range(1 if self.colour else problem.image.shape[2])
        self.network: ZeroShotNet | None = None
        self.learned = self.turn = 0
        high, wide = (last - first for first, last in problem.region())
        each = PER_CORRECTION * (options.train_steps > 0) + PER_ROUND * options.rounds
        cleaning = PER_ROUND * CLEANING * problem.image.numel() / 1e6 * (problem.noise > FAINT_NOISE)
        total = cleaning + PER_LESSON * options.train_steps + each * high * wide / 1e6 * len(self.detailed)
        self.meter = WorkMeter(control, max(total, 1e-9))

    def prepare(self) -> None:
        """Remove noise, or what rounding added, from the coarse picture, and learn from it."""
        rounding = self.problem.quantisation_step / math.sqrt(12)
        if self.problem.noise > FAINT_NOISE:
            self.target = self.image = self._clean()
        elif rounding:
            planes = zip(self.image.unbind(2), self.gains, strict=True)
            self.image = torch.stack([remove_rounding(plane, gain * rounding) for plane, gain in planes], 2)
        if min(self.problem.coarse_size) < SMALL or not self.options.train_steps:
            return
        generator = torch.Generator().manual_seed(self.seed)
        pairs: list[Pair] = []
        for part in lessons(self.image, generator):
            for number in self.detailed:
                pairs += make_pairs(part[..., [number]], self.problem.kernel, rounding, generator)
        told = self.meter.part(PER_LESSON * self.options.train_steps)

        def tick(step: int, loss: float) -> None:
            self.meter.measure, self.learned = loss, step
            told(step / self.options.train_steps)

        self.network = learn(pairs, self.options.train_steps, generator=generator, tick=tick)

    def make(self, *, quick: bool, keep_partial: bool) -> tuple[Tensor, bool]:
        """Make the wanted window tile by tile and consistent; ``quick`` only interpolates.

        Returns
        -------
        (P, Q, C) Tensor, bool
            The window, and whether all tiles were made as they should be.
        """
        region = self.problem.region()
        (top, bottom), (left, right) = region
        made = torch.zeros(bottom - top, right - left, self.image.shape[2], device=self.image.device)
        completed = True
        for window, weights in blended_tiles(region, self.tile, TILE_OVERLAP):
            weight = torch.from_numpy(weights)
            try:
                tile = self._render(window, quick or not completed)
            except KeyboardInterrupt:
                if not keep_partial:
                    raise
                completed = False
                tile = self._render(window, True)
            made[within(window, region)] += weight[..., None].to(made) * tile
        return self._finish(made), completed

    def refine(self, picture: Tensor) -> Tensor:
        """One more round on a whole picture (P, Q, C), made consistent: what the patches make of a guess."""
        fine = to_luma(picture) if self.colour else picture.clone()
        for number in self.detailed:
            fine[..., number] = self._round(fine[..., number].contiguous(), LAST, self.turn)
        self.turn += 1
        return self._finish(fine)

    def summary(self) -> str:
        """How it was done, in a line."""
        how = f"{self.learned} training steps on its smaller copies" if self.learned else "nothing learned from it"
        return (
            f"patch engine on {self.image.device.type}; {how}; doubled {self.doublings} times; {self.options}; "
            f"kernel {self.problem.kernel.name}"
        )

    def _finish(self, made: Tensor) -> Tensor:
        if self.colour:
            return self.problem.finish(from_luma(made), from_luma(self.target))
        return self.problem.finish(made, self.target)

    def _clean(self) -> Tensor:
        """Remove white noise from the coarse picture: the Gaussian model of ever better groups."""
        planes = []
        for plane, gain in zip(self.image.unbind(2), self.gains, strict=True):
            noisy = guide = plane.contiguous()
            for turn in range(CLEANING):
                tick = self.meter.part(PER_ROUND * plane.numel() / 1e6)
                guide = self._round(guide, gain * self.problem.noise, turn, tick, noisy)
            planes.append(guide)
        return torch.stack(planes, 2)

    def _round(
        self,
        guide: Tensor,
        deviation: float,
        shift: int,
        tick: Callable[[float], None] | None = None,
        picture: Tensor | None = None,
        origin: tuple[int, int] = (0, 0),
    ) -> Tensor:
        count, radius = self.options.similar, self.options.radius
        picture = guide if picture is None else picture
        return smooth_round(
            picture, guide, deviation, count=count, radius=radius, shift=shift, origin=origin, tick=tick
        )

    def _render(self, window: Window, quick: bool) -> Tensor:
        """Make a fine window (h, w, C), colours apart."""
        margin = SEEN + math.ceil(REACH / min(self.problem.ratio))
        model, seen, made = self.problem.surroundings(window, margin)
        planes = []
        for number in range(self.image.shape[2]):
            coarse = self.image[slice(*seen[0]), slice(*seen[1]), number : number + 1]
            if quick or number not in self.detailed:
                fine = model.project(self._resize(coarse, seen, self.problem.coarse_size, made), coarse)
            else:
                fine = self._enlarge(coarse, model, seen, made)
            planes.append(fine[within(window, made)])
        return torch.cat(planes, 2)

    def _enlarge(self, coarse: Tensor, model: DownscalingOperator, seen: Window, made: Window) -> Tensor:
        """Enlarge the channel (m, n, 1) that lies in the coarse window ``seen`` to the fine window ``made``."""
        problem, kernel = self.problem, self.problem.kernel
        pixels = coarse.numel() * math.prod(problem.ratio) / 1e6
        low = (coarse.shape[0], coarse.shape[1])
        fine, factor = coarse, 1
        for number in range(self.doublings):
            factor *= 2
            size = (factor * low[0], factor * low[1])
            step = DownscalingOperator.between((size[0] // 2, size[1] // 2), size, kernel)
            fine = consistent_upscale(fine, step, size, kernel.centred)
            if self.network is not None:
                tick = self.meter.part(PER_CORRECTION * pixels * 0.75 * 4.0 ** (number + 1 - self.doublings))
                fine = correct(self.network, fine, tick)
                fine = DownscalingOperator.between(low, size, kernel).project(
                    fine, coarse, SLACK * problem.quantisation_step
                )
        whole = (factor * problem.coarse_size[0], factor * problem.coarse_size[1])
        if whole != problem.size:
            (top, bottom), (left, right) = seen
            source = (factor * top, factor * bottom), (factor * left, factor * right)
            fine = model.project(self._resize(fine, source, whole, made), coarse)
        for turn in range(self.options.rounds):
            tick = self.meter.part(PER_ROUND * pixels)
            origin = (made[0][0], made[1][0])
            plane = self._round(fine[..., 0].contiguous(), self._deviation(turn), turn, tick, origin=origin)
            fine = model.project(plane[..., None], coarse, SLACK * problem.quantisation_step)
        plain = self._resize(coarse, seen, problem.coarse_size, made)
        return shrink_detail(fine, plain, problem.ratio, problem.quantisation_step)

    def _resize(self, picture: Tensor, source: Window, whole: tuple[int, int], made: Window) -> Tensor:
        """Resize a picture that is the window ``source`` of a ``whole`` to the window ``made`` of the fine one."""
        size = (made[0][1] - made[0][0], made[1][1] - made[1][0])
        wholes = whole, self.problem.size
        return resize(picture, size, self.problem.kernel.centred, whole=wholes, window=source, target=made)

    def _deviation(self, turn: int) -> float:
        """How far the picture is thought to be from the truth in a round."""
        scale = math.sqrt(math.prod(self.problem.ratio))
        first = FIRST * min(2.0, max(0.5, math.sqrt(scale / 2)))
        return first + (LAST - first) * turn / max(1, self.options.rounds - 1)
