"""How long a run will take, before it: a model of processor seconds. Importing this module does not import torch.

The constants were fitted to measured runs by ``examples/forecast.py``; `machine_speed` compares the machine at hand
with the one on which these ran.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import FEW_CHANNELS
from inrr_cli.inpainting.textured import deep_pixels
from inrr_cli.patch.options import PatchOptions
from inrr_cli.settings import Settings
from inrr_cli.superres.options import SuperresOptions

# processor seconds of the patch engine on the reference machine
PER_IMAGE = 0.2
PER_BLOCK = 2.1e-3  # with a missing pixel: scattered ones share no patches
PER_MISSING_PIXEL = 72e-6
PER_FURTHER_CHANNEL = 0.46  # of the work on the first
QUALITY = {"draft": 0.35, "normal": 1.0, "best": 4.0}  # the work over that of the default, for which the constants hold
ROUNDS, LAST_ROUNDS = 4, 3  # iterations that most fills take, and the work of the last ones in such
BLOCK = 16  # rows and columns of a block
PER_MADE_PIXEL = 90e-6  # of texture, of any number of channels

PER_POINT = 12e-6  # of a network, a step: of a SIREN of default size, which is the largest
PER_FINE_PIXEL, PER_REFINED_PIXEL = 8e-6, 8e-6  # of an enlargement by patches, and for each of their iterations
PER_TRAINING_STEP = 3.3e-3  # of the network that doubles

PROBE_SECONDS = 0.2  # of the probe on the reference machine
PROBE_SIDE = 64


@dataclass(frozen=True)
class Forecast:
    """What a run will take.

    Attributes
    ----------
    samples : int
        To fill, or to make.
    cpu_seconds : float
        Processor seconds on the reference machine.
    memory : float
        Bytes, at most.
    """

    samples: int
    cpu_seconds: float
    memory: float


def inpainting_seconds(
    missing: NDArray[np.bool_], settings: Settings, variants: int = 1, *, wants_sigma: bool = True
) -> float:
    """Return the processor seconds that filling the missing samples (M, N[, C]) of an image takes, with one thread.

    ``variants`` and ``wants_sigma`` are those of `run_inpainting`. torch is imported at the latest here if there is to
    be texture.
    """
    rows, columns = missing.shape[:2]
    if settings.recipe is not None:
        return _fit_seconds(rows, columns, settings)
    channels = 1 if missing.ndim == 2 else min(missing.shape[2], FEW_CHANNELS)
    pixels = missing if missing.ndim == 2 else missing.any(2)
    bands = np.logical_or.reduceat(pixels, range(0, rows, BLOCK), 0)
    blocks = np.logical_or.reduceat(bands, range(0, columns, BLOCK), 1)
    work = PER_BLOCK * np.count_nonzero(blocks) + PER_MISSING_PIXEL * np.count_nonzero(pixels)
    expected = PER_IMAGE + work * _effort(settings) * (1 + PER_FURTHER_CHANNEL * (channels - 1))
    if settings.fill == "expected":
        return expected
    made = deep_pixels(missing)
    needs_expected = wants_sigma or not np.array_equal(made, pixels)
    return expected * needs_expected + variants * PER_MADE_PIXEL * np.count_nonzero(made)


def superres_seconds(rows: int, columns: int, settings: Settings) -> float:
    """Return the processor seconds that making an enlarged image of this shape takes, with one thread."""
    if settings.recipe is not None:
        return _fit_seconds(rows, columns, settings)
    options: SuperresOptions = settings.regularizer
    per_pixel = PER_FINE_PIXEL + PER_REFINED_PIXEL * options.iterations
    return PER_TRAINING_STEP * options.training_steps + per_pixel * rows * columns


def _effort(settings: Settings) -> float:
    """Return the work of the patch model over that of its defaults."""
    options = settings.regularizer
    if not isinstance(options, PatchOptions):
        return 1.0
    rounds = ROUNDS if options.rounds is None else min(options.rounds, ROUNDS)
    return QUALITY[options.quality] * (rounds + LAST_ROUNDS) / (ROUNDS + LAST_ROUNDS)


def _fit_seconds(rows: int, columns: int, settings: Settings) -> float:
    """Return the processor seconds of a network's fit to an image of this shape."""
    assert settings.recipe is not None
    stages = 2 if settings.net == "inr-z" else 1
    return PER_POINT * stages * settings.recipe.steps * settings.recipe.points(rows, columns)


@cache
def machine_speed() -> float:
    """Return how fast a core of this machine is, as a multiple of the reference machine's, by a small run."""
    from inrr_cli.inpainting.image import inpaint

    rng = np.random.default_rng(0)
    wave = np.sin(np.arange(PROBE_SIDE) / 3)
    image = (np.add.outer(wave, wave) + 0.1 * rng.standard_normal((PROBE_SIDE, PROBE_SIDE))).astype(np.float32)
    mask = rng.random(image.shape) < 0.2
    times = []
    for _ in range(3):  # the first loads the libraries
        start = time.process_time()
        inpaint(image, mask, device="cpu")
        times.append(time.process_time() - start)
    return PROBE_SECONDS / min(times)
