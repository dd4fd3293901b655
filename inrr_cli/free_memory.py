"""How much memory is free: by the system, by the limits of containers, and by the limits of this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")
# files of a container's limit and use, and the part of the use that the system takes back when it is needed
CGROUP_FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def free_memory() -> float | None:
    """Bytes that this process can still take, by all limits; None where none is known."""
    limit, mapped = address_space_limit(), mapped_bytes()
    found = [] if limit is None or mapped is None else [max(limit - mapped, 0.0)]
    if (resident := free_resident_memory()) is not None:
        found.append(resident)
    return min(found) if found else None


def free_resident_memory() -> float | None:
    """Bytes that are free, by the system, the containers' limits and ``ulimit -d``; None where none is known."""
    found = []
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found += [float(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    except (OSError, ValueError, IndexError):
        try:
            found.append(float(os.sysconf("SC_AVPHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE"))
        except (AttributeError, ValueError, OSError):
            pass
    for folder in _cgroup_folders():
        for limit, used, cached in CGROUP_FILES:
            try:
                left = float((folder / limit).read_text()) - float((folder / used).read_text())  # "max": no limit
                found.append(left + _cached_bytes(folder / "memory.stat", cached))
            except (OSError, ValueError):
                continue
    data_limit, data = _limit("RLIMIT_DATA"), _statm(5)
    if data_limit is not None and data is not None:
        found.append(data_limit - data)
    return max(min(found), 0.0) if found else None


def address_space_limit() -> float | None:
    """Bytes that this process may map (``ulimit -v``): its libraries and stacks count too. None without a limit."""
    return _limit("RLIMIT_AS")


def mapped_bytes() -> float | None:
    """Bytes of address space that this process has mapped; None where the system does not tell."""
    return _statm(0)


def held_bytes() -> float:
    """Bytes of memory that this process holds now; 0 where the system does not tell."""
    return _statm(1) or 0.0


def _cgroup_folders() -> Iterator[Path]:
    """Folders of the cgroups that may limit this process: the root's, its own, and all between these."""
    yield CGROUPS
    yield CGROUPS / "memory"
    try:
        lines = OWN_CGROUPS.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "memory"):  # of version 2, and of version 1
            root = CGROUPS / controllers
            folder = root / path.strip("/")
            while folder not in (root, folder.parent):
                yield folder
                folder = folder.parent


def _cached_bytes(file: Path, name: str) -> float:
    """Bytes of files that a container holds only to read them again faster."""
    for line in file.read_text(encoding="ascii").splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return float(value)
    return 0.0


def _limit(name: str) -> float | None:
    """Return a limit of this process, None if there is none."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    limit = resource.getrlimit(getattr(resource, name))[0]
    return None if limit == resource.RLIM_INFINITY else float(limit)


def _statm(field: int) -> float | None:
    """Return a field of Linux's /proc/self/statm in bytes: 0 mapped, 1 resident, 5 data and stacks."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[field]
        return float(pages) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return None
