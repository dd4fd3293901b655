"""Values of options that are more than a number or a name."""

from __future__ import annotations

import re

import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.imaging.value_range import ValueRange
from inrr_cli.settings import SEED_LIMIT


def parse_pages(text: str | None, count: int | None = None) -> list[int]:
    """Return page numbers, from 0, of ``3,5-9`` counted from 1; all pages for None.

    Without the ``count`` of pages only the form is checked.
    """
    if text is None:
        return list(range(count or 0))
    numbers: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", part.strip())
        if match is None:
            raise InputError(f"--pages must be numbers and ranges such as 3,5-9; got {text!r}")
        first, last = int(match[1]), int(match[2] or match[1])
        if count is not None:
            if not 1 <= first <= last <= count:
                raise InputError(f"--pages {text}: the image has pages 1 to {count}")
            numbers |= set(range(first - 1, last))
    return sorted(numbers)


def parse_range(text: str | None) -> ValueRange | None:
    """Return the range of ``LOW,HIGH``, or of a width from 0."""
    if text is None:
        return None
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    low, high = (0.0, *values) if len(values) == 1 else values if len(values) == 2 else (0.0, 0.0)
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise InputError(f"--data-range must be LOW,HIGH or a span, as in -5,12.5 or 255; got {text!r}")
    return ValueRange(low, high)


def parse_size(text: str | None) -> tuple[int, int] | None:
    """Return rows and columns of ``WIDTHxHEIGHT``."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,7})[xX](\d{1,7})", text.strip())
    if match is None or not int(match[1]) or not int(match[2]):
        raise InputError(f"--size must be WIDTHxHEIGHT in pixels, as in 1920x1080; got {text!r}")
    return int(match[2]), int(match[1])


def parse_crop(text: str | None) -> tuple[int, int, int, int] | None:
    """Return the first column and row, and the number of columns and rows, of ``X,Y,WIDTH,HEIGHT``."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,7}),(\d{1,7}),(\d{1,7}),(\d{1,7})", text.replace(" ", ""))
    if match is None:
        raise InputError(f"--crop must be X,Y,WIDTH,HEIGHT in pixels of the enlarged picture; got {text!r}")
    left, top, width, height = (int(number) for number in match.groups())
    return left, top, width, height


def parse_rows_by_columns(flag: str, text: str) -> tuple[int, int]:
    """Return rows and columns of ``HxW``."""
    match = re.fullmatch(r"(\d{1,6})x(\d{1,6})", text)
    if match is None or "0" in match.groups():
        raise InputError(f"{flag} must be rows x columns such as 480x640, got {text!r}")
    return int(match[1]), int(match[2])


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the seeds of ``0,1,2``."""
    try:
        numbers = tuple(int(seed) for seed in text.split(","))
    except ValueError:
        numbers = (-1,)
    if min(numbers) < 0 or max(numbers) >= SEED_LIMIT or len(set(numbers)) < len(numbers):
        raise InputError(f"--seeds must be different whole numbers from 0, below 2**63, as in 0,1,2; got {text!r}")
    return numbers
