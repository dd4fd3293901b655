"""Spans of rows and columns, as slices, and windows of these."""

from __future__ import annotations

from collections.abc import Iterator


def windows(shape: tuple[int, ...], step: int) -> Iterator[tuple[slice, slice]]:
    """Yield windows of ``step`` x ``step`` pixels that cover an image, by rows."""
    for top in range(0, shape[0], step):
        for left in range(0, shape[1], step):
            yield slice(top, min(shape[0], top + step)), slice(left, min(shape[1], left + step))


def wider(span: slice, by: int, size: int) -> slice:
    """Return a span with a margin, as far as an image of ``size`` reaches."""
    return slice(max(0, span.start - by), min(size, span.stop + by))


def inside(span: slice, outer: slice) -> slice:
    """Return a span as counted from the start of an outer one."""
    return slice(span.start - outer.start, span.stop - outer.start)
