"""Filter for the noise that quantisation, as rounding to 8 bits, adds to an image."""

from __future__ import annotations

import numpy as np
import torch
from scipy.fft import dctn, idctn
from torch import Tensor


def remove_quantisation_noise(plane: Tensor, sigma: float) -> Tensor:
    """Filter white noise from a plane by Wiener's gain at each frequency; the mean stays.

    The gain is ``max(0, 1 - sigma^2 / p)`` (Wiener 1949) with the mean power p of a ring of frequencies of the cosine
    transform. A photograph is far stronger than its rounding at every frequency and stays as it is; a smooth image,
    whose high frequencies hold nothing but rounding, loses them.

    Parameters
    ----------
    plane : (M, N) Tensor
    sigma : float
        Standard deviation of the noise; q / sqrt(12) for a quantisation step q.

    Returns
    -------
    (M, N) Tensor
    """
    spectrum = dctn(plane.cpu().numpy(), norm="ortho")
    rows, columns = (np.arange(length) / length for length in spectrum.shape)
    count = max(4, min(spectrum.shape) // 4)  # empirical: a ring is 4 frequencies wide, so that its power is a mean
    ring = (np.hypot(rows[:, None], columns) * (count / np.sqrt(2))).astype(np.intp)
    sums, sizes = np.bincount(ring.ravel(), np.square(spectrum).ravel(), count), np.bincount(ring.ravel(), None, count)
    gain = (1 - sigma**2 / (sums / sizes.clip(1)).clip(1e-20)).clip(0).astype(spectrum.dtype)[ring]
    gain[0, 0] = 1
    return torch.from_numpy(idctn(spectrum * gain, norm="ortho")).to(plane)
