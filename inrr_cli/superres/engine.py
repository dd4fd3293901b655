"""The patch engine for super-resolution: a zero-shot network doubles the image, a patch model refines the result."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from inrr_cli.engine import Control, Estimate, WorkMeter
from inrr_cli.settings import Settings
from inrr_cli.solvers.blend_tiles import Window, blended_tiles
from inrr_cli.superres.colours import NOISE_GAINS, from_luma, to_luma
from inrr_cli.superres.consistency import SLACK
from inrr_cli.superres.detail import shrink_detail
from inrr_cli.superres.downscaling import DownscalingOperator, resize
from inrr_cli.superres.noise import FAINT_NOISE
from inrr_cli.superres.options import SuperresOptions
from inrr_cli.superres.problem import SuperresProblem, slices_within
from inrr_cli.superres.quantisation import remove_quantisation_noise
from inrr_cli.superres.refinement import nonlocal_bayes
from inrr_cli.superres.unlike_channels import estimate_parts, split_unlike
from inrr_cli.superres.zero_shot import (
    CROP_COUNT,
    CROP_SIDE,
    DOUBLED_SIDE,
    TrainingPair,
    ZeroShotNet,
    apply_network,
    make_training_pairs,
    train,
    training_crops,
)

TILE = 1024  # fine pixels of a side that are rendered at once, to bound memory
FIRST_SIGMA, LAST_SIGMA = (
    0.02,
    0.007,
)  # of the first iteration at scale 2 and of the last; empirical, in units of [0, 1]
FIRST_STEPS = 300  # of the training on the image alone: more would learn it by heart; empirical
DENOISING_ITERATIONS = 3  # of the patch model on a noisy input; empirical
# measured seconds of one core, for the progress: a training step, and a million pixels corrected or refined once
STEP_SECONDS, CORRECTION_SECONDS, ITERATION_SECONDS = 0.014, 3.0, 8.0


def estimate(problem: SuperresProblem, settings: Settings, control: Control) -> Estimate:
    """Enlarge an image from itself.

    A network learns from the image's smaller copies to double the image (similarity across scales), and doubles it
    until the result is at least as large as wanted. Then iterations of the Gaussian patch model, of decreasing sigma,
    draw similar patches together (similarity within a scale). After each step the result is projected so that it
    downscales to the input. Three channels are taken for red, green and blue: their luma is enlarged that way, and
    their colour differences are interpolated. Other channels are enlarged one by one by the same network. Channels of
    unlike scale have a network each, see `split_unlike`.

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
    parts = split_unlike(problem, None if settings.noise is None else problem.noise)
    return estimate_parts(parts, _estimate, settings, control)


def _estimate(problem: SuperresProblem, settings: Settings, control: Control, only_interpolate: bool) -> Estimate:
    """Enlarge channels of like scale."""
    engine = PatchEngine(problem, settings, control)
    prepared = not only_interpolate
    try:
        if prepared:
            engine.prepare()
    except KeyboardInterrupt:
        if not control.keep_partial:
            raise
        prepared = False
    values, rendered = engine.render(only_interpolate=not prepared, keep_partial=control.keep_partial)
    return Estimate(values, engine.summary(), prepared and rendered, noise=problem.noise)


