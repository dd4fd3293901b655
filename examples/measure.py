"""Measure INRR on your own images and masks, and how much faster the fast preset is than the paper's recipe.

    python examples/measure.py --images baboon.png barbara.png --masks random.png patch.png --seeds 0 1 2

The program prints a Markdown table: PSNR of the missing pixels, of the whole image and of the network's output for
--reg none and --reg inrr, the seconds of the fit, and the ratio to the time of the paper's 10,001 steps, of which three
are timed in the same run. Masks are white where a pixel is missing, and have the size of the images.
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np

from inrr_cli import Control, make_settings, psnr, run_inpainting
from inrr_cli.imaging.reading import read_picture
from inrr_cli.masking.from_file import read_mask
from inrr_cli.neural.presets import PRESETS


def seconds_of_a_paper_step(pixels: np.ndarray, missing: np.ndarray) -> float:
    """Return the median time of a step of ``--preset paper``, without the first step."""
    times: list[float] = []
    settings = make_settings(reg="inrr", preset="paper", steps=4)
    run_inpainting(pixels, missing, settings, Control(lambda *_: times.append(time.perf_counter())))
    return statistics.median(np.diff(times))


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", nargs="+", type=Path, required=True)
    parser.add_argument("--masks", nargs="+", type=Path, required=True)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    options = parser.parse_args()
    print("| image | mask | seed | reg | psnr_missing | psnr_full | psnr_raw | seconds | paper recipe / this |")
    print("|---|---|---|---|---|---|---|---|---|")
    for image in options.images:
        pixels = read_picture(image).pixels
        truth = pixels / 255
        for mask in options.masks:
            missing, _ = read_mask(mask, pixels.shape[:2])
            paper = PRESETS["paper"].steps * seconds_of_a_paper_step(pixels, missing)
            for seed in options.seeds:
                for reg in ("none", "inrr"):
                    result = run_inpainting(pixels, missing, make_settings(reg=reg, seed=seed))
                    restored = result.image / 255
                    print(
                        f"| {image.stem} | {mask.stem} | {seed} | {reg} | {psnr(restored, truth, missing):.2f} "
                        f"| {psnr(restored, truth):.2f} | {psnr(result.raw / 255, truth):.2f} "
                        f"| {result.seconds:.1f} | {paper / result.seconds:.0f} |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
