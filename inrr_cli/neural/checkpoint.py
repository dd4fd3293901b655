"""The file that holds the state of a fit, so that a long fit resumes exactly where it was interrupted."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import torch

from inrr_cli.errors import InputError
from inrr_cli.imaging.atomic import write_atomically

FORMAT = 2  # of the state: raise it when `NetworkFit` changes what it saves
CHECKPOINT_INTERVAL = 10.0  # seconds of work that an interrupted fit loses at most


class Checkpoint:
    """The file of a restoration. A fit in two stages overwrites the state of the first one.

    Parameters
    ----------
    path : Path
        Read if it exists.
    identity : str
        Of the image and the settings that the state belongs to.
    restart_identity : str, optional
        Of the same fit after a restart at a lower learning rate.

    Attributes
    ----------
    stage : int
        Stage of the state that was read, 0 if none was.
    restarted : bool
        Whether the state belongs to the restarted fit.

    Raises
    ------
    InputError
        If the file is no checkpoint, or the checkpoint of another image or of other settings.
    """

    def __init__(self, path: Path, identity: str, restart_identity: str | None = None) -> None:
        self.path, self.written = path, time.monotonic()
        self.identity, self.restart_identity, self.restarted = identity, restart_identity, False
        self.stage, self.state = 0, None
        if path.exists():
            found, self.stage, self.state = _read(path)
            if found not in (identity, restart_identity):
                raise InputError(
                    f"{path}: is the checkpoint of another picture or of other settings; delete it to start anew"
                )
            self.restarted = found == restart_identity

    def take(self) -> dict[str, Any] | None:
        """Return the state that was read, the first time only."""
        state, self.state = self.state, None
        return state

    def restart(self) -> None:
        """Drop the state that was read; later ones belong to the restarted fit."""
        self.restarted, self.stage, self.state = True, 0, None

    def save(self, stage: int, state: dict[str, Any]) -> None:
        """Write the state of a stage, all or nothing."""
        identity = self.restart_identity if self.restarted else self.identity
        buffer = io.BytesIO()
        torch.save({"format": FORMAT, "inrr": identity, "stage": stage, "state": state}, buffer)
        write_atomically(self.path, buffer.getvalue())
        self.written = time.monotonic()

    def is_due(self) -> bool:
        """Whether CHECKPOINT_INTERVAL has passed since the state was last written."""
        return time.monotonic() - self.written >= CHECKPOINT_INTERVAL


def _read(path: Path) -> tuple[str, int, dict[str, Any]]:
    """Return the identity, the stage and the state of a checkpoint."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot read this file: {error.strerror}") from None
    try:
        saved = torch.load(io.BytesIO(data), weights_only=True, map_location="cpu")
        form, identity, stage, state = (saved[name] for name in ("format", "inrr", "stage", "state"))
    except Exception:
        form = None
    if form != FORMAT:
        raise InputError(f"{path}: is not a checkpoint of this version of inrr; give another file, or delete it")
    return identity, stage, state
