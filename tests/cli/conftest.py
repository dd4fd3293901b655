"""Pictures that people have."""

import numpy as np
import pytest


@pytest.fixture
def heights(grey):
    """A map, (48, 64) float32, in units of its own, with a hole of NaN."""
    values = grey.astype(np.float32) * 0.37 - 20
    values[10:14, 20:30] = np.nan
    return values


@pytest.fixture
def stack(grey):
    """Four pages, (4, 48, 64) uint16."""
    return np.stack([np.roll(grey, 5 * page, 1).astype(np.uint16) * 200 + page for page in range(4)])
