"""Restore a picture from itself: ``inpaint`` and ``superres``, in the manner of scikit-image."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import InputError
from inrr_cli.metrics import psnr
from inrr_cli.neural.registry import load_regularizer, load_representation
from inrr_cli.plan import Plan, make_plan

Pixels = NDArray[Any]
Progress = Callable[[int, int, float], None]


@dataclass(frozen=True)
class Restoration:
    """A restored picture and how it came about.

    Attributes
    ----------
    image : (M, N[, C]) ndarray
        The result, of the input's dtype.
    raw : (M, N[, C]) ndarray of float32
        The network's own output at every pixel of the result, in [0, 1].
    psnr_known : float or None
        PSNR of the network's output at the known pixels, in dB: how well it fits.
    device : str
        Device it was computed on.
    steps : int
        Optimiser steps run.
    seconds : float
        Time taken.
    completed : bool
        False if it was interrupted.
    account : str
        How it was done, in a line.
    """

    image: Pixels
    raw: NDArray[np.float32]
    psnr_known: float | None
    device: str
    steps: int
    seconds: float
    completed: bool
    account: str


def inpaint(image: Pixels, mask: NDArray[np.bool_], *, reg: str = "inrr", net: str = "siren", **options: Any) -> Pixels:
    """Fill the missing pixels of an image from the image itself.

    Parameters
    ----------
    image : (M, N[, C]) ndarray
        Grey or multichannel image: unsigned integers, or floats in [0, 1].
    mask : (M, N) ndarray of bool
        True (or non-zero) where a pixel is missing. What ``image`` holds there is not used.
    reg : {"inrr", "none"}
        Regulariser.
    net : {"siren"}
        Representation.
    **options
        Further keywords of `make_plan`: ``preset``, ``steps``, ``lr``, ``seed``, ``device``, ``omega``, ``weight``, ...

    Returns
    -------
    (M, N[, C]) ndarray
        The restored image, of the same dtype; known pixels are those of ``image``.

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
    >>> restored = inpaint(image, mask, steps=20)
    >>> bool((restored[~mask] == image[~mask]).all())
    True
    """
    return fit_inpainting(image, mask, make_plan(reg=reg, net=net, **options)).image


def superres(image: Pixels, scale: float, *, reg: str = "inrr", net: str = "siren", **options: Any) -> Pixels:
    """Enlarge an image: fit a continuous representation to its pixels and render it on a finer grid.

    Parameters
    ----------
    image : (M, N[, C]) ndarray
        Grey or multichannel image: unsigned integers, or floats in [0, 1].
    scale : float
        Factor above 1, whole or not.
    reg, net, **options
        As in `inpaint`.

    Returns
    -------
    (P, Q[, C]) ndarray
        The enlarged image, of the same dtype, P = round(M scale) and Q = round(N scale).

    Raises
    ------
    InputError
        If the image, the scale or an option cannot be used.
    DivergedError
        If the fit diverges.
    """
    return fit_superres(image, scale, make_plan(reg=reg, net=net, **options)).image


def fit_inpainting(
    image: Pixels,
    mask: NDArray[np.bool_],
    plan: Plan,
    *,
    progress: Progress | None = None,
    keep_partial: bool = False,
) -> Restoration:
    """Fill missing pixels and tell how.

    Parameters
    ----------
    image, mask
        As in `inpaint`.
    plan : Plan
        From `make_plan`.
    progress : callable, optional
        Called after each step with the steps done, the steps in all and the loss.
    keep_partial : bool
        On Ctrl-C return what there is instead of raising KeyboardInterrupt.
    """
    _check_image(image)
    missing = np.asarray(mask) != 0
    if missing.shape != image.shape[:2]:
        raise InputError(f"mask of shape {missing.shape} does not fit an image of shape {image.shape}")
    if not missing.any():
        raise InputError("the mask is empty: no pixel is missing, so there is nothing to fill")
    if missing.all():
        raise InputError("the mask covers everything: no pixel is known, so there is nothing to fill from")
    start = time.perf_counter()
    values = _to_unit(image, ~missing)
    rendering, done = _fit(values, ~missing, plan, progress, keep_partial)
    raw = rendering(image.shape[:2])
    restored = image.copy()
    restored[missing] = _from_unit(raw, image.dtype)[missing]
    return Restoration(
        image=restored,
        raw=raw,
        psnr_known=psnr(raw, values, ~missing),
        seconds=time.perf_counter() - start,
        **done,
    )


def fit_superres(
    image: Pixels, scale: float, plan: Plan, *, progress: Progress | None = None, keep_partial: bool = False
) -> Restoration:
    """Enlarge an image and tell how; the parameters are those of `superres` and `fit_inpainting`.

    A pixel is an area: the fine grid's pixel centres lie where a resize puts them, so the picture does not shift.
    """
    _check_image(image)
    size = enlarged(image.shape, scale)
    start = time.perf_counter()
    everything = np.ones(image.shape[:2], bool)
    values = _to_unit(image, everything)
    rendering, done = _fit(values, everything, plan, progress, keep_partial)
    raw = rendering(size)
    return Restoration(
        image=_from_unit(raw, image.dtype),
        raw=raw,
        psnr_known=psnr(rendering(image.shape[:2]), values),
        seconds=time.perf_counter() - start,
        **done,
    )


def enlarged(shape: tuple[int, ...], scale: float) -> tuple[int, int]:
    """Rows and columns of an image of ``shape`` (M, N[, C]) enlarged by ``scale``, which must be in (1, 64]."""
    if not 1 < scale <= 64:
        raise InputError(f"scale must be above 1 and at most 64, got {scale:g}")
    return round(shape[0] * scale), round(shape[1] * scale)


def _fit(
    values: NDArray[np.float32],
    known: NDArray[np.bool_],
    plan: Plan,
    progress: Progress | None,
    keep_partial: bool,
) -> tuple[Callable[[tuple[int, int]], NDArray[np.float32]], dict[str, Any]]:
    """Fit to (M, N[, C]) values: a function from a size (P, Q) to a rendering (P, Q[, C]), and how the fit went."""
    import torch

    from inrr_cli.device import choose_device
    from inrr_cli.neural.fit import fit, pixel_centres, render

    device = choose_device(plan.device)
    generator = torch.Generator().manual_seed(plan.seed)
    image = torch.from_numpy(np.atleast_3d(values)).to(device)
    net = load_representation(plan.net)
    representation = net(plan.representation, (*values.shape[:2], image.shape[2]), generator=generator).to(device)
    kind = load_regularizer(plan.reg)
    regularizer = None if kind is None else kind(plan.regularizer, generator=generator).to(device)
    fitted = fit(
        representation,
        regularizer,
        image,
        torch.from_numpy(known).to(device),
        plan.recipe,
        generator=generator,
        progress=progress,
        keep_partial=keep_partial,
    )

    def rendering(size: tuple[int, int]) -> NDArray[np.float32]:
        y, x = (pixel_centres(old, new).to(device) for old, new in zip(values.shape, size, strict=False))
        raw: NDArray[np.float32] = render(representation, y, x).cpu().numpy()
        return raw if values.ndim == 3 else raw[..., 0]

    precision = "bfloat16" if fitted.bfloat16 else "float32"
    account = (
        f"{fitted.steps} steps of {plan.recipe.optimizer} at {plan.recipe.lr:g} on {device.type} in {precision}; "
        f"{plan.net} {plan.representation}, {plan.reg} {plan.regularizer}"
    )
    done = {"device": device.type, "steps": fitted.steps, "completed": fitted.completed, "account": account}
    return rendering, done


def _check_image(image: Pixels) -> None:
    if image.ndim not in (2, 3) or 0 in image.shape:
        raise InputError(f"the image must have the shape (M, N) or (M, N, C), got {image.shape}")
    if not (np.issubdtype(image.dtype, np.unsignedinteger) or np.issubdtype(image.dtype, np.floating)):
        raise InputError(f"the image must hold unsigned integers or floats, got {image.dtype}")


def _to_unit(image: Pixels, known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """To float32 in [0, 1]."""
    if np.issubdtype(image.dtype, np.integer):
        return image.astype(np.float32) / np.float32(np.iinfo(image.dtype).max)
    values = image.astype(np.float32)
    if not ((values[known] >= 0) & (values[known] <= 1)).all():
        raise InputError("known pixels of a float image must lie in [0, 1] and be finite")
    return values


def _from_unit(values: NDArray[np.float32], dtype: np.dtype[Any]) -> Pixels:
    """From float32 in [0, 1] back to ``dtype``, rounded."""
    if np.issubdtype(dtype, np.integer):
        top = np.iinfo(dtype).max
        return np.clip(np.round(values.astype(np.float64) * top), 0, top).astype(dtype)
    return values.astype(dtype)