class PatchEngine:
    """The patch engine's work on one problem; the parameters are those of `estimate`."""

    def __init__(self, problem: SuperresProblem, settings: Settings, control: Control) -> None:
        options: SuperresOptions = settings.regularizer
        self.problem, self.options, self.seed, self.tile = problem, options, settings.seed, settings.tile or TILE
        self.doublings = max(1, math.ceil(math.log2(max(problem.ratio)) - 1e-9))
        channels = problem.image.shape[2]
        self.is_colour = channels == 3 and problem.may_be_colour
        self.noise_gains = NOISE_GAINS if self.is_colour else [1.0] * channels
        self.detailed = range(1 if self.is_colour else channels)  # the other channels are interpolated
        self.image = to_luma(problem.image) if self.is_colour else problem.image  # to enlarge
        self.target = self.image  # that the result downscales to
        self.smooth = partial(nonlocal_bayes, count=options.similar, radius=options.radius)
        self.resize = partial(resize, size=problem.size, centred=problem.kernel.centred)
        self.network: ZeroShotNet | None = None
        self.trained_steps = 0
        rows, columns = (last - first for first, last in problem.region)
        per_megapixel = CORRECTION_SECONDS * (options.training_steps > 0) + ITERATION_SECONDS * options.iterations
        denoising = ITERATION_SECONDS * DENOISING_ITERATIONS * problem.image.numel() / 1e6
        rendering = per_megapixel * rows * columns / 1e6 * len(self.detailed)
        work = denoising * (problem.noise > FAINT_NOISE) + STEP_SECONDS * options.training_steps + rendering
        self.meter = WorkMeter(control, max(work, 1e-9))

    def prepare(self) -> None:
        """Remove noise, or quantisation noise, from the input, and train the network."""
        quantisation_noise = self.problem.quantisation_step / math.sqrt(12)
        if self.problem.noise > FAINT_NOISE:
            self.target = self.image = self._denoise()
        elif quantisation_noise:
            planes = zip(self.image.unbind(2), self.noise_gains, strict=True)
            filtered = [remove_quantisation_noise(plane, gain * quantisation_noise) for plane, gain in planes]
            self.image = torch.stack(filtered, 2)
        steps = self.options.training_steps
        if min(self.problem.coarse_size) < 48 or not steps:  # empirical: a smaller image teaches too little
            return
        self._train(self.image[..., : len(self.detailed)], steps, quantisation_noise)

    def _train(self, image: Tensor, steps: int, noise: float) -> None:
        """Train the network on the image alone, then in stages on what the network made of it, too.

        The learning rate starts anew with each stage, and each stage doubles the number of steps: a better network
        makes a better image to learn from.
        """
        generator = torch.Generator().manual_seed(self.seed)
        kernel, step_done = self.problem.kernel, self.meter.part(STEP_SECONDS * steps)

        def on_step(loss: float) -> None:
            self.meter.measure, self.trained_steps = loss, self.trained_steps + 1
            step_done(self.trained_steps / steps)

        network = ZeroShotNet(1, generator=generator).to(image.device)
        pairs = make_training_pairs(training_crops(image, CROP_SIDE, generator), kernel, noise, generator=generator)
        doubled_pairs: list[TrainingPair] = []
        while left := steps - self.trained_steps:
            stage = min(left, self.trained_steps or min(FIRST_STEPS, math.ceil(steps / 2)))
            train(network, pairs + doubled_pairs, stage, generator=generator, on_step=on_step)
            self.network = network
            if left > stage:
                planes = training_crops(image, DOUBLED_SIDE, generator)
                some = torch.randperm(len(planes), generator=generator)[:CROP_COUNT].tolist()
                doubled = [self._double(planes[number], planes[number]) for number in some]
                # the doubled image itself would teach the network what it does already
                doubled_pairs = make_training_pairs(doubled, kernel, 0.0, generator=generator, largest=1)

    def render(self, *, only_interpolate: bool, keep_partial: bool) -> tuple[Tensor, bool]:
        """Render the wanted window tile by tile and make it consistent.

        After an interrupt with ``keep_partial`` the rest is only interpolated.

        Returns
        -------
        (P, Q, C) Tensor, bool
            The window, and whether there was no interrupt.
        """
        region = self.problem.region
        (top, bottom), (left, right) = region
        rendered = torch.zeros(bottom - top, right - left, self.image.shape[2], device=self.image.device)
        completed = True
        for window, weights in blended_tiles(region, self.tile, overlap=16):
            try:
                tile = self._render_tile(window, only_interpolate or not completed)
            except KeyboardInterrupt:
                if not keep_partial:
                    raise
                completed = False
                tile = self._render_tile(window, True)
            rendered[slices_within(window, region)] += torch.from_numpy(weights)[..., None].to(rendered) * tile
        return self._finish(rendered), completed

    def refine(self, image: Tensor, number: int) -> Tensor:
        """Apply an iteration of the patch model to a whole enlarged image (P, Q, C); the result is consistent.

        Iterations of different ``number`` leave no grid of patches.
        """
        fine = to_luma(image) if self.is_colour else image.clone()
        for channel in self.detailed:
            plane = fine[..., channel].contiguous()
            fine[..., channel] = self.smooth(plane, plane, LAST_SIGMA, shift=number)
        return self._finish(fine)

    def summary(self) -> str:
        """Return how the result was made, in one line."""
        steps = self.trained_steps
        how = f"{steps} training steps on its smaller copies" if steps else "nothing learned from it"
        return (
            f"patch engine on {self.image.device.type}; {how}; doubled {self.doublings} times; {self.options}; "
            f"kernel {self.problem.kernel.name}"
        )

    def _finish(self, rendered: Tensor) -> Tensor:
        if self.is_colour:
            return self.problem.finish(from_luma(rendered), from_luma(self.target))
        return self.problem.finish(rendered, self.target)

    def _denoise(self) -> Tensor:
        """Remove white noise from the input: each iteration learns the Gaussians from a better estimate."""
        planes = []
        for plane, gain in zip(self.image.unbind(2), self.noise_gains, strict=True):
            noisy = denoised = plane.contiguous()
            for iteration in range(DENOISING_ITERATIONS):
                report = self.meter.part(ITERATION_SECONDS * plane.numel() / 1e6)
                denoised = self.smooth(noisy, denoised, gain * self.problem.noise, shift=iteration, tick=report)
            planes.append(denoised)
        return torch.stack(planes, 2)

    def _render_tile(self, window: Window, only_interpolate: bool) -> Tensor:
        """Render a fine window (h, w, C), in luma and colour differences if the image is in colour."""
        # the network sees 6 coarse pixels far; an iteration of the patch model 16 fine ones (radius 10, patches of 6)
        margin = 12 + math.ceil(48 / min(self.problem.ratio))
        operator, (rows, columns), fine_window = self.problem.pad(window, margin)
        planes = []
        for channel in range(self.image.shape[2]):
            coarse = self.image[slice(*rows), slice(*columns), [channel]]
            if only_interpolate or channel not in self.detailed:
                whole = self.problem.coarse_size
                plain = self.resize(coarse, source=(rows, columns), target=fine_window, source_size=whole)
                fine = operator.project(plain, coarse)
            else:
                fine = self._enlarge(coarse, operator, (rows, columns), fine_window)
            planes.append(fine[slices_within(window, fine_window)])
        return torch.cat(planes, 2)

    def _enlarge(
        self, coarse: Tensor, operator: DownscalingOperator, coarse_window: Window, fine_window: Window
    ) -> Tensor:
        """Enlarge a window (m, n, 1) of one channel to a fine window."""
        problem = self.problem
        slack = SLACK * problem.quantisation_step
        megapixels = coarse.numel() * math.prod(problem.ratio) / 1e6
        fine, factor = coarse, 2**self.doublings
        for number in range(self.doublings):
            share = 0.75 * 4.0 ** (number + 1 - self.doublings)  # of the work: 1 + 1/4 + 1/16 + ... = 4 / 3
            report = self.meter.part(CORRECTION_SECONDS * megapixels * share)
            fine = self._double(fine, coarse, report)
        doubled_size = (factor * problem.coarse_size[0], factor * problem.coarse_size[1])
        if doubled_size != problem.size:
            (top, bottom), (left, right) = coarse_window
            source = (factor * top, factor * bottom), (factor * left, factor * right)
            fine = self.resize(fine, source=source, target=fine_window, source_size=doubled_size)
            fine = operator.project(fine, coarse)
        origin = (fine_window[0][0], fine_window[1][0])
        for iteration in range(self.options.iterations):
            report = self.meter.part(ITERATION_SECONDS * megapixels)
            plane = fine[..., 0].contiguous()
            smoothed = self.smooth(plane, plane, self._sigma(iteration), shift=iteration, origin=origin, tick=report)
            fine = operator.project(smoothed[..., None], coarse, slack)
        plain = self.resize(coarse, source=coarse_window, target=fine_window, source_size=problem.coarse_size)
        return shrink_detail(fine, plain, problem.ratio, problem.quantisation_step)

    def _double(self, plane: Tensor, coarse: Tensor, report: Callable[[float], None] | None = None) -> Tensor:
        """Double a plane (h, w, 1) by the network; the result is consistent with the input ``coarse`` (m, n, 1)."""
        kernel, half = self.problem.kernel, (plane.shape[0], plane.shape[1])
        size = (2 * half[0], 2 * half[1])
        fine = DownscalingOperator.between(half, size, kernel).project(resize(plane, size, kernel.centred), plane)
        if self.network is None:
            return fine
        fine = apply_network(self.network, fine, report)
        operator = DownscalingOperator.between((coarse.shape[0], coarse.shape[1]), size, kernel)
        return operator.project(fine, coarse, SLACK * self.problem.quantisation_step)

    def _sigma(self, iteration: int) -> float:
        """Return the assumed standard deviation of the estimate's error in an iteration."""
        scale = math.sqrt(math.prod(self.problem.ratio))
        first = FIRST_SIGMA * min(2.0, max(0.5, math.sqrt(scale / 2)))  # empirical: larger scales err more
        return first + (LAST_SIGMA - first) * iteration / max(1, self.options.iterations - 1)
