"""Networks for super-resolution: fitted to the samples, to the samples and the patch model, or to a point grid."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from inrr_cli.engine import Control, Estimate, InpaintingProblem
from inrr_cli.neural.coordinates import pixel_centres
from inrr_cli.neural.engine import estimate as fit_network
from inrr_cli.patch.options import PatchOptions
from inrr_cli.settings import Settings
from inrr_cli.superres.downscaling import DownscalingOperator
from inrr_cli.superres.engine import PatchEngine
from inrr_cli.superres.kernels import downscale_matrix
from inrr_cli.superres.problem import SuperresProblem, slices_within


def estimate(problem: SuperresProblem, settings: Settings, control: Control) -> Estimate:
    """Enlarge an image by a network and make the result consistent with the image.

    ``settings.recipe`` is not None. The values of the estimate are the window that the problem asks for, ``raw`` is the
    same window as the network renders it.
    """
    if problem.kernel.name == "point":
        return _by_points(problem, settings, control)
    if settings.reg == "patch":
        return _by_half_quadratic_splitting(problem, settings, control)
    result = fit_network(InpaintingProblem(problem.image, problem.known), settings, control)
    return _make_consistent(problem, result, problem.coarse_size, result.values)


def _by_half_quadratic_splitting(problem: SuperresProblem, settings: Settings, control: Control) -> Estimate:
    """Fit a network to the patch model's image, which follows the network.

    Half-quadratic splitting on a grid twice as fine as the input, or on the wanted grid if it is coarser: the network
    renders any other grid. At first the patch engine makes the image, later it refines the network's image.
    """
    rows, columns = (
        round(length * min(2, ratio)) for length, ratio in zip(problem.coarse_size, problem.ratio, strict=True)
    )
    size = (rows, columns)
    finer = replace(problem, size=size, window=((0, rows), (0, columns)), quantisation_step=0.0)
    engine = PatchEngine(finer, settings, control.part(0, 2))

    def prior(image: Tensor | None, number: int) -> Tensor:
        if image is not None:
            return engine.refine(image, number)
        engine.prepare()
        return engine.render(only_interpolate=False, keep_partial=False)[0]

    nothing = problem.image.new_zeros(*size, problem.image.shape[2])
    unknown = torch.zeros_like(nothing, dtype=torch.bool)
    result = fit_network(InpaintingProblem(nothing, unknown), settings, control.part(1, 2), prior)
    operator = DownscalingOperator.between(problem.coarse_size, size, problem.kernel)
    result = replace(result, noise=problem.noise)
    return _make_consistent(problem, result, size, operator.forward(result.values))


def _by_points(problem: SuperresProblem, settings: Settings, control: Control) -> Estimate:
    """Fit a network to the fine grid, of which the point kernel makes every s-th pixel known.

    The setting of the INRR paper's figure 5.
    """
    rows, columns = (
        torch.from_numpy(downscale_matrix(coarse, fine, problem.kernel).indices).long()
        for coarse, fine in zip(problem.coarse_size, problem.size, strict=True)
    )
    values = problem.image.new_zeros(*problem.size, problem.image.shape[2])
    known = torch.zeros_like(values, dtype=torch.bool)
    index = rows[:, None], columns
    values[index], known[index] = problem.image, problem.known
    if settings.reg == "patch":  # inpainting needs larger groups and at least two iterations
        given = settings.regularizer
        options = PatchOptions(similar=2 * given.similar, radius=given.radius, rounds=max(2, given.iterations))
        settings = replace(settings, regularizer=options)
    result = fit_network(InpaintingProblem(values, known, problem.noise), settings, control)
    return _make_consistent(problem, result, problem.size, result.values[index])


def _make_consistent(problem: SuperresProblem, result: Estimate, grid: tuple[int, int], fitted: Tensor) -> Estimate:
    """Render the wanted window by the network, and make the window consistent with the input.

    ``result`` is of a network that was fitted on a ``grid`` of rows and columns; ``fitted`` (M, N, C) is the network's
    output on the coarse grid.
    """
    assert result.render is not None
    region = problem.region
    y, x = (
        pixel_centres(length, fine)[slice(*span)].to(problem.image.device)
        for length, fine, span in zip(grid, problem.size, region, strict=True)
    )
    rendered = result.render(y, x)
    raw = rendered[slices_within(problem.window, region)]
    return replace(result, values=problem.finish(rendered, problem.image), raw=raw, fitted=fitted)
