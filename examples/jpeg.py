"""Measure how much of a JPEG's coding error `superres` should count as noise.

    python examples/jpeg.py

Takes the middle 256 x 256 pixels (fewer of smaller images) of 16 of scikit-image's pictures, halves them by antialiased
bicubic, saves them as JPEG with Pillow, and enlarges them x2 with multiples of the estimate by `coding_error` as the
lower bound of the noise. PSNR in dB is that of all samples against the picture. Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from inrr_cli import make_settings, psnr, run_superres
from inrr_cli.imaging.coding_error import coding_error
from inrr_cli.imaging.reading import read_picture

CHOICE = ("camera", "coffee", "chelsea", "stereo_motorcycle", "brick", "gravel", "coins", "page")
CHECK = ("astronaut", "rocket", "retina", "immunohistochemistry", "grass", "moon", "clock", "text")
QUALITIES = (30, 40, 60, 75, 85, 90, 95)
SIDE = 256


class Cell(NamedTuple):
    """Measurements of a picture at a quality: in grey levels, and PSNR without the estimate and with its multiples."""

    error: float
    estimate: float
    bicubic: float
    without: float
    informed: list[float]


def load(name: str) -> NDArray[np.uint8]:
    """Return the middle of a picture: (M, N[, 3]), even sides up to 256."""
    loaded = getattr(skimage.data, name)()
    image: NDArray[np.uint8] = loaded[0] if isinstance(loaded, tuple) else loaded
    rows, columns = (min(SIDE, length // 2 * 2) for length in image.shape[:2])
    top, left = (image.shape[0] - rows) // 2, (image.shape[1] - columns) // 2
    return image[top : top + rows, left : left + columns]


def measure(name: str, quality: int, factors: list[float]) -> Cell:
    """Halve a picture, save it as JPEG, and enlarge it with each of ``factors`` times the estimated coding error."""
    import torch

    torch.set_num_threads(1)
    truth = load(name)
    columns, rows = truth.shape[1], truth.shape[0]
    small = Image.fromarray(truth).resize((columns // 2, rows // 2), Image.Resampling.BICUBIC)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "small.jpg"
        small.save(path, quality=quality)
        picture = read_picture(path)
    estimate, settings = coding_error(picture), make_settings(task="superres")

    def quality_of(image: NDArray[np.uint8]) -> float:
        return psnr(image / 255, truth / 255) or np.nan

    without, *informed = (
        quality_of(run_superres(picture.pixels, 2, settings, noise_floor=factor * estimate).image)
        for factor in (0, *factors)
    )
    return Cell(
        error=float(np.sqrt(np.mean((picture.pixels.astype(float) - np.asarray(small)) ** 2))),
        estimate=estimate,
        bicubic=quality_of(
            np.asarray(Image.fromarray(picture.pixels).resize((columns, rows), Image.Resampling.BICUBIC))
        ),
        without=without,
        informed=informed,
    )


def print_means(cells: dict[tuple[str, int], Cell], names: tuple[str, ...], factors: list[float]) -> None:
    """Print means over pictures at each quality, and in brackets the least gain."""
    print("| quality | coding error | estimate | bicubic | without | ", end="")
    print(" | ".join(f"gain, {factor:g}" for factor in factors), "|")
    print("|---" * (5 + len(factors)) + "|")
    for quality in QUALITIES:
        rows = [cells[name, quality] for name in names]
        means = np.mean([row[:4] for row in rows], 0)
        gains = np.array([np.subtract(row.informed, row.without) for row in rows])
        shown = [f"{mean:+.2f} ({least:+.2f})" for mean, least in zip(gains.mean(0), gains.min(0), strict=True)]
        print(f"| {quality} | " + " | ".join([f"{mean:.2f}" for mean in means] + shown) + " |")


def print_gains(cells: dict[tuple[str, int], Cell], number: int) -> None:
    """Print the gain of each picture with the multiple of that number, and in brackets its gain on bicubic."""
    print("| picture | " + " | ".join(map(str, QUALITIES)) + " |")
    print("|---" * (1 + len(QUALITIES)) + "|")
    for name in CHOICE + CHECK:
        rows = [cells[name, quality] for quality in QUALITIES]
        pairs = [(row.informed[number] - row.without, row.informed[number] - row.bicubic) for row in rows]
        print(f"| {name} | " + " | ".join(f"{gain:+.2f} ({on_bicubic:+.2f})" for gain, on_bicubic in pairs) + " |")


def print_all(cells: dict[tuple[str, int], Cell], factors: list[float]) -> None:
    """Print the tables."""
    print(f"### Chosen on {', '.join(CHOICE)}\n")
    print_means(cells, CHOICE, factors)
    print(f"\n### Checked on {', '.join(CHECK)}\n")
    print_means(cells, CHECK, factors)
    if 1 in factors:
        print("\n### Gain with the estimate itself, and in brackets over bicubic\n")
        print_gains(cells, factors.index(1))


def main() -> None:
    """Measure on all processors and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--factors", type=float, nargs="+", default=[0.5, 0.7, 1, 1.3], help="of the estimate")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    cases = [(name, quality) for name in CHOICE + CHECK for quality in QUALITIES]
    with ProcessPoolExecutor(arguments.workers, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(measure, name, quality, arguments.factors) for name, quality in cases]
        cells = {case: job.result() for case, job in zip(cases, jobs, strict=True)}
    print_all(cells, arguments.factors)


if __name__ == "__main__":
    main()
