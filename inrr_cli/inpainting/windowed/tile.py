"""Fill one tile: what a worker does."""

from __future__ import annotations

import numpy as np

from inrr_cli.engine import Control
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.inpainting.whole import inpaint_whole
from inrr_cli.inpainting.windowed.scan import Channels, Tile
from inrr_cli.inpainting.windowed.spool import Filled, Spool, TileFacts
from inrr_cli.masking.windows import MaskedImage
from inrr_cli.settings import Settings


def fill_tile(masked: MaskedImage, tile: Tile, settings: Settings, spool: Spool) -> TileFacts:
    """Fill the window of a tile from its known samples, and keep what was filled in the spool."""
    pixels, selected = masked.read(slice(*tile.rows), slice(*tile.columns))
    known = ~(selected.missing | selected.ignored)
    pixels, missing, known = (_choose(array, tile.channels) for array in (pixels, selected.missing, known))
    result = inpaint_whole(np.ascontiguousarray(pixels), missing, settings, Control(), known)
    places = np.flatnonzero(missing)
    sigma = np.zeros(len(places), np.float32) if result.sigma is None else result.sigma[missing]
    kept = Filled(places.astype(np.uint32) if missing.size < 2**32 else places, result.image[missing], sigma)
    facts = TileFacts(result.noise_sigma, result.device, result.seconds, result.summary, result.notice)
    spool.write(tile, kept, facts)
    return facts


def _choose(array: Pixels, channels: Channels) -> Pixels:
    """Return an array (h, w[, C]) with these channels only; one by itself has no axis."""
    if channels is None:
        return array
    return array[..., channels] if isinstance(channels, int) else array[..., list(channels)]
