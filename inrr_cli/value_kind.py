"""What the values of an image are: numbers, labels, or angles. Importing this module imports nothing heavy."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from inrr_cli.errors import InputError

NUMBER = r"\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?"


@dataclass(frozen=True)
class ValueKind:
    """A kind of value.

    Attributes
    ----------
    name : {"linear", "labels", "angle"}
        Numbers that may be averaged, ids that may not, or numbers on a circle.
    period : float
        Of an angle: the value that means the same as 0; else 0.
    """

    name: str
    period: float = 0.0


def parse_values(text: str) -> ValueKind:
    """Return the kind of value of ``linear``, ``labels`` or ``angle=PERIOD``; the period may be in pi, as in ``2pi``.

    Raises
    ------
    InputError
        If the text is none of these, or the period is not a number above 0.
    """
    if text in ("linear", "labels"):
        return ValueKind(text)
    name, _, period = text.partition("=")
    if name != "angle":
        raise InputError(f"values must be linear, labels or angle=PERIOD, got {text!r}")
    match = re.fullmatch(rf"({NUMBER})?\s*\*?\s*(pi)?", period.strip().lower())
    value = 0.0
    if match is not None and (match[1] or match[2]):
        value = float(match[1] or 1) * (math.pi if match[2] else 1)
    if not 0 < value < float("inf"):
        raise InputError(f"the period of an angle must be a number above 0, as in angle=360 or angle=2pi; got {text!r}")
    return ValueKind("angle", value)
