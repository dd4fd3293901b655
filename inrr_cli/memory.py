"""How much memory a run takes, and whether that is free. Importing this module does not import torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import FEW_CHANNELS
from inrr_cli.errors import InputError
from inrr_cli.free_memory import address_space_limit, free_resident_memory, held_bytes, mapped_bytes
from inrr_cli.inpainting.label_colours import CANDIDATES
from inrr_cli.inpainting.labels import TILE as LABEL_TILE
from inrr_cli.inpainting.tiles import MARGIN
from inrr_cli.settings import Settings

if TYPE_CHECKING:
    from inrr_cli.superres.target import Target

# bytes, the most that was measured on images of 0.07 to 12 megapixels (examples/results/scaling.md)
PROGRAM = 440e6  # with its libraries
PER_SAMPLE = 60  # of the image
PER_SAMPLE_OF_MANY = 82  # of more than a few channels, which are filled from one another
PER_TILED_SAMPLE, PER_TILED_MISSING_SAMPLE = 40, 40  # of an image that is filled in tiles
PER_WINDOWED_SAMPLE = 12  # of an image that is filled in windows around its damage
PER_LABEL = 60  # of labels, which are numbered
PER_MISSING_SAMPLE = 550  # by patches
PER_POINT_KEPT = 25e3  # whose activations a fit keeps, by the largest network of default size
TEXTURE, PER_TEXTURED_SAMPLE, PER_MADE_PIXEL = 150e6, 40, 3500  # with --fill texture: of an image, and of what it makes
PER_FINE_SAMPLE = 40  # of an enlarged image
FINE_TILE, FINE_SIDES = 500e6, (512, 1024)  # the tile in work: at the larger side; training takes the smaller one's
PER_KERNEL_SAMPLE = 14 * 4 * 8  # 14 arrays of twice the rows and columns in float64

# bytes of address space, measured under `ulimit -v` (examples/results/scaling.md)
PER_THREAD_SPACE = 72 * 2**20  # a stack and a heap of its own, of which little is ever used
WORK_SPACE = 90e6  # beside the data, once the libraries are loaded
LEAST_SPACE = 800e6  # of the smallest build of torch, which may abort while it is loaded in less

TILE = 512  # that is advised

# Told how many bytes a run needs beside the program, before it takes them. In a worker it waits until the others leave
# them free.
claim: Callable[[float], None] = lambda needed: None  # noqa: E731


def missing_per_channel(missing: NDArray[np.bool_], settings: Settings) -> int:
    """Return the missing samples (M, N[, C]) of a channel: of the mean one, or of the worst if each is filled alone."""
    if missing.ndim == 2:
        return int(missing.sum())
    counts = np.array([np.count_nonzero(missing[..., channel]) for channel in range(missing.shape[2])])
    return int(counts.max() if settings.per_channel else np.ceil(counts.mean()))


def inpainting_bytes(
    shape: tuple[int, ...], missing: int, settings: Settings, window: tuple[int, int] | None = None
) -> float:
    """Bytes that filling an image (M, N[, C]) takes at most, in tiles of mean density.

    ``missing`` counts samples to fill in each channel, as `missing_per_channel` does. ``window`` is the shape of the
    largest part that is filled by itself, see `inrr_cli.inpainting.windows`.
    """
    rows, columns = shape[:2]
    channels = shape[2] if len(shape) == 3 and not settings.per_channel else 1
    whole, texture = 0.0, _texture_bytes(shape, missing) if settings.fill == "texture" else 0.0
    if settings.values == "labels":  # channel by channel, in fields of tiles
        whole, channels = PER_LABEL * rows * columns, CANDIDATES
        settings = replace(settings, tile=settings.tile or LABEL_TILE) if settings.net == "grid" else settings
    elif settings.values != "linear":  # the cosine and the sine of angles
        channels *= 2
    if settings.tile is not None:
        whole = whole or channels * (PER_TILED_SAMPLE * rows * columns + PER_TILED_MISSING_SAMPLE * missing)
        density = missing / (rows * columns)
        rows, columns = (min(side, settings.tile + 2 * MARGIN) for side in (rows, columns))
        missing = round(density * rows * columns)
    elif window is not None and settings.values != "labels":
        whole = channels * PER_WINDOWED_SAMPLE * rows * columns
        rows, columns = window
    each = PER_KERNEL_SAMPLE if settings.net == "ntk" else PER_SAMPLE
    if settings.net == "grid" and settings.values != "labels" and channels > FEW_CHANNELS:
        each = PER_SAMPLE_OF_MANY
    patches = PER_MISSING_SAMPLE * missing * channels if settings.reg == "patch" else 0
    activations = PER_POINT_KEPT * settings.recipe.points_kept(rows, columns) if settings.recipe else 0
    return PROGRAM + max(texture, whole + each * rows * columns * channels + patches + activations)


def _texture_bytes(shape: tuple[int, ...], missing: int) -> float:
    """Bytes that texture takes at most in an image (M, N[, C]) with so many missing pixels, after the other engine."""
    channels = shape[2] if len(shape) == 3 else 1
    return TEXTURE + PER_TEXTURED_SAMPLE * shape[0] * shape[1] * channels + PER_MADE_PIXEL * missing


def superres_bytes(shape: tuple[int, ...], target: Target, tile: int | None = None) -> float:
    """Bytes that enlarging an image (M, N[, C]) takes at most."""
    channels = shape[2] if len(shape) == 3 else 1
    rows, columns = target.shape
    least, most = FINE_SIDES
    area = min(max(min(rows, tile or most) * min(columns, tile or most), least**2), most**2)
    fine = PER_FINE_SAMPLE * rows * columns + PER_SAMPLE * shape[0] * shape[1]
    return PROGRAM + FINE_TILE * area / most**2 + channels * fine


def inpainting_advice(shape: tuple[int, ...], settings: Settings) -> str:
    """Return what to do where filling an image (M, N[, C]) does not fit in memory; empty if nothing helps."""
    tile = settings.tile or TILE
    if max(shape[:2]) <= tile + 2 * MARGIN:  # one tile
        return "" if settings.net == "grid" else "use the patch engine"
    if settings.net != "grid":
        return f"use the patch engine with --tile {tile}"
    return f"try --tile {tile}" if settings.tile is None else "try a smaller --tile"


def superres_advice(settings: Settings) -> str:
    """Return what to do where enlarging an image does not fit in memory."""
    tile = f"--tile {TILE}" if settings.tile is None else "a smaller --tile"
    return f"make a part of it with --crop X,Y,W,H or try {tile}"


def check_inpainting_memory(
    shape: tuple[int, ...], missing: int, settings: Settings, window: tuple[int, int] | None = None
) -> None:
    """Raise InputError if filling an image does not fit in the free memory; see `inpainting_bytes`."""
    what = f"restoring {shape[1]} x {shape[0]} pixels"
    _check(what, inpainting_bytes(shape, missing, settings, window), inpainting_advice(shape, settings))


def check_superres_memory(shape: tuple[int, ...], target: Target, settings: Settings) -> None:
    """Raise InputError if enlarging an image (M, N[, C]) does not fit in the free memory."""
    rows, columns = target.shape
    what = f"enlarging to {columns} x {rows} pixels"
    _check(what, superres_bytes(shape, target, settings.tile), superres_advice(settings))


def _check(what: str, needed: float, advice: str) -> None:
    """Compare the bytes of the whole process with the limit of its address space, and with what is free."""
    claim(needed - PROGRAM)
    limit = address_space_limit()
    if limit is not None:
        _check_space(what, needed - PROGRAM, limit, advice)
    free = free_resident_memory()
    needed -= min(held_bytes(), PROGRAM)  # what is loaded already is not taken again
    if free is not None and needed > free:
        raise InputError(
            f"{what} needs about {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free; "
            f"{advice or 'free some memory first'}"
        )


def _check_space(what: str, data: float, limit: float, advice: str) -> None:
    """Compare the address space of the process, once its data take ``data`` bytes more, with its limit.

    Most is that of libraries and differs between builds of torch: they are loaded, and the rest is added. Nothing is
    compared where the system does not tell what is mapped.
    """
    if mapped_bytes() is None:
        return
    torch = _load_torch() if limit > LEAST_SPACE else None
    if torch is None:
        raise InputError(
            f"{what} needs more address space than the {limit / 1e9:.2f} GB that `ulimit -v` allows: torch cannot be "
            "loaded in it; raise it"
        )
    threads = torch.get_num_threads()
    workers = threads if threads > 1 else 0  # beside the thread that runs already
    needed = (mapped_bytes() or 0.0) + data + PER_THREAD_SPACE * workers + WORK_SPACE
    if needed > limit:
        ways = [*(["set OMP_NUM_THREADS=1"] if threads > 1 else []), *([advice] if advice else [])]
        raise InputError(
            f"{what} needs about {needed / 1e9:.2f} GB of address space and `ulimit -v` allows {limit / 1e9:.2f} GB; "
            f"raise it{', or ' * bool(ways)}{' and '.join(ways)}"
        )


def _load_torch() -> Any:
    """Load torch and what is loaded with the engines; return None if there is no room for it."""
    try:
        import_module("inrr_cli.patch.engine")
        return import_module("torch")
    except (ImportError, MemoryError, OSError):
        return None
