"""What this computer has."""

from __future__ import annotations

import os
from pathlib import Path

# limit, use, and the part of the use that the system takes back when it is needed
CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "inactive_file"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        "total_inactive_file",
    ),
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
    for limit, used, cached in CGROUPS:
        try:
            left = float(Path(limit).read_text()) - float(Path(used).read_text())  # "max" is no number: no limit
            found.append(left + _cached(Path(used).with_name("memory.stat"), cached))
        except (OSError, ValueError):
            continue
    return min(found) if found else None


def _cached(file: Path, name: str) -> float:
    """Bytes of files that a container holds only to read them again faster."""
    for line in file.read_text(encoding="ascii").splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return float(value)
    return 0.0
