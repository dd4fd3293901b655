"""Measure super-resolution against bicubic and Lanczos on any folder of images.

    python examples/superres.py scikit-image
    python examples/superres.py path/to/set5 --scales 2 3 4 --quality best

The luma of an image (ITU-R BT.601) is downscaled by antialiased bicubic, rounded to 8 bits and enlarged again, as in
papers. PSNR in dB and SSIM of the 8-bit results leave out a border of the scale's size. Prints Markdown.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image
from skimage.color import gray2rgb, rgb2ycbcr

from inrr_cli import make_settings, make_target, psnr, run_superres, ssim

PHOTOGRAPHS = (
    "camera", "astronaut", "coffee", "chelsea", "rocket", "coins", "moon", "brick", "grass", "gravel", "clock", "page",
    "text", "immunohistochemistry", "cell", "microaneurysms", "stereo_motorcycle", "hubble_deep_field",
)  # fmt: skip
METHODS = ("bicubic", "Lanczos", "inrr")


def read_images(source: str) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Yield the name and the pixels (M, N[, 3]) of scikit-image's photographs, or of the files in a folder."""
    if source == "scikit-image":
        for name in PHOTOGRAPHS:
            image = getattr(skimage.data, name)()
            yield name, image[0] if isinstance(image, tuple) else image
        return
    for path in sorted(Path(source).iterdir()):
        if path.suffix.lower() in (".png", ".jpg", ".bmp", ".tif"):
            with Image.open(path) as file:
                yield path.stem, np.asarray(file.convert("RGB"))


def luma(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the luma (M, N), 16 to 235, of an image (M, N[, 3 or 4]), 0 to 255."""
    rgb = gray2rgb(pixels) if pixels.ndim == 2 else pixels[..., :3]
    return np.asarray(rgb2ycbcr(rgb)[..., 0], np.float32)


def resize(plane: NDArray[np.float32], size: tuple[int, int], kind: Image.Resampling) -> NDArray[np.uint8]:
    """Resize with Pillow, in float, and round to 8 bits."""
    resized = np.asarray(Image.fromarray(plane).resize(size[::-1], kind))
    return np.round(np.clip(resized, 0, 255)).astype(np.uint8)


def measure(
    truth: NDArray[np.float32], scale: float, quality: str
) -> tuple[dict[str, tuple[float, float]], float, float | None]:
    """Return PSNR and SSIM of each method, and the processor seconds and the inconsistency in grey levels of inrr."""
    if scale == int(scale):
        rows, columns = (length // int(scale) * int(scale) for length in truth.shape)
        truth = truth[:rows, :columns]
    size = (truth.shape[0], truth.shape[1])
    low = resize(truth, (round(size[0] / scale), round(size[1] / scale)), Image.Resampling.BICUBIC)
    start = time.process_time()
    result = run_superres(low, make_target(low.shape, size=size), make_settings(task="superres", quality=quality))
    seconds = time.process_time() - start
    floats = low.astype(np.float32)
    enlarged = {
        "bicubic": resize(floats, size, Image.Resampling.BICUBIC),
        "Lanczos": resize(floats, size, Image.Resampling.LANCZOS),
        "inrr": result.image,
    }
    edge = math.ceil(scale)
    inner = np.s_[edge:-edge, edge:-edge]
    measures = {}
    for name, image in enlarged.items():
        pair = image[inner].astype(np.float32) / 255, truth[inner] / 255
        measures[name] = (psnr(*pair) or math.nan, ssim(*pair) or math.nan)
    return measures, seconds, result.consistency_max


def main() -> None:
    """Print a table for each scale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help='a folder of images, or "scikit-image"')
    parser.add_argument("--scales", type=float, nargs="+", default=[1.5, 2, 3, 4])
    parser.add_argument("--quality", choices=("draft", "normal", "best"), default="normal")
    arguments = parser.parse_args()
    for scale in arguments.scales:
        print(f"\n### x{scale:g}, {Path(arguments.source).name}, {arguments.quality}\n")
        print("| picture | bicubic | Lanczos | inrr | gain on bicubic | s | off |")
        print("|---|---|---|---|---|---|---|")
        rows = []
        for name, pixels in read_images(arguments.source):
            measures, seconds, inconsistency = measure(luma(pixels), scale, arguments.quality)
            rows.append([value for method in METHODS for value in measures[method]] + [seconds, inconsistency or 0.0])
            print(_row(name, rows[-1]), flush=True)
        print(_row("**mean**", list(np.mean(rows, 0))), flush=True)


def _row(name: str, row: list[float]) -> str:
    cells = [f"{row[i]:.2f} / {row[i + 1]:.4f}" for i in (0, 2, 4)]
    return f"| {name} | {' | '.join(cells)} | {row[4] - row[0]:+.2f} | {row[6]:.0f} | {row[7]:.2f} |"


if __name__ == "__main__":
    main()
