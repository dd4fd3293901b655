"""Requests and answers, without a socket: what the routes are written in."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from inrr_cli.errors import InputError
from inrr_cli.page.bits import Window

BITS, PNG, JSON = "application/octet-stream", "image/png", "application/json"
MOST_PARAMETERS = 30


class Query:
    """The parameters of a request, each checked when it is read.

    Parameters
    ----------
    text : str
        What follows the question mark.

    Raises
    ------
    InputError
        If the text is no query, or, from each method, if the parameter is not what it must be.
    """

    def __init__(self, text: str) -> None:
        try:
            self._values = parse_qs(text, keep_blank_values=True, max_num_fields=MOST_PARAMETERS, errors="strict")
        except ValueError:
            raise InputError("the query of the address cannot be read") from None

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, default: str | None = None) -> str:
        """Return a parameter as it is; without it the default, if there is one."""
        values = self._values.get(name, [] if default is None else [default])
        if len(values) != 1:
            raise InputError(f"{name} must be given once")
        return values[0]

    def integer(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number from ``low`` to ``high``."""
        text = self.text(name, None if default is None else str(default))
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 20 and low <= int(text) <= high):
            raise InputError(f"{name} must be a whole number from {low} to {high}")
        return int(text)

    def number(self, name: str, low: float, high: float, default: float | None = None) -> float:
        """Return a finite number from ``low`` to ``high``."""
        try:
            value = float(self.text(name, None if default is None else repr(default)))
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and low <= value <= high):
            raise InputError(f"{name} must be a number from {low:g} to {high:g}")
        return value

    def choice(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """Return one of the choices."""
        text = self.text(name, default)
        if text not in choices:
            raise InputError(f"{name} must be one of {', '.join(choices)}")
        return text


@dataclass(frozen=True)
class Request:
    """A request that the guard has let in.

    Attributes
    ----------
    path : str
    query : Query
    body : bytes
    window : str or None
        The header X-Window.
    """

    path: str
    query: Query
    body: bytes = b""
    window: str | None = None

    @classmethod
    def of(cls, target: str, body: bytes, window: str | None) -> Request:
        """Return the request for a target, the path and query of an address."""
        parts = urlsplit(target)
        return cls(parts.path, Query(parts.query), body, window)


@dataclass(frozen=True)
class Response:
    """An answer.

    Attributes
    ----------
    status : int
    kind : str
        Content type.
    body : bytes
    headers : mapping of str to str
        Beside those that every answer has.
    is_last : bool
        Whether the server stops after it.
    """

    status: int = 200
    kind: str = JSON
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    is_last: bool = False

    @classmethod
    def json(cls, content: Any, status: int = 200, *, is_last: bool = False) -> Response:
        """Answer with an object."""
        return cls(status, JSON, json.dumps(content, allow_nan=False).encode(), is_last=is_last)

    @classmethod
    def error(cls, status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
        """Answer with one line about what went wrong."""
        line = " ".join(text.split())
        return cls(status, JSON, json.dumps({"error": line}).encode(), headers or {})

    @classmethod
    def bits(cls, bits: bytes, window: Window | None = None, note: str = "") -> Response:
        """Answer with a mask, of a window or of all, and a note that is URL-encoded."""
        headers = {"X-Window": str(window)} if window is not None else {}
        return cls(200, BITS, bits, headers | ({"X-Note": note} if note else {}))
