"""Pages that are made when they are asked for, so that a stack of them takes no memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from inrr_cli.imaging.value_range import Pixels


class MadePages(Sequence[Pixels]):
    """A sequence of pages (M, N[, C]) of which only the last one that was asked for is kept.

    Parameters
    ----------
    count : int
    make : callable
        From the number of a page, from 0, to its pixels.
    """

    def __init__(self, count: int, make: Callable[[int], Pixels]) -> None:
        self.size, self.make = count, make
        self.last: tuple[int, Pixels] | None = None

    def __len__(self) -> int:
        """Return the number of pages."""
        return self.size

    def __getitem__(self, number: Any) -> Any:
        """Return a page, or the list of those of a slice."""
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(self.size))]
        if not -self.size <= number < self.size:
            raise IndexError(number)
        number %= self.size
        if self.last is None or self.last[0] != number:
            self.last = None  # before the next one is made
            self.last = number, self.make(number)
        return self.last[1]
