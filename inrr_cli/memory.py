"""How much memory a restoration takes, and how much there is."""

from __future__ import annotations

import os
from pathlib import Path

from inrr_cli.errors import InputError
from inrr_cli.plan import Plan

BASE = 350e6  # bytes of the program itself
PER_PIXEL = 60  # bytes for each pixel and channel
PER_MISSING = 700  # for each missing pixel and channel by patches
PER_POINT_OF_KERNEL = 4 * 8 * 9  # for each pixel and channel by a kernel's transforms
CGROUPS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes")),
)


def free_memory() -> float | None:
    """Bytes that are free, by the system and by the container's limit; None where neither tells."""
    found = []
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found += [float(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    except (OSError, ValueError, IndexError):
        try:
            found.append(float(os.sysconf("SC_AVPHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE"))
        except (AttributeError, ValueError, OSError):
            pass
    for limit, used in CGROUPS:
        try:
            found.append(float(limit.read_text()) - float(used.read_text()))
        except (OSError, ValueError):
            continue  # no container, or no limit: "max"
    return min(found) if found else None


def estimate(shape: tuple[int, ...], missing: int, plan: Plan) -> float:
    """Bytes that restoring an image (M, N[, C]) with so many missing pixels takes at most."""
    channels = shape[2] if len(shape) == 3 else 1
    samples = shape[0] * shape[1] * channels
    each = PER_POINT_OF_KERNEL if plan.net == "ntk" else PER_PIXEL
    return BASE + each * samples + (PER_MISSING * missing * channels if plan.reg == "patch" else 0)


def check_memory(
    shape: tuple[int, ...], missing: int, plan: Plan, tile: int | None, *, per_channel: bool = False
) -> None:
    """Raise InputError if a restoration will not fit in the free memory."""
    free = free_memory()
    if per_channel:
        shape = shape[:2]
    needed = estimate(shape, missing, plan)
    if free is None or needed <= free or tile is not None:
        return
    advice = "try --tile 512" if plan.net == "grid" else "use the patch engine with --tile 512"
    raise InputError(
        f"restoring {shape[1]} x {shape[0]} pixels needs about {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free; "
        f"{advice}"
    )
