"""Fill the missing pixels of an image from the image itself: `inpaint`, in the manner of scikit-image."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import Control
from inrr_cli.errors import InputError
from inrr_cli.imaging.array_axes import ArrayAxes
from inrr_cli.imaging.value_range import Pixels, check_image
from inrr_cli.inpainting.angles import inpaint_angles
from inrr_cli.inpainting.channels import Fill, inpaint_channels, inpaint_known_channels
from inrr_cli.inpainting.labels import inpaint_labels
from inrr_cli.inpainting.textured import inpaint_textured
from inrr_cli.inpainting.tiles import inpaint_tiles
from inrr_cli.inpainting.windows import inpaint_windows
from inrr_cli.masking.samples import any_channel, find_lost_channel, to_samples
from inrr_cli.options import flag
from inrr_cli.result import Result
from inrr_cli.settings import Settings, make_settings
from inrr_cli.value_kind import parse_values


def inpaint(
    image: Pixels,
    mask: NDArray[np.bool_],
    *,
    channel_axis: int | None = None,
    stack_axis: int | None = None,
    exclude: NDArray[np.bool_] | None = None,
    reg: str | None = None,
    net: str | None = None,
    **options: Any,
) -> Pixels:
    """Fill the missing pixels of an image from the image itself.

    Parameters
    ----------
    image : (M, N[, C]) ndarray
        Grey or multichannel image, integers or floats; known pixels are finite.
    mask : (M, N) or (M, N, C) ndarray of bool
        True (or non-zero) where a sample, or all samples of a pixel, are missing. The values of ``image`` there are not
        used. With ``channel_axis`` or ``stack_axis``: of the shape of the image, the same without channels, or (M, N)
        for every page.
    channel_axis : int, optional
        Axis of the channels; by default the last one, if the image has one more than rows and columns.
    stack_axis : int, optional
        Axis that numbers pages; ``stack`` says how they belong together. One with nothing missing stays as it is.
    exclude : ndarray of bool, optional
        True (or non-zero) where nothing is to be copied from, with ``fill="texture"``; shapes are those of ``mask``.
    reg, net : str, optional
        Regulariser and representation of `make_settings`: similar patches on the pixel grid by default.
    **options
        Further keywords of `make_settings`: ``fill``, ``values``, ``stack``, ``noise``, ``seed``, ``device``, ...

    Returns
    -------
    (M, N[, C]) ndarray
        The restored image, of the same shape and dtype; known samples are those of ``image`` (unless ``denoise``).

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
    settings = make_settings(reg=reg, net=net, **options)
    if channel_axis is None and stack_axis is None:
        return run_inpainting(image, mask, settings, exclude=exclude, wants_sigma=False).image
    axes = ArrayAxes.of(image.shape, channel_axis, stack_axis)
    pages, masks = axes.pages(image), axes.masks(mask)
    excluded = [None] * len(pages) if exclude is None else axes.masks(exclude)
    if not any(mask.any() for mask in masks):
        raise InputError("the mask is empty: no pixel is missing, so there is nothing to fill")
    from inrr_cli.inpainting.pages import inpaint_planes

    missing = [sample_mask(*pair) for pair in zip(masks, pages, strict=True)]
    return axes.join(inpaint_planes(pages, missing, settings, excluded))


def run_inpainting(
    image: Pixels,
    mask: NDArray[np.bool_],
    settings: Settings,
    control: Control = Control(),  # noqa: B008, for it is frozen
    *,
    ignored: NDArray[np.bool_] | None = None,
    exclude: NDArray[np.bool_] | None = None,
    variants: int = 1,
    wants_sigma: bool = True,
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
    ignored : (M, N) or (M, N, C) ndarray of bool, optional
        Samples that are neither known nor to be filled: nothing is learned from them, and they come back as they are.
    exclude : (M, N) or (M, N, C) ndarray of bool, optional
        Pixels that nothing is copied from, with ``fill="texture"``; of samples: those with one that is marked.
    variants : int
        Number of fills with ``fill="texture"``, by the seeds from that of the settings on; see `Result.variant`.
    wants_sigma : bool
        Whether the sigma of the result is needed where ``fill="texture"`` makes up all that is missing: that takes more
        time than the texture.
    """
    check_image(image)
    if settings.fill != "texture" and (exclude is not None or variants > 1):
        name = flag("variants" if exclude is None else "exclude")
        raise InputError(f"{name} has no meaning for fill {settings.fill}; leave it out, or choose the fill texture")
    missing = sample_mask(mask, image)
    if not missing.any():
        raise InputError("the mask is empty: no pixel is missing, so there is nothing to fill")
    if missing.all():
        raise InputError("the mask covers everything: no pixel is known to fill it from")
    known = ~missing if ignored is None else ~(missing | sample_mask(ignored, image))
    if not known.any():
        raise InputError("no pixel is known, so there is nothing to fill from")
    lost = find_lost_channel(missing, known)
    if lost is not None:
        raise InputError(f"the mask covers channel {lost}: no sample is known to fill it from")
    fill = choose_fill(settings)
    by_channel = (settings.per_channel or settings.values == "labels") and image.ndim == 3
    if settings.fill == "texture":
        excluded = None if exclude is None else any_channel(sample_mask(exclude, image))
        expected = partial(inpaint_channels, fill=fill) if by_channel else fill
        fill = partial(
            inpaint_textured, expected=expected, excluded=excluded, variants=variants, wants_sigma=wants_sigma
        )
    elif by_channel:
        return inpaint_channels(image, missing, settings, control, known, fill)
    return inpaint_known_channels(image, missing, settings, control, known, fill)


def choose_fill(settings: Settings) -> Fill:
    """Return what fills an image: whole or in tiles, for the kind of its values."""
    kind = parse_values(settings.values)
    if kind.name == "labels":
        return inpaint_labels
    fill = inpaint_windows if settings.tile is None else inpaint_tiles
    return partial(inpaint_angles, period=kind.period, fill=fill) if kind.name == "angle" else fill


def sample_mask(mask: NDArray[Any], image: Pixels) -> NDArray[np.bool_]:
    """Return a mask (M, N) of pixels, or of samples, as a mask of the shape of the image.

    Raises
    ------
    InputError
        If the mask has neither the shape of the image nor that of its pixels.
    """
    marked = np.asarray(mask) != 0
    if marked.shape not in (image.shape, image.shape[:2]):
        raise InputError(f"mask of shape {marked.shape} does not fit an image of shape {image.shape}")
    return to_samples(marked, image.shape)
