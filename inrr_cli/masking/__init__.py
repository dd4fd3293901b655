"""Masks of missing pixels: synthetic, read from a file, or found in the image."""

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]  # (M, N), True where a pixel is missing
