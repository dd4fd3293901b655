"""The contract of what runs work elsewhere: calls go to an executor, outcomes come back. Imports next to nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Call:
    """A call for a worker; it is pickled.

    Attributes
    ----------
    name : str
        What messages call it.
    function : callable
        A function of a module.
    arguments : tuple
    """

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of a call.

    Attributes
    ----------
    call : Call
    value : Any
        What the function returned.
    failure : str
        Why the function did not return, in one line; empty if it did.
    """

    call: Call
    value: Any = None
    failure: str = ""


class Executor(Protocol):
    """Something that runs calls: workers of this machine, or a cluster."""

    def run(self, calls: Iterable[Call | None]) -> Iterator[Outcome]:
        """Yield outcomes as they come, in any order.

        A call is drawn when there is room for it, so that ``calls`` may be long or wait for files: None stands for
        nothing at the moment.
        """
