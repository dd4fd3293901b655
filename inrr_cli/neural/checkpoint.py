"""A fit's state in a file, so that a long one can go on after an interruption exactly where it was."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import torch

from inrr_cli.errors import InputError
from inrr_cli.imaging.atomic import write_atomically

EVERY = 10.0  # seconds between two writings


class Checkpoint:
    """The file of one restoration. A fit in several stages overwrites the state of the former one.

    Parameters
    ----------
    path : Path
        Read if it exists.
    identity : str
        What the state belongs to: picture and settings.
    instead : str, optional
        Another identity that the file may have; it is then that of the checkpoint.

    Raises
    ------
    InputError
        If the file is no checkpoint, or one of another picture or of other settings.
    """

    def __init__(self, path: Path, identity: str, instead: str | None = None) -> None:
        self.path, self.identity, self.written = path, identity, time.monotonic()
        self.stage, self.state = 0, None
        if path.exists():
            try:
                held = torch.load(path, weights_only=True, map_location="cpu")
                identity, self.stage, self.state = held["inrr"], held["stage"], held["state"]
            except Exception:
                raise InputError(f"{path}: is not a checkpoint of inrr; give another file") from None
            if identity == instead:
                self.identity = instead
            if identity != self.identity:
                raise InputError(
                    f"{path}: is the checkpoint of another picture or of other settings; delete it to start anew"
                )

    def take(self) -> dict[str, Any] | None:
        """Return the state that was read, once."""
        state, self.state = self.state, None
        return state

    def restart(self, identity: str) -> None:
        """Forget what was read; what is written from now on belongs to ``identity``."""
        self.identity, self.stage, self.state = identity, 0, None

    def save(self, stage: int, state: dict[str, Any]) -> None:
        """Write the state of a stage, all or nothing."""
        buffer = io.BytesIO()
        torch.save({"inrr": self.identity, "stage": stage, "state": state}, buffer)
        write_atomically(self.path, buffer.getvalue())
        self.written = time.monotonic()

    def is_due(self) -> bool:
        """Whether the last writing is some time ago."""
        return time.monotonic() - self.written >= EVERY
