"""The folder that keeps the samples of tiles that were filled, so that a run that ends early is gone on with."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import InputError
from inrr_cli.imaging.atomic import write_atomically
from inrr_cli.inpainting.windowed.scan import Tile

FINGERPRINT = "fingerprint.txt"


class Filled(NamedTuple):
    """The samples of a tile's window that were filled.

    Attributes
    ----------
    places : (n,) ndarray of int
        Where they are in the window (h, w, C) of the channels that were filled together, flat.
    values : (n,) ndarray
        In the type of the image.
    sigma : (n,) ndarray of float32
        One standard deviation.
    """

    places: NDArray[Any]
    values: NDArray[Any]
    sigma: NDArray[np.float32]


@dataclass(frozen=True)
class TileFacts:
    """How a tile was filled: attributes of `inrr_cli.result.Result`."""

    noise_sigma: float | None
    device: str
    seconds: float
    summary: str
    notice: str


@dataclass(frozen=True)
class Spool:
    """A folder with a file for each tile that was filled.

    Attributes
    ----------
    folder : Path
    """

    folder: Path

    @classmethod
    def beside(cls, output: Path) -> Spool:
        """Return the spool of an output."""
        return cls(output.with_name(f".inrr-{output.name}-tiles"))

    def begin(self, fingerprint: str) -> None:
        """Make the folder; throw away what a run with another fingerprint has left in it."""
        kept = self.folder / FINGERPRINT
        try:
            if self.folder.exists() and not (kept.is_file() and kept.read_text(encoding="utf-8") == fingerprint):
                self.remove()
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.folder}: cannot be written ({error.strerror or error})") from None
        write_atomically(kept, fingerprint.encode())

    def holds(self, tile: Tile) -> bool:
        """Return whether a tile was filled."""
        return self._path(tile).is_file()

    def write(self, tile: Tile, filled: Filled, facts: TileFacts) -> None:
        """Keep a tile; the file is there whole or not at all."""
        buffer = io.BytesIO()
        np.savez(buffer, facts=np.array(json.dumps(asdict(facts))), **filled._asdict())
        write_atomically(self._path(tile), buffer.getbuffer())

    def read(self, tile: Tile) -> Filled:
        """Return the samples of a tile."""
        with np.load(self._path(tile)) as file:
            return Filled(*(file[name] for name in Filled._fields))

    def facts(self, tile: Tile) -> TileFacts:
        """Return how a tile was filled."""
        with np.load(self._path(tile)) as file:
            return TileFacts(**json.loads(str(file["facts"])))

    def remove(self) -> None:
        """Remove the folder with all tiles."""
        shutil.rmtree(self.folder)

    def _path(self, tile: Tile) -> Path:
        return self.folder / f"{tile.name}.npz"
