"""How an engine tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

# called with what is done, what there is to do, and how it goes (a loss, a change)
Progress = Callable[[int, int, float], None]


def part_of(progress: Progress | None, number: int, count: int) -> Progress | None:
    """Return the progress of part ``number`` of ``count`` equal ones."""
    if progress is None or count == 1:
        return progress
    return lambda done, total, value: progress(number * total + done, count * total, value)
