"""Numbers as people write them."""

from __future__ import annotations

PLAIN = 1e-3, 1e6  # between these, digits are easier to read than a power of ten


def in_digits(value: float, digits: int = 4) -> str:
    """Return a number with so many significant digits: 19520, not 1.952e+04."""
    text = f"{value:.{digits}g}"
    low, high = PLAIN
    return f"{float(text):.{len(str(int(high)))}g}" if low <= abs(value) < high else text
