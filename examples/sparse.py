"""Restore pictures of which few pixels are known, as electron microscopes and scan paths leave them.

    python examples/sparse.py path/to/pictures --rates 0.8 0.9 --seeds 0 1 2
    python examples/sparse.py --quality best        # photographs of scikit-image

Hides pixels at random, ``numpy.random.default_rng(seed).random(shape) < rate``, and prints a Markdown table: PSNR of
all pixels in dB, the mean over the seeds, the same of scikit-image's biharmonic fill, and the seconds of a fill.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image
from skimage.color import rgb2gray
from skimage.restoration import inpaint_biharmonic
from skimage.transform import downscale_local_mean

from inrr_cli import make_settings, psnr, run_inpainting

BUNDLED = "astronaut", "brick", "camera", "chelsea", "coffee", "coins", "grass", "gravel", "rocket"
SIDE = 256


def bundled_pictures() -> dict[str, np.ndarray]:
    """Return photographs of scikit-image in grey, halved if they are large, and cut to SIDE x SIDE."""
    pictures = {}
    for name in BUNDLED:
        image = np.asarray(getattr(skimage.data, name)())
        grey = rgb2gray(image) if image.ndim == 3 else image / 255
        if min(grey.shape) >= 2 * SIDE:
            grey = downscale_local_mean(grey, (2, 2))
        top, left = ((length - SIDE) // 2 for length in grey.shape)
        pictures[name] = grey[top : top + SIDE, left : left + SIDE].astype(np.float32)
    return pictures


def main() -> None:
    """Parse the options, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="folder of PNG files; photographs of scikit-image if none")
    parser.add_argument("--rates", nargs="+", type=float, default=[0.8], help="share of the pixels that is missing")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], help="of the masks")
    parser.add_argument("--quality", choices=("draft", "normal", "best"), default="normal")
    options = parser.parse_args()
    pictures = bundled_pictures()
    if options.folder is not None:
        files = sorted(options.folder.glob("*.png"))
        pictures = {file.stem: np.asarray(Image.open(file).convert("L"), np.float32) / 255 for file in files}
    print("| picture | missing | biharmonic | inrr | gain | seconds |\n|---|---|---|---|---|---|")
    settings = make_settings(quality=options.quality)
    for rate in options.rates:
        rows = []
        for name, truth in pictures.items():
            cells = []
            for seed in options.seeds:
                missing = np.random.default_rng(seed).random(truth.shape) < rate
                damaged = np.where(missing, np.float32(0), truth)
                start = time.perf_counter()
                filled = run_inpainting(damaged, missing, settings).image
                seconds = time.perf_counter() - start
                smooth = np.clip(inpaint_biharmonic(damaged, missing), 0, 1)
                cells.append((psnr(smooth, truth), psnr(filled, truth), seconds))
            rows.append(np.mean(cells, 0))
            print(row(name, rate, rows[-1]), flush=True)
        print(row("**mean**", rate, np.mean(rows, 0)), flush=True)


def row(name: str, rate: float, figures: np.ndarray) -> str:
    """Return a line of the table with the PSNR of the biharmonic fill, ours, and the seconds."""
    smooth, ours, seconds = figures
    return f"| {name} | {rate:.0%} | {smooth:.2f} | {ours:.2f} | {ours - smooth:+.2f} | {seconds:.1f} |"


if __name__ == "__main__":
    main()
