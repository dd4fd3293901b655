"""Watch folders that an instrument is filling."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from inrr_cli.batch.sources import Source

PERIOD = 1.0  # seconds between two looks: a folder of ten thousand files takes a twentieth of it


def watch(find: Callable[[], list[Source]], settle: float) -> Iterator[Source | None]:
    """Yield images as they appear or change, and None while there is nothing new; this never ends.

    Parameters
    ----------
    find : callable
        Returns the images that there are now.
    settle : float
        Seconds for which the size and the time of a file must be still.
    """
    seen: dict[Path, tuple[tuple[int, int], float]] = {}  # size and time of change, and since when
    taken: dict[Path, tuple[int, int]] = {}
    while True:
        look = time.monotonic()
        for source in find():
            try:
                status = source.path.stat()
            except OSError:  # renamed or removed in the meantime
                continue
            state, now = (status.st_size, status.st_mtime_ns), time.monotonic()
            if taken.get(source.path) == state:
                continue
            if source.path not in seen or seen[source.path][0] != state:
                seen[source.path] = state, now
            if now - seen[source.path][1] >= settle:
                taken[source.path] = state
                del seen[source.path]
                yield source
        while time.monotonic() < look + PERIOD:
            yield None
