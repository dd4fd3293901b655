"""Fill all tiles of an image, by whatever executor, and go on with what an earlier run has left."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from inrr_cli.batch.calls import Call, Executor
from inrr_cli.engine import Progress
from inrr_cli.errors import InputError
from inrr_cli.forecast import inpainting_seconds
from inrr_cli.free_memory import free_memory
from inrr_cli.imaging.windows.opening import files_of
from inrr_cli.inpainting.windowed.scan import Tile, results
from inrr_cli.inpainting.windowed.spool import Spool
from inrr_cli.inpainting.windowed.tile import fill_tile
from inrr_cli.masking.windows import MaskedImage
from inrr_cli.memory import inpainting_bytes
from inrr_cli.settings import Settings


def fill_tiles(
    masked: MaskedImage,
    tiles: list[Tile],
    settings: Settings,
    spool: Spool,
    executor: Executor,
    progress: Progress | None = None,
) -> None:
    """Fill the tiles that the spool does not hold yet.

    Raises
    ------
    TileError
        If a worker cannot fill one.
    """
    left = [tile for tile in tiles if not spool.holds(tile)]
    calls = (Call(f"tile {tile.name}", fill_tile, (masked, tile, settings, spool)) for tile in left)
    for done, _ in enumerate(results(executor, calls), len(tiles) - len(left) + 1):
        if progress is not None:
            progress(done, len(tiles), float("nan"))


def fingerprint(masked: MaskedImage, settings: Settings, version: str) -> str:
    """Return a hash of all that the filled samples depend on; files count with their sizes and times."""
    files = [masked.path, *(file.path for file in masked.from_files)]
    states = [
        (str(path.resolve()), [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files_of(path)])
        for path in files
    ]
    return hashlib.sha256(repr((version, settings, masked, states)).encode()).hexdigest()


def tile_seconds(masked: MaskedImage, tile: Tile, settings: Settings) -> float:
    """Return the processor seconds that filling a tile takes, as `inpainting_seconds` does."""
    selected = masked.select(slice(*tile.rows), slice(*tile.columns))[1]
    return inpainting_seconds(selected.missing, settings)


def window_bytes(tiles: list[Tile], masked: MaskedImage, settings: Settings) -> float:
    """Return the bytes that filling the largest window takes at most."""
    largest = _largest(tiles)
    shape = tuple(np.diff([largest.rows, largest.columns])[:, 0].tolist())
    select = masked.select(slice(*largest.rows), slice(*largest.columns))[1]
    channels = masked.image.shape[2:] if not isinstance(largest.channels, int) else ()
    missing = int(select.missing.reshape(-1, *(channels or (1,))).sum(0).max())
    return inpainting_bytes((*shape, *channels), missing, replace(settings, tile=None))


def check_window_memory(tiles: list[Tile], masked: MaskedImage, settings: Settings) -> None:
    """Raise InputError if filling the largest window does not fit in the free memory."""
    needed, free, largest = window_bytes(tiles, masked, settings), free_memory(), _largest(tiles)
    if free is not None and needed > free:
        raise InputError(
            f"the tile at row {largest.top}, column {largest.left} needs about {needed / 1e9:.1f} GB with what is "
            f"known around it, and {free / 1e9:.1f} GB are free; try a smaller --tile, or leave large gaps out"
        )


def _largest(tiles: list[Tile]) -> Tile:
    return max(tiles, key=lambda tile: np.prod(np.diff([tile.rows, tile.columns])))
