"""How many workers fit on this machine, and what each may use. Importing this module does not import torch."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from inrr_cli.errors import InputError
from inrr_cli.free_memory import CGROUPS, free_resident_memory
from inrr_cli.memory import PROGRAM

LEAST_WORK = 60e6  # bytes that a small image takes beside the program; larger ones wait for their turn


@dataclass(frozen=True)
class Workers:
    """Processes for calls.

    Attributes
    ----------
    jobs : int
    threads : int
        Threads of each.
    memory : float or None
        Bytes for the calls of all, beside the programs; None where the system does not tell.
    environments : list of dict
        Environment variables of each worker, in turn.
    """

    jobs: int
    threads: int
    memory: float | None
    environments: list[dict[str, str]] = field(default_factory=lambda: [{}])


def plan_workers(jobs: str, count: int | None, device: str) -> Workers:
    """Share out this machine.

    Parameters
    ----------
    jobs : str
        Number of workers, or "auto": one for each core, or for each GPU if the device may be one, as many as fit in
        memory.
    count : int or None
        Number of calls, if that is known; more workers than calls are not started.
    device : {"auto", "cpu", "cuda", "mps"}

    Raises
    ------
    InputError
        If ``jobs`` is neither "auto" nor a number above 0.
    """
    cores, gpus = usable_cores(), visible_gpus() if device in ("auto", "cuda") else []
    free = free_resident_memory()
    if jobs == "auto":
        most = len(gpus) or cores
        fit = most if free is None else int(free // (PROGRAM + LEAST_WORK))
        number = max(1, min(most, fit))
    elif jobs.isdecimal() and int(jobs) > 0:
        number = int(jobs)
    else:
        raise InputError(f"--jobs must be auto or a number above 0, got {jobs!r}")
    if count is not None:
        number = max(1, min(number, count))
    memory = None if free is None else max(0.0, free - number * PROGRAM)
    environments = [{"CUDA_VISIBLE_DEVICES": gpu} for gpu in gpus] or [{}]
    return Workers(number, max(1, cores // number), memory, environments)


def usable_cores() -> int:
    """Return how many cores this process may use: by its affinity, OMP_NUM_THREADS and the quota of its container."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        cores = os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdecimal() and int(asked) > 0:
        cores = min(cores, int(asked))
    quota = _container_quota()
    return max(1, cores if quota is None else min(cores, round(quota)))


def visible_gpus() -> list[str]:
    """Return the numbers of NVIDIA's GPUs that may be used, without loading their libraries."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [gpu for gpu in chosen.split(",") if gpu not in ("", "-1")]
    return sorted(path.name.removeprefix("nvidia") for path in Path("/dev").glob("nvidia[0-9]*"))


def _container_quota() -> float | None:
    """Return the cores that a container's scheduler grants; None if there is no limit."""
    try:
        quota, period = (CGROUPS / "cpu.max").read_text(encoding="ascii").split()
        return None if quota == "max" else float(quota) / float(period)
    except (OSError, ValueError):
        pass
    try:
        quota, period = ((CGROUPS / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        return None if float(quota) <= 0 else float(quota) / float(period)
    except (OSError, ValueError):
        return None
