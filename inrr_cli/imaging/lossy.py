"""What a lossy format did to a picture's pixels."""

from __future__ import annotations

import numpy as np

from inrr_cli.imaging.picture import Picture

FINE = 16  # coefficients that are kept in most blocks: those with the smallest steps
FACTOR, POWER = 1.9, 0.38  # from their rounding error to that of pixels, most of which are coefficients lost whole


def coding_error(picture: Picture) -> float:
    """Estimate the deviation that a JPEG's quantisation gave its pixels, in grey levels; 0 for other formats.

    With the steps q of its finest coefficients, ``1.9 (mean q^2 / 12)^0.19``: about 0.6 times what was measured on
    photographs of qualities from 30 to 90, so that rather too little is taken for noise.
    """
    tables = picture.metadata.details.get("qtables") if picture.metadata.format == "JPEG" else None
    if not tables:
        return 0.0
    steps = np.sort(np.asarray(tables[0], np.float64))[:FINE]
    return float(FACTOR * np.sqrt(np.mean(steps**2) / 12) ** POWER)
