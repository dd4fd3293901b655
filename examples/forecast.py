"""How well ``--dry-run`` foretells the processor seconds of a run, on pictures and masks of several kinds and sizes.

python examples/forecast.py                    # writes examples/results/forecast.md, in some minutes
"""

import argparse
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from skimage.data import astronaut, brick, camera
from skimage.transform import resize

from inrr_cli import inpaint, make_mask, make_settings, superres
from inrr_cli.forecast import inpainting_seconds, machine_speed, superres_seconds

PICTURES = {"camera": camera, "brick": brick, "astronaut": astronaut}
NETWORKS = ({"reg": "inrr"}, {"net": "siren", "reg": "none"}, {"net": "fourier", "reg": "tv"})
HEAD = """# Forecasts of time

`--dry-run` foretells the processor seconds of an image by a model (`inrr_cli/forecast.py`) and by the speed of the
machine, which a small run tells. Here is the ratio of the measured seconds to the foretold ones, with one thread.
Written by

    python examples/forecast.py

"""


def picture(name: str, side: int) -> np.ndarray:
    """Return a bundled photograph of this side."""
    return (resize(PICTURES[name](), (side, side), anti_aliasing=True) * 255).astype(np.uint8)


def scratches(side: int) -> np.ndarray:
    """Return a mask of thin lines, 1 % of the pixels or more."""
    mask = np.zeros((side, side), bool)
    for number in range(max(1, side // 100)):
        rows = np.clip(np.arange(side) // 3 + 97 * number % side, 0, side - 1)
        mask[rows, np.arange(side)] = True
    return mask


def masks(side: int) -> dict[str, np.ndarray]:
    """Return masks of several kinds."""
    block = np.zeros((side, side), bool)
    block[side // 4 : side // 2, side // 4 : side // 2] = True
    return {
        "1 % random": make_mask((side, side), "random", rate=0.01),
        "20 % random": make_mask((side, side), "random", rate=0.2),
        "80 % random": make_mask((side, side), "random", rate=0.8),
        "a hole of 6 %": block,
        "scratches": scratches(side),
    }


def seconds(run) -> float:
    """Return the processor seconds of a run."""
    start = time.process_time()
    run()
    return time.process_time() - start


def measure(sides: list[int]) -> list[tuple[str, float, float]]:
    """Return what was run, the seconds that were foretold, and those that were measured."""
    rows, speed = [], machine_speed()

    def add(what: str, foretold: float, run) -> None:
        rows.append((what, foretold / speed, seconds(run)))
        print(f"{what}: {rows[-1][1]:.2f} foretold, {rows[-1][2]:.2f} measured", flush=True)

    settings, enlarging = make_settings(), make_settings(task="superres")
    for side in sides:
        for name in PICTURES:
            image = picture(name, side)
            for kind, mask in masks(side).items():
                foretold = inpainting_seconds(np.broadcast_to(mask.T, image.shape[::-1]).T, settings)
                add(f"{name}, {side} x {side}, {kind}", foretold, partial(inpaint, image, mask))
    small = min(sides)
    for name in PICTURES:
        image = picture(name, small)
        channels = 1 if image.ndim == 2 else 3
        foretold = superres_seconds(2 * small, 2 * small, channels, enlarging)
        add(f"{name}, {small} x {small}, superres x2", foretold, partial(superres, image, 2))
    image, mask = picture("camera", small), make_mask((small, small), "random", rate=0.5)
    for options in NETWORKS:
        what = " ".join(f"--{key} {value}" for key, value in options.items())
        foretold = inpainting_seconds(mask, make_settings(**options))
        add(f"camera, {small} x {small}, {what}", foretold, partial(inpaint, image, mask, **options))
    return rows


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sides", type=int, nargs="+", default=[128, 256], help="sides of the pictures in pixels")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "forecast.md")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = measure(arguments.sides)
    lines = ["| run | foretold s | measured s | ratio |", "|---|---|---|---|"]
    lines += [f"| {what} | {told:.2f} | {taken:.2f} | {taken / told:.2f} |" for what, told, taken in rows]
    ratios = np.array([taken / told for _, told, taken in rows])
    summary = f"\nMedian ratio {np.median(ratios):.2f}; from {ratios.min():.2f} to {ratios.max():.2f}.\n"
    arguments.output.write_text(HEAD + "\n".join(lines) + "\n" + summary, encoding="utf-8")


if __name__ == "__main__":
    main()
