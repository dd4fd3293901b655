"""Fill deep holes with texture that is copied from elsewhere in the image, and all else with its expected value."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import Control
from inrr_cli.errors import InputError
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.inpainting.channels import Fill
from inrr_cli.inpainting.whole import patch_range
from inrr_cli.masking.samples import all_channels, any_channel
from inrr_cli.result import Result
from inrr_cli.settings import Settings

# pixels from known ones, up to which the expected value stands: across a strip of 7 pixels of grass or gravel it has
# half of the variance right, and in the middle a fifth to a third of the gradient's energy; of 11 pixels a tenth
DEEP = 4
SMALLEST = 2 * DEEP + 1  # side of the smallest square that is made up

Mask = NDArray[np.bool_]


def inpaint_textured(
    image: Pixels,
    missing: Mask,
    settings: Settings,
    control: Control,
    known: Mask,
    *,
    expected: Fill,
    excluded: Mask | None = None,
    variants: int = 1,
    wants_sigma: bool = True,
) -> Result:
    """Fill an image with ``expected``, and then make up what `deep_pixels` finds.

    Parameters
    ----------
    image, missing, settings, control, known
        As in `inrr_cli.inpainting.whole.inpaint_whole`. With ``control.keep_partial`` the expected values are the
        partial result.
    expected : callable
        Fills an image with expected values. Its seed is always 0: variants differ in what is made up alone, and each
        is what its own seed makes.
    excluded : (M, N) ndarray of bool, optional
        Pixels that are not copied.
    variants : int
        Number of fills, with the seeds ``settings.seed``, ``settings.seed + 1`` and so on.
    wants_sigma : bool
        Unless, no time is spent on expected values that nobody will see: where all that is missing is made up.

    Raises
    ------
    InputError
        If there is nothing to copy from.
    """
    made, sources = deep_pixels(missing), all_channels(known)
    usable = all_channels(known | missing)
    if excluded is not None:
        sources, usable = sources & ~excluded, usable & ~excluded
    if made.any() and not sources.any():
        raise InputError("there is no pixel to copy from: each one is missing, unusable or excluded")
    if made.any() and _whole_patches(sources) < made.sum():
        sources = usable & ~made  # known pixels are scattered: those with an expected value are copied, too
    all_is_made = np.array_equal(any_channel(missing), made)
    needs_expected = wants_sigma or control.keep_partial or not all_is_made
    count = needs_expected + variants * bool(made.any())
    parts = [control.part(number, count) for number in range(count)]
    if needs_expected:
        result = expected(image, missing, replace(settings, seed=0), parts.pop(0), known)
        result = replace(result, made=np.zeros_like(made))
    else:
        result = _as_it_was(image)
    if not (made.any() and result.completed):
        return result
    try:
        return _make_up(result, missing, known, made, sources, settings, parts)
    except KeyboardInterrupt:
        if not control.keep_partial:
            raise
        return replace(result, completed=False)


def deep_pixels(missing: Mask) -> Mask:
    """Return the pixels (M, N) to make up: what squares of SMALLEST pixels cover in the holes of all channels.

    That is the opening of the holes, and what is left of them within DEEP pixels: a round hole as a whole, but not the
    scratches that run out of it. Beyond the border of the image holes go on. torch is imported here at the latest.
    """
    hole = all_channels(missing)
    if not hole.any():
        return hole
    import torch

    from inrr_cli.solvers.distance import dilate, erode

    mask = torch.from_numpy(np.ascontiguousarray(hole))
    return np.asarray((dilate(erode(mask, DEEP), 2 * DEEP) & mask).numpy())


def _whole_patches(sources: Mask) -> int:
    """Return the number of patches all of whose pixels may be copied."""
    import torch

    from inrr_cli.texture.scales import whole_patches

    return int(whole_patches(torch.from_numpy(sources)).sum())


def _as_it_was(image: Pixels) -> Result:
    """Return an image as a result, with nothing done yet."""
    return Result(
        image=image,
        raw=None,
        psnr_known=None,
        rmse_known=None,
        sigma=None,
        noise_sigma=None,
        device="",
        steps=None,
        seconds=0.0,
        completed=True,
        summary="no expected values",
    )


def _make_up(
    result: Result,
    missing: Mask,
    known: Mask,
    made: Mask,
    sources: Mask,
    settings: Settings,
    controls: Sequence[Control],
) -> Result:
    """Make up the pixels ``made`` of a result, once for each of the ``controls`` and with a seed of its own."""
    import torch

    from inrr_cli.device import choose_device, one_thread_per_operation
    from inrr_cli.texture.engine import fill_texture

    start, device = time.perf_counter(), choose_device(settings.device)
    units = patch_range(result.image, known)
    unusable = any_channel(~(known | missing))
    values = units.to_unit(_without_unusable(result.image, unusable, ~(unusable | made)))
    problem = [torch.from_numpy(np.ascontiguousarray(a)).to(device) for a in (np.atleast_3d(values), made, sources)]
    found = []
    with one_thread_per_operation():
        for number, control in enumerate(controls):
            filled = fill_texture(problem[0], problem[1], problem[2], settings.seed + number, control)
            pixels = units.from_unit(filled.cpu().numpy()[made], result.image.dtype)
            found.append(pixels.reshape(result.image[made].shape))
    image = result.image.copy()
    image[made] = found[0]
    return replace(
        result,
        image=image,
        made=made,
        variants=tuple(found[1:]),
        device=device.type,
        seconds=result.seconds + time.perf_counter() - start,
        summary=f"{result.summary}; {int(made.sum()):,} pixels made up of copies",
    )


def _without_unusable(image: Pixels, unusable: Mask, usable: Mask) -> Pixels:
    """Return an image whose ``unusable`` pixels (M, N), which may be NaN, are as the nearest ``usable`` ones."""
    if not unusable.any():
        return image
    from scipy.ndimage import distance_transform_edt

    rows, columns = distance_transform_edt(~usable, return_distances=False, return_indices=True)
    replaced = image.copy()
    replaced[unusable] = image[rows[unusable], columns[unusable]]
    return replaced
