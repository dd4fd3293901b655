"""Compare fills from the surroundings of damage with fills from the whole image.

    python examples/windows.py

A large image with little damage is filled from windows around the damage (`inrr_cli.inpainting.windows`). This fills
a scratch, specks of dust and a small hole in each of nine photographs of scikit-image from the whole photograph and
from a window, and prints the PSNR of the missing pixels of both as a Markdown table. Then it fills a scratch of 200
pixels in 6000 x 4000 pixels, both ways, and prints the seconds; `--no-large` leaves that out, which takes a minute and
5 GB.
"""

import argparse
import statistics
import time
from unittest.mock import patch

import numpy as np
from PIL import Image, ImageDraw
from skimage import data

from inrr_cli import inpaint, psnr
from inrr_cli.inpainting import windows

PICTURES = (
    *("astronaut", "camera", "brick", "grass", "gravel", "retina"),
    *("hubble_deep_field", "immunohistochemistry", "coffee"),
)
SIDE = 800  # pixels, to which larger pictures are cut
KINDS = ("scratch", "dust", "hole")


def damage(kind: str, shape: tuple[int, int]) -> np.ndarray:
    """Return a mask (M, N) with damage near the middle."""
    rows, columns = shape
    mask = Image.new("L", (columns, rows))
    draw, middle = ImageDraw.Draw(mask), (0.45 * columns, 0.45 * rows)
    if kind == "scratch":
        steps = ((0, 0), (60, 35), (80, 90))
        draw.line([(middle[0] + x, middle[1] + y) for x, y in steps], fill=1, width=4)
    elif kind == "dust":
        rng = np.random.default_rng(1)
        for x, y in rng.uniform(0.42, 0.58, (12, 2)):
            radius = int(rng.integers(1, 5))
            x, y = x * columns, y * rows
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=1)
    else:
        draw.rectangle((*middle, middle[0] + 24, middle[1] + 30), fill=1)
    return np.asarray(mask) > 0


def fill(image: np.ndarray, missing: np.ndarray, *, whole: bool) -> np.ndarray:
    """Fill an image from all of it, or from windows however large they are."""
    with patch.object(windows, "MOST", -1.0 if whole else 2.0):
        return inpaint(image, missing)


def compare_quality() -> None:
    """Print the table of PSNR and the mean difference."""
    print("| picture | damage | whole | window | difference |\n|---|---|---|---|---|")
    differences = []
    for name in PICTURES:
        picture = getattr(data, name)()[:SIDE, :SIDE]
        for kind in KINDS:
            missing = damage(kind, picture.shape[:2])
            found = [psnr(fill(picture, missing, whole=whole) / 255, picture / 255, missing) for whole in (True, False)]
            differences.append(found[1] - found[0])
            print(f"| {name} | {kind} | {found[0]:.2f} | {found[1]:.2f} | {differences[-1]:+.2f} |", flush=True)
    print(f"\nMean difference {statistics.mean(differences):+.2f} dB, from {min(differences):+.2f} to", end=" ")
    print(f"{max(differences):+.2f}; median {statistics.median(differences):+.2f}.")


def compare_time() -> None:
    """Print the seconds of a scratch of 200 pixels in 24 megapixels of colour."""
    image = np.tile(data.chelsea(), (14, 14, 1))[:4000, :6000].copy()
    missing = np.zeros(image.shape[:2], bool)
    for column in range(200):
        missing[2000 + column // 4, 3000 + column : 3003 + column] = True
    fill(image[:300, :300], missing[1900:2200, 2900:3200], whole=True)  # loads the libraries
    for whole in (True, False):
        start = time.perf_counter()
        fill(image, missing, whole=whole)
        print(f"6000 x 4000 from {'the whole' if whole else 'a window'}: {time.perf_counter() - start:.1f} s")


def main() -> None:
    """Parse the option and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-large", action="store_true", help="leave the large image out")
    options = parser.parse_args()
    compare_quality()
    if not options.no_large:
        compare_time()


if __name__ == "__main__":
    main()
