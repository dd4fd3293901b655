"""How much memory a restoration takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inrr_cli.errors import InputError
from inrr_cli.machine import free_memory
from inrr_cli.settings import Settings

if TYPE_CHECKING:
    from inrr_cli.superresolution import Target

BASE = 440e6  # bytes of the program itself
PER_PIXEL = 60  # bytes for each pixel and channel
PER_MISSING = 550  # for each missing pixel and channel by patches
PER_ACTIVATED = 25e3  # for each point whose activations a fit keeps: the most that any network of default size has
ENLARGING = 500e6  # bytes for a tile of super-resolution
PER_FINE = 40  # for each fine pixel and channel
PER_POINT_OF_KERNEL = 4 * 8 * 9  # for each pixel and channel by a kernel's transforms


def estimate(shape: tuple[int, ...], missing: int, settings: Settings) -> float:
    """Bytes that restoring an image (M, N[, C]) with so many missing pixels takes at most."""
    channels = shape[2] if len(shape) == 3 else 1
    samples = shape[0] * shape[1] * channels
    each = PER_POINT_OF_KERNEL if settings.net == "ntk" else PER_PIXEL
    patches = PER_MISSING * missing * channels if settings.reg == "patch" else 0
    activations = PER_ACTIVATED * settings.recipe.points_kept(*shape[:2]) if settings.recipe else 0
    return BASE + each * samples + patches + activations


def check_memory(
    shape: tuple[int, ...], missing: int, settings: Settings, tile: int | None, *, per_channel: bool = False
) -> None:
    """Raise InputError if a restoration will not fit in the free memory; by tiles it does."""
    free = free_memory()
    if per_channel:
        shape = shape[:2]
    needed = estimate(shape, missing, settings)
    if free is None or needed <= free or tile is not None:
        return
    advice = "try --tile 512" if settings.net == "grid" else "use the patch engine with --tile 512"
    raise InputError(
        f"restoring {shape[1]} x {shape[0]} pixels needs about {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free; "
        f"{advice}"
    )


def check_superres_memory(shape: tuple[int, ...], target: Target, settings: Settings) -> None:
    """Raise InputError if enlarging an image of ``shape`` (M, N[, C]) will not fit in the free memory."""
    free = free_memory()
    channels = shape[2] if len(shape) == 3 else 1
    rows, columns = target.shape
    needed = BASE + ENLARGING + PER_FINE * rows * columns * channels + PER_PIXEL * shape[0] * shape[1] * channels
    if free is None or needed <= free:
        return
    raise InputError(
        f"enlarging to {columns} x {rows} pixels needs about {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free; "
        "make a part of it with --crop X,Y,W,H"
    )
