"""Masks of missing samples: synthetic, read from a file, or found in the image."""

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]  # (M, N) of pixels, or (M, N, C) of samples; True where a pixel or a sample is missing
