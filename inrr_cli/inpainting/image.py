"""Fill the missing pixels of an image from the image itself: `inpaint`, in the manner of scikit-image."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import Control, Estimate, InpaintingProblem
from inrr_cli.errors import InputError
from inrr_cli.imaging.value_range import Pixels, check_image, working_range
from inrr_cli.result import Result, finite_values, make_result
from inrr_cli.settings import Settings, make_settings

if TYPE_CHECKING:
    from torch import Tensor


def inpaint(
    image: Pixels, mask: NDArray[np.bool_], *, reg: str | None = None, net: str | None = None, **options: Any
) -> Pixels:
    """Fill the missing pixels of an image from the image itself.

    Parameters
    ----------
    image : (M, N[, C]) ndarray
        Grey or multichannel image, integers or floats; known pixels are finite.
    mask : (M, N) ndarray of bool
        True (or non-zero) where a pixel is missing. The values of ``image`` there are not used.
    reg, net : str, optional
        Regulariser and representation of `make_settings`: similar patches on the pixel grid by default.
    **options
        Further keywords of `make_settings`: ``noise``, ``seed``, ``device``, ``preset``, ``steps``, ``omega``, ...

    Returns
    -------
    (M, N[, C]) ndarray
        The restored image, of the same dtype; known pixels are those of ``image`` (unless ``denoise``).

    Raises
    ------
    InputError
        If shapes, values or options cannot be used.
    DivergedError
        If the fit diverges.

    References
    ----------
    .. [1] Z. Li, H. Wang, D. Meng, "Regularize implicit neural representation by itself", CVPR 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from inrr_cli import inpaint, make_mask
    >>> image = np.tile(np.linspace(0, 1, 32, dtype=np.float32), (32, 1))
    >>> mask = make_mask(image.shape, "random", rate=0.5)
    >>> restored = inpaint(image, mask)
    >>> bool((restored[~mask] == image[~mask]).all())
    True
    """
    return run_inpainting(image, mask, make_settings(reg=reg, net=net, **options)).image


def run_inpainting(
    image: Pixels,
    mask: NDArray[np.bool_],
    settings: Settings,
    control: Control = Control(),  # noqa: B008, for it is frozen
    *,
    ignored: NDArray[np.bool_] | None = None,
) -> Result:
    """Fill missing pixels and return the whole result.

    Parameters
    ----------
    image, mask
        As in `inpaint`.
    settings : Settings
        From `make_settings`.
    control : Control
        Progress, cancellation and checkpoint.
    ignored : (M, N) ndarray of bool, optional
        Pixels that are neither known nor to be filled: nothing is learned from them, and they come back as they are.
    """
    check_image(image)
    missing = np.asarray(mask) != 0
    if missing.shape != image.shape[:2]:
        raise InputError(f"mask of shape {missing.shape} does not fit an image of shape {image.shape}")
    if not missing.any():
        raise InputError("the mask is empty: no pixel is missing, so there is nothing to fill")
    if missing.all():
        raise InputError("the mask covers everything: no pixel is known to fill it from")
    known = ~missing if ignored is None else ~(missing | ignored)
    if not known.any():
        raise InputError("no pixel is known, so there is nothing to fill from")
    if settings.per_channel and image.ndim == 3:
        from inrr_cli.inpainting.channels import inpaint_channels

        return inpaint_channels(image, missing, settings, control, known)
    if settings.tile is not None:
        from inrr_cli.inpainting.tiles import inpaint_tiles

        return inpaint_tiles(image, missing, settings, control, known)
    return _inpaint_at_once(image, missing, settings, control, known)


def _inpaint_at_once(
    image: Pixels, missing: NDArray[np.bool_], settings: Settings, control: Control, known: NDArray[np.bool_]
) -> Result:
    start = time.perf_counter()
    units = working_range(image, known)
    values = units.to_unit(np.where(known if image.ndim == 2 else known[..., None], image, image.dtype.type(0)))
    noise = None if settings.noise is None else settings.noise / units.span
    estimate = _load_engine(settings)(_make_problem(values, known, noise, settings), settings, control)
    restored = image.copy()
    filled = missing | (settings.denoise & known)
    values = finite_values(estimate, filled)
    restored[filled] = units.from_unit(values if image.ndim == 3 else values[:, 0], image.dtype)
    return make_result(estimate, restored, image, known, units, start)


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
    values: NDArray[np.float32], known: NDArray[np.bool_], noise: float | None, settings: Settings
) -> InpaintingProblem:
    """Return the problem as tensors on the chosen device."""
    import torch

    from inrr_cli.device import choose_device

    device = choose_device(settings.device)
    tensor: Tensor = torch.from_numpy(np.atleast_3d(values)).to(device)
    return InpaintingProblem(tensor, torch.from_numpy(known).to(device), noise)
