"""Files that travel with the work: where a worker cannot reach them, their bytes come and go instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Shipment:
    """Contents of files by their paths on the machine that sent them.

    Attributes
    ----------
    inputs : mapping of Path to bytes
        Files that may be read.
    outputs : dict of Path to bytes
        Files to write when the shipment is back.
    """

    inputs: Mapping[Path, bytes]
    outputs: dict[Path, bytes] = field(default_factory=dict)


_shipment: ContextVar[Shipment | None] = ContextVar("shipment", default=None)


def shipment() -> Shipment | None:
    """Return the shipment within `work_on`, or None: files are then those of this machine."""
    return _shipment.get()


@contextmanager
def work_on(shipped: Shipment) -> Iterator[None]:
    """Read the shipment's files within, and put into the shipment what would be written."""
    token = _shipment.set(shipped)
    try:
        yield
    finally:
        _shipment.reset(token)
