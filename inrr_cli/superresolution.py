"""Super-resolution: enlarge an image from the image itself. Importing this module does not import torch."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import Control, Estimate
from inrr_cli.errors import InputError
from inrr_cli.imaging.array_axes import ArrayAxes
from inrr_cli.imaging.value_range import Pixels, ValueRange, check_image, working_range
from inrr_cli.result import Result, finite_values, image_sigma, make_result
from inrr_cli.settings import Settings, make_settings
from inrr_cli.superres.options import SuperresOptions
from inrr_cli.superres.target import Target, make_target

if TYPE_CHECKING:
    from inrr_cli.superres.problem import SuperresProblem

    Engine = Callable[[SuperresProblem, Settings, Control], Estimate]


def superres(
    image: Pixels,
    scale: float | None = None,
    *,
    channel_axis: int | None = None,
    size: tuple[int, int] | None = None,
    crop: tuple[int, int, int, int] | None = None,
    kernel: str = "bicubic",
    opacity: NDArray[Any] | None = None,
    reg: str | None = None,
    net: str | None = None,
    **options: Any,
) -> Pixels:
    """Enlarge an image from the image itself.

    Parameters
    ----------
    image : (M, N[, C]) ndarray
        Grey or multichannel image, integers or floats. Samples that are not finite hold no data.
    scale : float
        Factor above 1 and at most 64, whole or not.
    channel_axis : int, optional
        Axis of the channels of ``image`` and ``opacity``; by default the last one of three.
    size : (int, int), optional
        Rows and columns of the enlarged image, instead of ``scale``.
    crop : (int, int, int, int), optional
        First column and row, and number of columns and rows, of the wanted part of the enlarged image.
    kernel : str
        How a fine image was downscaled to ``image``: "bicubic", "area", "lanczos", "point" or "gaussian:SIGMA" (see
        `inrr_cli.superres.kernels.parse_kernel`).
    opacity : (M, N[, C]) ndarray, optional
        How much each sample counts, from 0, no data, to 1, the default. Samples without data stay as they are, as
        blocks of equal values, and nothing is learned from them.
    reg, net : str, optional
        Regulariser and representation of `make_settings`: similar patches on the pixel grid by default.
    **options
        Other parameters of `make_settings`: ``noise``, ``seed``, ``device``, ``train_steps``, ``steps``, ...

    Returns
    -------
    (P, Q[, C]) ndarray
        The enlarged image, of the same dtype, with its axes in the same order, P = round(M scale) and Q = round(N
        scale). Downscaled, it is ``image``, unless that takes values far from those around (see
        `inrr_cli.superres.local_range.local_range`).

    Raises
    ------
    InputError
        If the image, the scale or an option cannot be used.
    DivergedError
        If the fit diverges.

    Examples
    --------
    >>> import numpy as np
    >>> from inrr_cli import superres
    >>> image = np.tile(np.linspace(0, 1, 24, dtype=np.float32), (20, 1))
    >>> superres(image, 1.5).shape
    (30, 36)
    """
    settings = make_settings(reg=reg, net=net, kernel=kernel, task="superres", **options)
    if channel_axis is None:
        target = make_target(image.shape, scale, size=size, crop=crop)
        return run_superres(image, target, settings, opacity=opacity).image
    axes = ArrayAxes.of(image.shape, channel_axis, None)
    (page,) = axes.pages(image)
    if opacity is not None:
        (opacity,) = axes.masks(opacity)
    target = make_target(page.shape, scale, size=size, crop=crop)
    return axes.join([run_superres(page, target, settings, opacity=opacity).image])


def run_superres(
    image: Pixels,
    target: Target | float,
    settings: Settings,
    control: Control = Control(),  # noqa: B008, for it is frozen
    *,
    noise_floor: float = 0.0,
    opacity: NDArray[Any] | None = None,
) -> Result:
    """Enlarge an image, and return how the result was made and how consistent it is beside the image.

    Parameters
    ----------
    image : (M, N[, C]) ndarray
        As in `superres`.
    target : Target or float
        From `make_target`, or a scale.
    settings : Settings
        From `make_settings` with ``task="superres"``.
    control : Control
        Progress and cancellation.
    noise_floor : float
        Least noise where the patch engine estimates it, in the image's units: a JPEG's coding error.
    opacity
        As in `superres`.

    Raises
    ------
    InputError, DivergedError
        As `superres`.
    """
    from inrr_cli.device import one_thread_per_operation
    from inrr_cli.superres.noise import with_estimated_noise

    check_image(image)
    _check_settings(settings)
    weights = _sample_weights(image, opacity)
    if not isinstance(target, Target):
        target = make_target(image.shape, target)
    start = time.perf_counter()
    known = weights > 0
    if not known.any():
        return _without_data(sample_blocks(image, target, settings), start)
    units = working_range(image, known)
    problem = _make_problem(image, weights, units, target, settings)
    with one_thread_per_operation():
        if settings.noise is None and settings.reg == "patch":
            problem = with_estimated_noise(problem, noise_floor / units.span)
        seen = control.in_units(
            lambda unit: units.from_unit_unrounded(unit if image.ndim == 3 else unit[..., 0], image.dtype)
        )
        estimate = _load_engine(settings)(problem, settings, seen)
    values = finite_values(estimate, np.ones(target.shape, bool))
    restored = units.from_unit(values.reshape(*target.shape, *image.shape[2:]), image.dtype)
    difference = problem.inconsistency(units.to_unit(restored).reshape(*target.shape, -1))
    if not known.all():
        restored = np.where(sample_blocks(known, target, settings), restored, sample_blocks(image, target, settings))
    result = make_result(estimate, restored, image_sigma(estimate, units, image.ndim), image, known, units, start)
    return replace(result, consistency_max=None if difference is None else difference * units.span)


def _without_data(blocks: Pixels, start: float) -> Result:
    """Return the result of an image, as a page of a stack, that holds no data."""
    nothing: dict[str, Any] = dict.fromkeys(("raw", "psnr_known", "rmse_known", "sigma", "noise_sigma", "steps"))
    seconds, summary = time.perf_counter() - start, "no data, so nothing to enlarge"
    return Result(blocks, **nothing, device="cpu", seconds=seconds, completed=True, summary=summary, notice=summary)


def _sample_weights(image: Pixels, opacity: NDArray[Any] | None) -> NDArray[np.float32]:
    """Return how much each sample of an image counts, 0 if it is not finite: of the image's shape."""
    weights = np.isfinite(image).astype(np.float32)
    if opacity is not None:
        if opacity.shape not in (image.shape, image.shape[:2]):
            raise InputError(f"opacity of shape {opacity.shape} does not fit an image of shape {image.shape}")
        weights *= opacity.reshape(opacity.shape + (1,) * (image.ndim - opacity.ndim))
    if not ((weights >= 0) & (weights <= 1)).all():
        raise InputError("opacity must be from 0 to 1")
    return weights


