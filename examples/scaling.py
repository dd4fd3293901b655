"""Measure time and memory of the patch engine against the number of missing pixels.

    python examples/scaling.py

Runs the command on a photograph of scikit-image at 256 to 2048 pixels square with half of its pixels missing, and on a
12-megapixel colour one with 1 % of its pixels under scratches. Prints a Markdown table.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from skimage.data import retina

from inrr_cli import make_mask


def scratches(rows: int, columns: int, part: float) -> np.ndarray:
    """Return a mask (rows, columns) of random strokes, 3 to 7 pixels wide, on at least ``part`` of the pixels."""
    rng = np.random.default_rng(0)
    mask = Image.new("1", (columns, rows))
    while np.asarray(mask).mean() < part:
        x, y = rng.uniform(0, columns), rng.uniform(0, rows)
        angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(0.05, 0.4) * columns
        end = (x + length * np.cos(angle), y + length * np.sin(angle))
        ImageDraw.Draw(mask).line([(x, y), end], fill=1, width=int(rng.integers(3, 8)))
    return np.asarray(mask)


def main() -> None:
    """Measure and print the table."""
    photo = Image.fromarray(retina())
    cases = [(f"{n} x {n} grey, 50 % random", (n, n), "L", None) for n in (256, 512, 1024, 2048)]
    cases.append(("4000 x 3000 colour, 1 % scratches", (4000, 3000), "RGB", 0.01))
    print("| picture | missing pixels | seconds | seconds for each 100,000 | peak memory MB |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        image, mask = Path(name) / "image.png", Path(name) / "mask.png"
        for title, size, mode, part in cases:
            photo.convert(mode).resize(size, Image.Resampling.BICUBIC).save(image)
            shape = size[::-1]
            Image.fromarray(scratches(*shape, part) if part else make_mask(shape, "random")).save(mask)
            command = ["inpaint", str(image), "--mask", str(mask), "--force", "--json"]
            done = subprocess.run(
                [sys.executable, "-m", "inrr_cli", *command], stdout=subprocess.PIPE, check=True, text=True
            )
            record = json.loads(done.stdout)
            missing, seconds = record["missing_pixels"], record["seconds"]
            print(
                f"| {title} | {missing:,} | {seconds:.1f} | {seconds / missing * 1e5:.1f} "
                f"| {record['peak_rss_mb']:,.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
