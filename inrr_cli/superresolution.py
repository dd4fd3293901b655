"""Enlarge a picture from itself: ``superres``, in the manner of scikit-image."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from inrr_cli.engine import Control, Estimate
from inrr_cli.errors import InputError
from inrr_cli.imaging.value_range import Pixels, ValueRange, check_image, working_range
from inrr_cli.methods import NETWORKS
from inrr_cli.result import Result, finite_values, make_result
from inrr_cli.settings import Settings, make_settings
from inrr_cli.superres.options import SuperresOptions

if TYPE_CHECKING:
    from inrr_cli.superres.problem import SuperresProblem

SCALE_LIMIT = 64  # beyond that no detail of the input is left to enlarge
ANISOTROPY_LIMIT = 4  # scale along one axis over that along the other

Window = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Target:
    """What is to be made; from `make_target`.

    Attributes
    ----------
    size : (int, int)
        Rows and columns of the whole enlarged picture.
    window : ((int, int), (int, int))
        First row of it that is wanted and the one after the last, and the same of columns.
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
        """Whether the window is all of it."""
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
        Rows and columns to make, instead of ``scale``.
    crop : (int, int, int, int), optional
        First column and row, and number of columns and rows, of the part of the enlarged image that is wanted.
    kernel : str
        How the image came from the fine one that is sought: "bicubic", "area", "lanczos", "point" or "gaussian:SIGMA"
        (see `inrr_cli.superres.kernels.parse_kernel`).
    reg, net : str, optional
        Regulariser and representation of `make_settings`: similar patches on the pixel grid by default.
    **options
        Further keywords of `make_settings`: ``noise``, ``seed``, ``device``, ``train_steps``, ``steps``, ...

    Returns
    -------
    (P, Q[, C]) ndarray
        The enlarged image, of the same dtype, P = round(M scale) and Q = round(N scale); it downscales to ``image``.

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
    """Refuse what enlarges no image; the parameters are those of `superres`."""
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
    """Check what is to be made of an image of ``shape`` (M, N[, C]); the other parameters are those of `superres`."""
    check_scale(scale, size)
    if scale is not None:
        size = max(round(shape[0] * scale), shape[0]), max(round(shape[1] * scale), shape[1])
    assert size is not None
    if size[0] < shape[0] or size[1] < shape[1] or size == tuple(shape[:2]):
        raise InputError(
            f"a size of {size[1]} x {size[0]} does not enlarge {shape[1]} x {shape[0]} pixels; give at least as many "
            "of both, and more of one"
        )
    if size[0] > SCALE_LIMIT * shape[0] or size[1] > SCALE_LIMIT * shape[1]:
        raise InputError(f"a size of {size[1]} x {size[0]} is more than {SCALE_LIMIT} times {shape[1]} x {shape[0]}")
    stretch = size[0] * shape[1] / (size[1] * shape[0])
    if not 1 / ANISOTROPY_LIMIT <= stretch <= ANISOTROPY_LIMIT:
        raise InputError(
            f"a size of {size[1]} x {size[0]} enlarges one axis of {shape[1]} x {shape[0]} more than {ANISOTROPY_LIMIT} "
            "times as much as the other"
        )
    if crop is None:
        return Target(size, ((0, size[0]), (0, size[1])))
    left, top, wide, high = crop
    if min(left, top) < 0 or min(wide, high) < 1 or left + wide > size[1] or top + high > size[0]:
        raise InputError(
            f"a crop of {wide} x {high} pixels at {left},{top} is not inside the enlarged {size[1]} x {size[0]}"
        )
    return Target(size, ((top, top + high), (left, left + wide)))


def run_superres(
    image: Pixels,
    target: Target | float,
    settings: Settings,
    control: Control = Control(),  # noqa: B008, for it is frozen
) -> Result:
    """Enlarge an image and return the whole result.

    Parameters
    ----------
    image
        As in `superres`.
    target : Target or float
        From `make_target`, or a scale.
    settings : Settings
        From `make_settings` with ``task="superres"``.
    control : Control
        Progress and cancellation.
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
        problem = with_estimated_noise(problem)
    estimate = _load_engine(settings)(problem, settings, control)
    values = finite_values(estimate, np.ones(target.shape, bool))
    restored = units.from_unit(values.reshape(*target.shape, *image.shape[2:]), image.dtype)
    result = make_result(estimate, restored, image, known, units, start)
    off = problem.inconsistency(units.to_unit(restored).reshape(*target.shape, -1))
    return replace(result, consistency_max=None if off is None else off * units.span)


def enlarge_alpha(plane: Pixels, target: Target, *, kernel: str = "bicubic") -> Pixels:
    """Enlarge an alpha channel (M, N) consistently, without learning from it."""
    settings = make_settings(task="superres", noise=0, train_steps=0, rounds=0, kernel=kernel)
    return run_superres(plane, target, settings).image


def _load_engine(settings: Settings) -> Callable[[SuperresProblem, Settings, Control], Estimate]:
    """Return the engine for a representation; torch is imported here at the latest."""
    if settings.net == "grid":
        from inrr_cli.superres.engine import estimate as by_patches

        return by_patches
    from inrr_cli.superres.networks import estimate as by_network

    return by_network


def _make_problem(image: Pixels, units: ValueRange, target: Target, settings: Settings) -> SuperresProblem:
    """Return the problem as tensors on the chosen device, in units of the range."""
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
    """Raise InputError unless ``settings`` can enlarge."""
    if settings.net == "ntk":
        raise InputError(f"superres does not take --net {settings.net}; use grid or {' or '.join(NETWORKS)}")
    if settings.reg == "patch" and not isinstance(settings.regularizer, SuperresOptions):
        raise InputError('these settings are for inpaint; make them with task="superres"')
    if settings.denoise:
        raise InputError("superres has no --denoise; --noise SIGMA removes noise")
    if settings.per_channel:
        raise InputError("superres has no --per-channel")