def sample_blocks(image: Pixels, target: Target, settings: Settings) -> Pixels:
    """Return the samples of (M, N[, C]) as blocks of equal values: the sample that each pixel of the result lies in."""
    from inrr_cli.superres.kernels import nearest_samples, parse_kernel

    kernel = parse_kernel(settings.kernel)
    rows, columns = (
        nearest_samples(coarse, fine, kernel, span)
        for coarse, fine, span in zip(image.shape[:2], target.size, target.window, strict=True)
    )
    return image[rows][:, columns]


def enlarge_alpha(plane: Pixels, target: Target, *, kernel: str = "bicubic") -> Pixels:
    """Enlarge an alpha channel (M, N): interpolate it consistently, without training; transparent pixels stay so."""
    settings = make_settings(task="superres", noise=0, train_steps=0, rounds=0, kernel=kernel)
    is_visible = sample_blocks(plane > 0, target, settings)
    return np.where(is_visible, run_superres(plane, target, settings).image, plane.dtype.type(0))


def _load_engine(settings: Settings) -> Engine:
    """Return the ``estimate`` of the engine for a representation."""
    module = "engine" if settings.net == "grid" else "networks"
    engine: Engine = importlib.import_module(f"inrr_cli.superres.{module}").estimate
    return engine


def _make_problem(
    image: Pixels, weights: NDArray[np.float32], units: ValueRange, target: Target, settings: Settings
) -> SuperresProblem:
    """Return the problem on the chosen device, in units of the range."""
    import torch

    from inrr_cli.device import choose_device
    from inrr_cli.superres.kernels import parse_kernel
    from inrr_cli.superres.opacity import weaken_translucent
    from inrr_cli.superres.problem import SuperresProblem

    is_integer = np.issubdtype(image.dtype, np.integer)
    lowest, highest = (np.iinfo(image.dtype).min, np.iinfo(image.dtype).max) if is_integer else (-np.inf, np.inf)
    lowest = max(lowest, 0) if image[weights > 0].min() >= 0 else lowest  # counts and intensities are never negative
    limits = (float(lowest) - units.low) / units.span, (float(highest) - units.low) / units.span
    step = 1 / units.span if is_integer else 0.0
    device = choose_device(settings.device)
    values, opacity = (
        torch.from_numpy(np.atleast_3d(part)).to(device)
        for part in (units.to_unit(np.where(weights > 0, image, image.dtype.type(0))), weights)
    )
    values = weaken_translucent(values, opacity)
    noise = 0.0 if settings.noise is None else settings.noise / units.span
    kernel = parse_kernel(settings.kernel)
    return SuperresProblem(values, opacity > 0, target.size, target.window, kernel, noise, step, limits)


def _check_settings(settings: Settings) -> None:
    """Raise InputError unless ``settings`` suit super-resolution."""
    if settings.net == "ntk" or (settings.reg == "patch" and not isinstance(settings.regularizer, SuperresOptions)):
        raise InputError('these settings are for inpaint; make them with task="superres"')
    if settings.per_channel:
        raise InputError("superres has no --per-channel")
