"""What rounding added to a picture, taken away again where it can be told apart."""

from __future__ import annotations

import numpy as np
import torch
from scipy.fft import dctn, idctn
from torch import Tensor

RINGS = 4  # pixels of the shorter side for each ring of frequencies; and the least number of rings


def remove_rounding(plane: Tensor, deviation: float) -> Tensor:
    """Filter white noise of a deviation (M, N), as rounding makes, from a plane by Wiener's gain at each frequency.

    The gain is 1 - n / p with the variance n of the noise and the mean power p over a ring of frequencies of the
    cosine transform: nothing changes where the picture is much stronger, as photographs are; smooth pictures, whose
    fine frequencies hold nothing but rounding, lose it (Wiener 1949). The mean stays.
    """
    spectrum = dctn(plane.cpu().numpy(), norm="ortho")
    power = np.square(spectrum)
    rows, columns = (np.arange(length) / length for length in spectrum.shape)
    count = max(RINGS, min(spectrum.shape) // RINGS)
    ring = (np.hypot(rows[:, None], columns) * (count / np.sqrt(2))).astype(np.intp)
    mean = np.bincount(ring.ravel(), power.ravel(), count) / np.bincount(ring.ravel(), minlength=count).clip(1)
    gain = (1 - deviation**2 / mean.clip(1e-20)).clip(0).astype(spectrum.dtype)[ring]
    gain[0, 0] = 1
    return torch.from_numpy(idctn(spectrum * gain, norm="ortho")).to(plane)
