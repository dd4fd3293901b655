"""Super-resolution: enlarge an image from the image itself. Importing this module does not import torch."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from inrr_cli.engine import Control, Estimate
from inrr_cli.errors import InputError
from inrr_cli.imaging.value_range import Pixels, ValueRange, check_image, working_range
from inrr_cli.result import Result, finite_values, make_result
from inrr_cli.settings import Settings, make_settings
from inrr_cli.solvers.blend_tiles import Window
from inrr_cli.superres.options import SuperresOptions

if TYPE_CHECKING:
    from inrr_cli.superres.problem import SuperresProblem

    Engine = Callable[[SuperresProblem, Settings, Control], Estimate]

SCALE_LIMIT = 64  # a result at a larger scale has no detail that the input supports
ANISOTROPY_LIMIT = 4  # scale along one axis over that along the other; empirical


@dataclass(frozen=True)
class Target:
    """Size of the enlarged image and the part that is wanted; `make_target` returns it.

    Attributes
    ----------
    size : (int, int)
        Rows and columns of the whole enlarged image.
    window : ((int, int), (int, int))
        The wanted part: first row and the one after the last, and the same of columns.
    """

    size: tuple[int, int]
    window: Window

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the window."""
        (top, bottom), (left, right) = self.window
        return bottom - top, right - left

    @property
    def is_whole(self) -> bool:
        """Whether the window is the whole enlarged image."""
        return self.shape == self.size


def superres(
    image: Pixels,
    scale: float | None = None,
    *,
    size: tuple[int, int] | None = None,
    crop: tuple[int, int, int, int] | None = None,
    kernel: str = "bicubic",
    reg: str | None = None,
    net: str | None = None,
    **options: Any,
) -> Pixels:
    """Enlarge an image from the image itself.

    Parameters
    ----------
    image : (M, N[, C]) ndarray
        Grey or multichannel image, integers or floats, all finite.
    scale : float
        Factor above 1 and at most 64, whole or not.
    size : (int, int), optional
        Rows and columns of the enlarged image, instead of ``scale``.
    crop : (int, int, int, int), optional
        First column and row, and number of columns and rows, of the wanted part of the enlarged image.
    kernel : str
        How a fine image was downscaled to ``image``: "bicubic", "area", "lanczos", "point" or "gaussian:SIGMA" (see
        `inrr_cli.superres.kernels.parse_kernel`).
    reg, net : str, optional
        Regulariser and representation of `make_settings`: similar patches on the pixel grid by default.
    **options
        Other parameters of `make_settings`: ``noise``, ``seed``, ``device``, ``train_steps``, ``steps``, ...

    Returns
    -------
    (P, Q[, C]) ndarray
        The enlarged image, of the same dtype, P = round(M scale) and Q = round(N scale). Downscaled, it is ``image``.

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
    return run_superres(image, make_target(image.shape, scale, size=size, crop=crop), settings).image


def check_scale(scale: float | None, size: tuple[int, int] | None) -> None:
    """Raise InputError unless one of ``scale`` and ``size`` is given, and ``scale`` is in its range."""
    if (scale is None) == (size is None):
        raise InputError("give either --scale or --size" if scale is None else "give --scale or --size, not both")
    if scale is not None and not 1 < scale <= SCALE_LIMIT:
        raise InputError(f"scale must be above 1 and at most {SCALE_LIMIT}, got {scale:g}")


def make_target(
    shape: tuple[int, ...],
    scale: float | None = None,
    *,
    size: tuple[int, int] | None = None,
    crop: tuple[int, int, int, int] | None = None,
) -> Target:
    """Return the target for an image of ``shape`` (M, N[, C]); the other parameters are those of `superres`.

    Raises
    ------
    InputError
        If the image would not be enlarged, or be enlarged too much, or the crop is not inside the enlarged image.
    """
    check_scale(scale, size)
    rows, columns = shape[:2]
    if scale is not None:
        size = max(round(rows * scale), rows), max(round(columns * scale), columns)
    assert size is not None
    height, width = size
    wanted, given = f"a size of {width} x {height}", f"{columns} x {rows}"
    if height < rows or width < columns or size == (rows, columns):
        raise InputError(f"{wanted} does not enlarge {given} pixels; give at least as many of both, and more of one")
    if height > SCALE_LIMIT * rows or width > SCALE_LIMIT * columns:
        raise InputError(f"{wanted} is more than {SCALE_LIMIT} times {given}")
    if not 1 / ANISOTROPY_LIMIT <= height * columns / (width * rows) <= ANISOTROPY_LIMIT:
        limit = f"more than {ANISOTROPY_LIMIT} times as much as the other"
        raise InputError(f"{wanted} enlarges one axis of {given} {limit}")
    if crop is None:
        return Target(size, ((0, height), (0, width)))
    left, top, crop_width, crop_height = crop
    bottom, right = top + crop_height, left + crop_width
    if min(left, top) < 0 or min(crop_width, crop_height) < 1 or right > width or bottom > height:
        wanted = f"a crop of {crop_width} x {crop_height} pixels at {left},{top}"
        raise InputError(f"{wanted} is not inside the enlarged {width} x {height}")
    return Target(size, ((top, bottom), (left, right)))


def run_superres(
    image: Pixels,
    target: Target | float,
    settings: Settings,
    control: Control = Control(),  # noqa: B008, for it is frozen
    *,
    noise_floor: float = 0.0,
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

    Raises
    ------
    InputError, DivergedError
        As `superres`.
    """
    from inrr_cli.superres.noise import with_estimated_noise

    check_image(image)
    _check_settings(settings)
    if not isinstance(target, Target):
        target = make_target(image.shape, target)
    start = time.perf_counter()
    known = np.ones(image.shape[:2], bool)
    units = working_range(image, known)
    problem = _make_problem(image, units, target, settings)
    if settings.noise is None and settings.reg == "patch":
        problem = with_estimated_noise(problem, noise_floor / units.span)
    estimate = _load_engine(settings)(problem, settings, control)
    values = finite_values(estimate, np.ones(target.shape, bool))
    restored = units.from_unit(values.reshape(*target.shape, *image.shape[2:]), image.dtype)
    result = make_result(estimate, restored, image, known, units, start)
    difference = problem.inconsistency(units.to_unit(restored).reshape(*target.shape, -1))
    return replace(result, consistency_max=None if difference is None else difference * units.span)


