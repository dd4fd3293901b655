"""Fill an image as a whole: convert it to the engine's units, estimate, and convert the estimate back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import FEW_CHANNELS, Control, Estimate, InpaintingProblem
from inrr_cli.imaging.faint_range import faint_range
from inrr_cli.imaging.value_range import Pixels, ValueRange, robust_range, working_range
from inrr_cli.result import Result, finite_values, image_sigma, make_result
from inrr_cli.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor


def inpaint_whole(
    image: Pixels, missing: NDArray[np.bool_], settings: Settings, control: Control, known: NDArray[np.bool_]
) -> Result:
    """Fill the ``missing`` samples of an image from the ``known`` ones, masks of its shape; the others are ignored.

    The patch engine fills an image with a faint part twice, in the range of the whole and in that of the faint part:
    what the second is surer of is taken from the second.
    """
    start = time.perf_counter()
    units, faint = _choose_ranges(image, known, settings)
    filled = missing | (settings.denoise & known)
    first = control if faint is None else control.part(0, 2)
    estimate, restored, sigma = _fill_in(units, image, known, filled, settings, first)
    if faint is not None and estimate.completed:
        second, finer, finer_sigma = _fill_in(faint, image, known, filled, settings, control.part(1, 2))
        if second.completed and sigma is not None and finer_sigma is not None:
            surer = filled & (finer_sigma < sigma)
            restored[surer], sigma[surer] = finer[surer], finer_sigma[surer]
        estimate = replace(estimate, completed=second.completed)
    return make_result(estimate, restored, sigma, image, known, units, start)


def patch_range(image: Pixels, known: NDArray[np.bool_]) -> ValueRange:
    """Return the range that engines on the pixel grid see as [0, 1]."""
    units = robust_range(image, known)
    if image.ndim == 3 and image.shape[2] > FEW_CHANNELS:  # compressed outliers would bend the factors of spectra
        return ValueRange(units.low, units.high)
    return units


def _choose_ranges(image: Pixels, known: NDArray[np.bool_], settings: Settings) -> tuple[ValueRange, ValueRange | None]:
    """Return the range of an image, and that of its faint part if there is one."""
    if settings.net != "grid":  # networks fit values in [0, 1]
        return working_range(image, known), None
    units = patch_range(image, known)
    has_many = image.ndim == 3 and image.shape[2] > FEW_CHANNELS
    return units, None if has_many else faint_range(image, known, units)


def _fill_in(
    units: ValueRange,
    image: Pixels,
    known: NDArray[np.bool_],
    filled: NDArray[np.bool_],
    settings: Settings,
    control: Control,
) -> tuple[Estimate, Pixels, NDArray[np.float32] | None]:
    """Estimate an image in these units; return the estimate, and the restored image and its sigma in the image's."""
    values = units.to_unit(np.where(known, image, image.dtype.type(0)))
    noise = None if settings.noise is None else settings.noise / units.span
    seen = control.in_units(lambda unit: units.from_unit_unrounded(unit, image.dtype).reshape(image.shape))
    estimate = _estimate(values, known, filled, noise, settings, seen)
    restored = image.copy()
    restored[filled] = units.from_unit(finite_values(estimate, np.atleast_3d(filled)), image.dtype)
    return estimate, restored, image_sigma(estimate, units, image.ndim)


def _estimate(
    values: NDArray[np.float32],
    known: NDArray[np.bool_],
    wanted: NDArray[np.bool_],
    noise: float | None,
    settings: Settings,
    control: Control,
) -> Estimate:
    """Fill values in units of the range on the chosen device; torch is imported here at the latest."""
    from inrr_cli.device import one_thread_per_operation

    problem = _make_problem(values, known, wanted, noise, settings)
    with one_thread_per_operation():
        return _load_engine(settings)(problem, settings, control)


def _load_engine(settings: Settings) -> Callable[[InpaintingProblem, Settings, Control], Estimate]:
    """Return the engine for a representation; torch is imported here at the latest."""
    if settings.net == "grid":
        from inrr_cli.patch.engine import estimate as by_patches

        return by_patches
    if settings.net == "ntk":
        from inrr_cli.neural.ntk import estimate as by_kernel

        return by_kernel
    from inrr_cli.neural.engine import estimate as by_network

    return by_network


def _make_problem(
    values: NDArray[np.float32],
    known: NDArray[np.bool_],
    wanted: NDArray[np.bool_],
    noise: float | None,
    settings: Settings,
) -> InpaintingProblem:
    """Return the problem as tensors on the chosen device."""
    import torch

    from inrr_cli.device import choose_device

    device = choose_device(settings.device)
    tensor: Tensor = torch.from_numpy(np.atleast_3d(values)).to(device)
    masks = (torch.from_numpy(np.atleast_3d(mask)).to(device) for mask in (known, wanted))
    return InpaintingProblem(tensor, next(masks), noise, next(masks))
