"""Options of a method: a frozen dataclass whose fields carry their help text and the bound of their value."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal, get_args, get_origin, get_type_hints

from inrr_cli.errors import InputError

BOUNDS: dict[str, Callable[[float], bool]] = {
    "> 0": lambda value: 0 < value < float("inf"),
    ">= 0": lambda value: 0 <= value < float("inf"),
    ">= 1": lambda value: 1 <= value < float("inf"),
}


def option(default: Any, help: str, bound: str = "", shown: str = "") -> Any:
    """Declare a field of an options dataclass.

    Parameters
    ----------
    default : Any
    help : str
        One sentence; ``inrr COMMAND --help`` prints it.
    bound : str
        One of BOUNDS, for a number.
    shown : str
        The default in words, where it is None: what decides then.
    """
    return field(default=default, metadata={"help": help, "bound": bound, "shown": shown or str(default)})


@dataclass(frozen=True)
class NoOptions:
    """A method without options."""


def flag(name: str) -> str:
    """Return the option of the command line that sets the argument of a name."""
    return f"--{name.replace('_', '-')}"


def check_name(kind: str, name: str, known: Iterable[str], *, where: str = "") -> None:
    """Raise InputError, with the nearest name, unless ``name`` is one of ``known``.

    If none is near, the message lists them, or says ``where`` they are.
    """
    names = list(known)
    if name not in names:
        near = get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else where or f"choose one of {', '.join(names)}"
        raise InputError(f"unknown {kind} {name!r}; {hint}")


def make_options(method: str, options: type[Any], values: dict[str, Any]) -> Any:
    """Build the options of a method from those of ``values`` that it has.

    Raises
    ------
    InputError
        If a number is out of its bound, or a name is not one of the field's.
    """
    hints = get_type_hints(options)
    fields = {item.name: item for item in dataclasses.fields(options)}
    chosen = {name: value for name, value in values.items() if name in fields}
    for name, value in chosen.items():
        bound, kind = fields[name].metadata["bound"], hints[name]
        names = get_args(kind) if get_origin(kind) is Literal else ()
        if bound and value is not None and not BOUNDS[bound](value):
            raise InputError(f"{flag(name)} of {method} must be {bound}, got {value:g}")
        if names and value not in names:
            raise InputError(f"{flag(name)} of {method} must be {' or '.join(names)}, got {value!r}")
    return options(**chosen)
