"""The contract of what runs work elsewhere: calls go to an executor, outcomes come back. Imports next to nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, Self


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
    """Something that runs calls within its context: this process, workers of this machine, or a cluster."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...

    def run(self, calls: Iterable[Call | None]) -> Iterator[Outcome]:
        """Yield outcomes as they come, in any order.

        A call is drawn when there is room for it, so that ``calls`` may be long or wait for files: None stands for
        nothing at the moment.
        """


class InProcess:
    """An executor that runs calls one after the other in this process; what they raise is raised."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def run(self, calls: Iterable[Call | None]) -> Iterator[Outcome]:
        """Yield the outcome of each call, in order."""
        for call in calls:
            if call is not None:
                yield Outcome(call, call.function(*call.arguments))
