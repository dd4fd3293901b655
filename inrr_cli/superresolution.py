"""Enlarge a picture from itself: ``superres``, in the manner of scikit-image."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.imaging.value_range import Pixels, Range, check_image, working_range
from inrr_cli.inpainting.image import Result, check_finite, tell
from inrr_cli.methods import NETWORKS, SuperresOptions
from inrr_cli.progress import Progress
from inrr_cli.settings import Settings, make_settings

if TYPE_CHECKING:
    from inrr_cli.superres.kernels import Kernel
    from inrr_cli.superres.problem import Problem

MOST_SCALE = 64
MOST_STRETCH = 4  # of the scale along one axis to that along the other
LEAST_TILE = 64

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
        Further keywords of `make_settings`: ``noise``, ``seed``, ``device``, ``lessons``, ``steps``, ...

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
    settings = make_settings(reg=reg, net=net, task="superres", **options)
    return run_superres(image, make_target(image.shape, scale, size=size, crop=crop), settings, kernel=kernel).image


def check_scale(scale: float | None, size: tuple[int, int] | None) -> None:
    """Refuse what enlarges no image; the parameters are those of `superres`."""
    if (scale is None) == (size is None):
        raise InputError("give either --scale or --size" if scale is None else "give --scale or --size, not both")
    if scale is not None and not 1 < scale <= MOST_SCALE:
        raise InputError(f"scale must be above 1 and at most {MOST_SCALE}, got {scale:g}")


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
    if size[0] > MOST_SCALE * shape[0] or size[1] > MOST_SCALE * shape[1]:
        raise InputError(f"a size of {size[1]} x {size[0]} is more than {MOST_SCALE} times {shape[1]} x {shape[0]}")
    stretch = size[0] * shape[1] / (size[1] * shape[0])
    if not 1 / MOST_STRETCH <= stretch <= MOST_STRETCH:
        raise InputError(
            f"a size of {size[1]} x {size[0]} enlarges one axis of {shape[1]} x {shape[0]} more than {MOST_STRETCH} "
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
    *,
    kernel: str = "bicubic",
    tile: int | None = None,
    least_noise: float = 0.0,
    progress: Progress | None = None,
    keep_partial: bool = False,
) -> Result:
    """Enlarge an image and tell how.

    Parameters
    ----------
    image, kernel
        As in `superres`.
    target : Target or float
        From `make_target`, or a scale.
    settings : Settings
        From `make_settings` with ``task="superres"``.
    tile : int, optional
        Pixels of the result's side that are made at once, 1024 by default; for patches on the grid.
    least_noise : float
        What is known of the noise where the settings says to estimate it, in the units of the image.
    progress, keep_partial
        As in `run_inpainting`.
    """
    from inrr_cli.superres import networks as methods
    from inrr_cli.superres.kernels import parse_kernel

    form = parse_kernel(kernel)
    check_image(image)
    check_superres(settings, tile)
    if not isinstance(target, Target):
        target = make_target(image.shape, target)
    start = time.perf_counter()
    scale = working_range(image, np.ones(image.shape[:2], bool))
    problem = _state(image, scale, target, form, settings)
    if settings.noise is None and settings.reg == "patch":
        problem = methods.reckon_noise(problem, least_noise / scale.span)
    raw = fitted = None
    if settings.recipe is None:
        result = methods.by_patches(problem, settings, tile, progress, keep_partial)
    else:
        method = methods.by_points if form.name == "point" else methods.by_network
        if settings.reg == "patch" and form.name != "point":
            method = methods.by_carrier
        result, raw, fitted = method(problem, settings, progress, keep_partial)
    check_finite(result.values)
    shape = (*target.shape, *image.shape[2:])
    restored = scale.from_unit(result.values.reshape(shape), image.dtype)
    everything = np.ones(image.shape[:2], bool)
    told = tell(
        result,
        restored,
        None if raw is None else raw.reshape(shape),
        (image, everything, None if fitted is None else fitted.reshape(image.shape)),
        scale,
        start,
    )
    off = problem.inconsistency(scale.to_unit(restored).reshape(*target.shape, -1))
    return replace(told, consistency_max=None if off is None else off * scale.span)


def _state(image: Pixels, scale: Range, target: Target, kernel: Kernel, settings: Settings) -> Problem:
    """State the task for the engines, in units of the range."""
    import torch

    from inrr_cli.device import choose_device
    from inrr_cli.superres.problem import Problem

    quantisation_step, limits = 0.0, (-np.inf, np.inf)
    if np.issubdtype(image.dtype, np.integer):
        bounds = np.iinfo(image.dtype)
        quantisation_step = 1 / scale.span
        limits = ((float(bounds.min) - scale.low) / scale.span, (float(bounds.max) - scale.low) / scale.span)
    values = torch.from_numpy(np.atleast_3d(scale.to_unit(image))).to(choose_device(settings.device))
    noise = 0.0 if settings.noise is None else settings.noise / scale.span
    return Problem(values, target.size, target.window, kernel, noise, quantisation_step, limits)


def enlarge_plane(plane: Pixels, target: Target, *, kernel: str = "bicubic") -> Pixels:
    """Enlarge a plane (M, N) consistently and plainly: what goes with a picture and is none, as alpha."""
    settings = make_settings(task="superres", noise=0, lessons=0, rounds=0)
    return run_superres(plane, target, settings, kernel=kernel).image


def check_kernel(kernel: str) -> None:
    """Raise InputError unless there is such a kernel."""
    from inrr_cli.superres.kernels import parse_kernel

    parse_kernel(kernel)


def check_superres(settings: Settings, tile: int | None = None) -> None:
    """Raise InputError unless ``settings`` can enlarge."""
    if settings.net == "ntk":
        raise InputError(f"superres does not take --net {settings.net}; use grid or {' or '.join(NETWORKS)}")
    if settings.reg == "patch" and not isinstance(settings.regularizer, SuperresOptions):
        raise InputError('this settings is for inpaint; make it with task="superres"')
    if settings.denoise:
        raise InputError("superres has no --denoise; --noise SIGMA removes noise")
    if tile is not None and tile < LEAST_TILE:
        raise InputError(f"--tile must be at least {LEAST_TILE}, got {tile}")
    if tile is not None and settings.net != "grid":
        raise InputError("--tile is for patches on the pixel grid")
