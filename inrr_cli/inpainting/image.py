"""Fill what is missing of a picture from itself: ``inpaint``, in the manner of scikit-image."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import DivergedError, InputError
from inrr_cli.imaging.value_range import Pixels, Range, check_image, measured_range, working_range
from inrr_cli.metrics import psnr_of
from inrr_cli.progress import Progress
from inrr_cli.settings import Settings, make_settings

if TYPE_CHECKING:
    from inrr_cli.neural.engine import Output


@dataclass(frozen=True)
class Result:
    """A restored picture and how it came about.

    Attributes
    ----------
    image : (M, N[, C]) ndarray
        The result, of the input's dtype.
    raw : (M, N[, C]) ndarray of float32, or None
        A network's own output at every pixel of the result, in the units of the image, within what its type can hold.
    psnr_known : float or None
        PSNR of a network's output at the known pixels, in dB: how well it fits. The peak is the range of the image's
        integers, or that of a float's known pixels.
    rmse_known : float or None
        The same as a root of a mean square, in the units of the image.
    sigma : (M, N[, C]) ndarray of float32, or None
        One standard deviation of each filled pixel, 0 at known ones that were kept, in the units of the image; None
        where the method has none.
    noise_sigma : float or None
        Noise of the known pixels that was reckoned with, in the units of the image.
    device : str
        Device it was computed on.
    steps : int or None
        Optimiser steps run, if a network was fitted.
    seconds : float
        Time taken.
    completed : bool
        False if it was interrupted.
    account : str
        How it was done, in a line.
    notice : str
        What the user should know of how it went; empty if it went well.
    """

    image: Pixels
    raw: NDArray[np.float32] | None
    psnr_known: float | None
    rmse_known: float | None
    sigma: NDArray[np.float32] | None
    noise_sigma: float | None
    device: str
    steps: int | None
    seconds: float
    completed: bool
    account: str
    notice: str = ""
    consistency_max: float | None = None


def inpaint(
    image: Pixels, mask: NDArray[np.bool_], *, reg: str | None = None, net: str | None = None, **options: Any
) -> Pixels:
    """Fill the missing pixels of an image from the image itself.

    Parameters
    ----------
    image : (M, N[, C]) ndarray
        Grey or multichannel image, integers or floats; known pixels are finite.
    mask : (M, N) ndarray of bool
        True (or non-zero) where a pixel is missing. What ``image`` holds there is not used.
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
    *,
    untrusted: NDArray[np.bool_] | None = None,
    progress: Progress | None = None,
    keep_partial: bool = False,
    checkpoint: Path | None = None,
) -> Result:
    """Fill missing pixels and tell how.

    Parameters
    ----------
    image, mask
        As in `inpaint`.
    settings : Settings
        From `make_settings`.
    untrusted : (M, N) ndarray of bool, optional
        Pixels that are neither known nor to be filled: nothing is learned from them, and they come back as they are.
    progress : callable, optional
        Called with what is done, what there is to do and how it goes: a network's steps and loss, or the permille
        and the last change of the patch engine.
    keep_partial : bool
        On Ctrl-C return what there is instead of raising KeyboardInterrupt.
    checkpoint : Path, optional
        File that a network's fit goes on from, if it exists, and writes its state to.
    """
    from inrr_cli.neural.engine import fill_patches, fit_network, regress_kernel

    check_image(image)
    missing = np.asarray(mask) != 0
    if missing.shape != image.shape[:2]:
        raise InputError(f"mask of shape {missing.shape} does not fit an image of shape {image.shape}")
    if not missing.any():
        raise InputError("the mask is empty: no pixel is missing, so there is nothing to fill")
    if missing.all():
        raise InputError("the mask covers everything: no pixel is known to fill it from")
    start = time.perf_counter()
    known = ~missing if untrusted is None else ~(missing | untrusted)
    if not known.any():
        raise InputError("no pixel is known, so there is nothing to fill from")
    scale = working_range(image, known)
    values = scale.to_unit(np.where(known if image.ndim == 2 else known[..., None], image, image.dtype.type(0)))
    noise = None if settings.noise is None else settings.noise / scale.span
    if settings.recipe is not None:
        result = fit_network(values, known, settings, noise, progress, keep_partial, checkpoint)
    else:
        engine = fill_patches if settings.net == "grid" else regress_kernel
        result = engine(values, known, settings, noise, progress, keep_partial)
    restored = image.copy()
    new = missing | (settings.denoise & known)
    check_finite(result.values[new])
    restored[new] = scale.from_unit(result.values[new], image.dtype)
    fitted = None if result.rendering is None else result.values
    return tell(result, restored, fitted, (image, known, fitted), scale, start)


def check_finite(values: NDArray[np.float32]) -> None:
    """Raise DivergedError unless every value is finite."""
    if not np.isfinite(values).all():
        raise DivergedError("the result is not finite; give a lower --lr or another method")


def tell(
    result: Output,
    image: Pixels,
    raw: NDArray[np.float32] | None,
    fit: tuple[Pixels, NDArray[np.bool_], NDArray[np.float32] | None],
    scale: Range,
    start: float,
) -> Result:
    """Account for a result in the units of the image; ``fit`` is of what, where, and the values of a network."""
    truth, known, fitted = fit
    error = None
    if fitted is not None:
        errors = scale.shown(fitted, truth.dtype)[known] - truth[known].astype(np.float64)
        error = float(np.sqrt(np.mean(np.square(errors))))
    return Result(
        image=image,
        raw=None if raw is None else scale.shown(raw, truth.dtype).astype(np.float32),
        psnr_known=psnr_of(error, measured_range(truth, known).span),
        rmse_known=error,
        sigma=None if result.sigma is None else result.sigma * np.float32(scale.span),
        noise_sigma=None if result.noise is None else result.noise * scale.span,
        seconds=time.perf_counter() - start,
        device=result.device,
        steps=result.steps,
        completed=result.completed,
        account=result.account,
        notice=result.notice,
    )
