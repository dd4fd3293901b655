"""The outline of a mask as an SVG path along the borders of its pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LONGEST = 20_000  # straight pieces: an outline of more, of scattered pixels, is a haze that takes long to draw


def outline_path(mask: NDArray[np.bool_]) -> str | None:
    """Return the outline of a mask (M, N), in pixels from the top left corner.

    A piece lies on each border between a marked pixel and one that is not, or the edge of the image; pieces in a line
    are joined. None if there are more than LONGEST.
    """
    padded = np.pad(mask, 1)
    # (line, start, length): the horizontal pieces lie above row `line`, the vertical ones left of column `line`
    horizontal = _runs((padded[1:] != padded[:-1])[:, 1:-1])
    vertical = _runs((padded[:, 1:] != padded[:, :-1])[1:-1].T)
    if len(horizontal) + len(vertical) > LONGEST:
        return None
    pieces = [f"M{start} {line}h{length}" for line, start, length in horizontal.tolist()]
    pieces += [f"M{line} {start}v{length}" for line, start, length in vertical.tolist()]
    return "".join(pieces)


def _runs(marked: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the row, start and length of each run of marked pixels in the rows of (M, N): (n, 3)."""
    change = np.diff(np.pad(marked, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(change == 1)
    ends = np.nonzero(change == -1)[1]
    return np.stack([rows, starts, ends - starts], 1)
