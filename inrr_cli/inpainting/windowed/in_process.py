"""Run calls one after the other in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from inrr_cli.batch.calls import Call, Outcome


class InProcess:
    """An executor whose calls raise what they raise."""

    def run(self, calls: Iterable[Call | None]) -> Iterator[Outcome]:
        """Yield the outcome of each call, in order."""
        for call in calls:
            if call is not None:
                yield Outcome(call, call.function(*call.arguments))
