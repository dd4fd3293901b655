"""How much memory a run takes, and how much is free. Importing this module does not import torch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from inrr_cli.errors import InputError
from inrr_cli.settings import Settings

if TYPE_CHECKING:
    from inrr_cli.superres.target import Target

# bytes, the most that was measured on images of 0.07 to 12 megapixels (examples/results/scaling.md)
PROGRAM = 440e6  # with its libraries
PER_SAMPLE = 60  # of the image
PER_MISSING_SAMPLE = 550  # by patches
PER_POINT_KEPT = 25e3  # whose activations a fit keeps, by the largest network of default size
PER_FINE_SAMPLE, FINE_TILE = 40, 500e6  # of an enlarged image, and of the tile in work
PER_KERNEL_SAMPLE = 14 * 4 * 8  # 14 arrays of twice the rows and columns in float64

# files of a container's limit and use, and the part of the use that the system takes back when it is needed
CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "inactive_file"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        "total_inactive_file",
    ),
)


def inpainting_bytes(shape: tuple[int, ...], missing: int, settings: Settings) -> float:
    """Bytes that filling ``missing`` pixels of an image (M, N[, C]) takes at most."""
    channels = shape[2] if len(shape) == 3 and not settings.per_channel else 1
    samples = shape[0] * shape[1] * channels
    each = PER_KERNEL_SAMPLE if settings.net == "ntk" else PER_SAMPLE
    patches = PER_MISSING_SAMPLE * missing * channels if settings.reg == "patch" else 0
    activations = PER_POINT_KEPT * settings.recipe.points_kept(*shape[:2]) if settings.recipe else 0
    return PROGRAM + each * samples + patches + activations


def superres_bytes(shape: tuple[int, ...], target: Target) -> float:
    """Bytes that enlarging an image (M, N[, C]) takes at most."""
    channels = shape[2] if len(shape) == 3 else 1
    rows, columns = target.shape
    return PROGRAM + FINE_TILE + channels * (PER_FINE_SAMPLE * rows * columns + PER_SAMPLE * shape[0] * shape[1])


def check_inpainting_memory(shape: tuple[int, ...], missing: int, settings: Settings) -> None:
    """Raise InputError if filling an image (M, N[, C]) does not fit in the free memory; tiles always do."""
    if settings.tile is None:
        advice = "try --tile 512" if settings.net == "grid" else "use the patch engine with --tile 512"
        _check(f"restoring {shape[1]} x {shape[0]} pixels", inpainting_bytes(shape, missing, settings), advice)


def check_superres_memory(shape: tuple[int, ...], target: Target) -> None:
    """Raise InputError if enlarging an image (M, N[, C]) does not fit in the free memory."""
    rows, columns = target.shape
    what = f"enlarging to {columns} x {rows} pixels"
    _check(what, superres_bytes(shape, target), "make a part of it with --crop X,Y,W,H")


def _check(what: str, needed: float, advice: str) -> None:
    free = free_memory()
    if free is not None and needed > free:
        raise InputError(f"{what} needs about {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free; {advice}")


def free_memory() -> float | None:
    """Bytes that are free, by the system and by the container's limit; None where neither is known."""
    found = []
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found += [float(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    except (OSError, ValueError, IndexError):
        try:
            found.append(float(os.sysconf("SC_AVPHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE"))
        except (AttributeError, ValueError, OSError):
            pass
    for limit, used, cached in CGROUPS:
        try:
            left = float(Path(limit).read_text()) - float(Path(used).read_text())  # "max" is no number: no limit
            found.append(left + _cached_bytes(Path(used).with_name("memory.stat"), cached))
        except (OSError, ValueError):
            continue
    return min(found) if found else None


def _cached_bytes(file: Path, name: str) -> float:
    """Bytes of files that a container holds only to read them again faster."""
    for line in file.read_text(encoding="ascii").splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return float(value)
    return 0.0
