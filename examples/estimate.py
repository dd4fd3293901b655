"""Compare the PSNR that `inrr inpaint --estimate` prints without a truth with the true one.

    python examples/estimate.py                                      # scikit-image's pictures
    python examples/estimate.py --images a.png b.png --masks m.png   # your own, all of one size

Prints a Markdown table of the true psnr_missing and of psnr_estimated for each picture and mask, and how far the two
are apart. Masks are white where a pixel is missing; without masks, four kinds that `inrr mask` makes are used.
"""

import argparse
from pathlib import Path

import numpy as np
from compare import PATTERNS, PICTURES, bundled

from inrr_cli import make_mask, psnr
from inrr_cli.comparison.estimate import estimate_rmse
from inrr_cli.engine import Control
from inrr_cli.imaging.reading import read_picture
from inrr_cli.inpainting.image import run_inpainting
from inrr_cli.masking.from_file import read_mask
from inrr_cli.masking.selection import Page
from inrr_cli.metrics import psnr_of_rmse
from inrr_cli.settings import make_settings


def measure(image: np.ndarray, missing: np.ndarray) -> tuple[float, float]:
    """Return the true PSNR of the missing samples of an 8-bit image, and the estimated one."""
    settings = make_settings()
    damaged = np.where(missing, 0, image).astype(np.uint8)  # nothing of the truth
    page = Page(0, damaged, missing, np.zeros_like(missing))
    result = run_inpainting(damaged, missing, settings)
    rmse = estimate_rmse([page], {0: result}, settings, Control())
    return psnr(result.image / 255, image / 255, missing), psnr_of_rmse(rmse, 255)


def main() -> None:
    """Parse the options, measure, and print the table and the differences."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", nargs="+", type=Path)
    parser.add_argument("--masks", nargs="+", type=Path)
    parser.add_argument("--seed", type=int, default=0, help="of the masks that are made")
    options = parser.parse_args()
    pictures = (
        {path.stem: read_picture(path).pixels for path in options.images}
        if options.images
        else {name: bundled(name) for name in PICTURES}
    )
    print("| image | mask | psnr_missing | psnr_estimated | difference |")
    print("|---|---|---|---|---|")
    differences: dict[str, list[float]] = {}
    for name, image in pictures.items():
        shape = image.shape[:2]
        masks = (
            {path.stem: read_mask(path, shape)[0] for path in options.masks}
            if options.masks
            else {pattern: make_mask(shape, pattern, seed=options.seed) for pattern in PATTERNS}
        )
        for kind, missing in masks.items():
            true, estimated = measure(image, missing)
            differences.setdefault(kind, []).append(estimated - true)
            print(f"| {name} | {kind} | {true:.2f} | {estimated:.2f} | {estimated - true:+.2f} |", flush=True)
    print("\nEstimated less true, in dB:")
    together = [each for some in differences.values() for each in some]
    for kind, some in [*differences.items(), ("all", together)]:
        sizes = np.abs(some)
        within, root = int((sizes <= 1).sum()), float(np.sqrt(np.square(sizes).mean()))
        print(f"{kind}: mean {np.mean(some):+.2f}, root mean square {root:.2f}, {within} of {len(some)} within 1 dB")


if __name__ == "__main__":
    main()