def enlarge_alpha(plane: Pixels, target: Target, *, kernel: str = "bicubic") -> Pixels:
    """Enlarge an alpha channel (M, N): interpolate it consistently, without training."""
    settings = make_settings(task="superres", noise=0, train_steps=0, rounds=0, kernel=kernel)
    return run_superres(plane, target, settings).image


def _load_engine(settings: Settings) -> Engine:
    """Return the ``estimate`` of the engine for a representation."""
    module = "engine" if settings.net == "grid" else "networks"
    engine: Engine = importlib.import_module(f"inrr_cli.superres.{module}").estimate
    return engine


def _make_problem(image: Pixels, units: ValueRange, target: Target, settings: Settings) -> SuperresProblem:
    """Return the problem on the chosen device, in units of the range."""
    import torch

    from inrr_cli.device import choose_device
    from inrr_cli.superres.kernels import parse_kernel
    from inrr_cli.superres.problem import SuperresProblem

    step, limits = 0.0, (-np.inf, np.inf)
    if np.issubdtype(image.dtype, np.integer):
        bounds = np.iinfo(image.dtype)
        step = 1 / units.span
        limits = ((float(bounds.min) - units.low) / units.span, (float(bounds.max) - units.low) / units.span)
    values = torch.from_numpy(np.atleast_3d(units.to_unit(image))).to(choose_device(settings.device))
    noise = 0.0 if settings.noise is None else settings.noise / units.span
    return SuperresProblem(values, target.size, target.window, parse_kernel(settings.kernel), noise, step, limits)


def _check_settings(settings: Settings) -> None:
    """Raise InputError unless ``settings`` suit super-resolution."""
    if settings.net == "ntk" or (settings.reg == "patch" and not isinstance(settings.regularizer, SuperresOptions)):
        raise InputError('these settings are for inpaint; make them with task="superres"')
    if settings.per_channel:
        raise InputError("superres has no --per-channel")
