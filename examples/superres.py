"""Measure super-resolution against bicubic and Lanczos on any folder of pictures.

    python examples/superres.py scikit-image
    python examples/superres.py path/to/set5 --scales 2 3 4

As papers do: the luma of a picture (ITU-R BT.601) is downscaled by antialiased bicubic, rounded to 8 bits and
enlarged again; PSNR in dB and SSIM of the 8-bit results leave a border of the scale's size out. Prints Markdown.
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

from inrr_cli import make_settings, make_target, psnr, run_superres, ssim

PHOTOGRAPHS = (
    "camera", "astronaut", "coffee", "chelsea", "rocket", "coins", "moon", "brick", "grass", "gravel", "clock", "page",
    "text", "immunohistochemistry", "cell", "microaneurysms", "stereo_motorcycle", "hubble_deep_field",
)  # fmt: skip
LUMA = (65.481, 128.553, 24.966)
METHODS = ("bicubic", "Lanczos", "inrr")


def pictures(source: str) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Yield the name and the pixels (M, N[, 3]) of scikit-image's photographs, or of the files in a folder."""
    if source == "scikit-image":
        for name in PHOTOGRAPHS:
            made = getattr(skimage.data, name)()
            yield name, made[0] if isinstance(made, tuple) else made
        return
    for path in sorted(Path(source).iterdir()):
        if path.suffix.lower() in (".png", ".jpg", ".bmp", ".tif"):
            with Image.open(path) as image:
                yield path.stem, np.asarray(image.convert("RGB"))


def luma(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """From (M, N[, 3]) in 0 to 255 to luma (M, N) in 16 to 235."""
    rgb = pixels[..., :3] if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2)
    made: NDArray[np.float32] = (rgb @ (np.array(LUMA) / 255) + 16).astype(np.float32)
    return made


def resize(plane: NDArray[np.float32], size: tuple[int, int], kind: Image.Resampling) -> NDArray[np.uint8]:
    """Resize with Pillow, in float, and round to 8 bits."""
    made = np.asarray(Image.fromarray(plane.astype(np.float32)).resize(size[::-1], kind))
    return np.round(np.clip(made, 0, 255)).astype(np.uint8)


def measure(truth: NDArray[np.float32], scale: float) -> tuple[dict[str, tuple[float, float]], float, float | None]:
    """Return PSNR and SSIM of each method, the seconds ours took and its inconsistency in grey levels."""
    if scale == int(scale):
        truth = truth[: truth.shape[0] // int(scale) * int(scale), : truth.shape[1] // int(scale) * int(scale)]
    low = resize(truth, (round(truth.shape[0] / scale), round(truth.shape[1] / scale)), Image.Resampling.BICUBIC)
    size = (truth.shape[0], truth.shape[1])
    start = time.perf_counter()
    ours = run_superres(low, make_target(low.shape, size=size), make_settings(task="superres"))
    seconds = time.perf_counter() - start
    floats = low.astype(np.float32)
    made = {
        "bicubic": resize(floats, size, Image.Resampling.BICUBIC),
        "Lanczos": resize(floats, size, Image.Resampling.LANCZOS),
        "inrr": ours.image,
    }
    edge = math.ceil(scale)
    inner = np.s_[edge:-edge, edge:-edge]
    found = {}
    for name, picture in made.items():
        pair = picture[inner].astype(np.float32) / 255, truth[inner] / 255
        found[name] = (psnr(*pair) or math.nan, ssim(*pair) or math.nan)
    return found, seconds, ours.consistency_max


def main() -> None:
    """Print a table for each scale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help='a folder of pictures, or "scikit-image"')
    parser.add_argument("--scales", type=float, nargs="+", default=[1.5, 2, 3, 4])
    arguments = parser.parse_args()
    for scale in arguments.scales:
        print(f"\n### x{scale:g}, {Path(arguments.source).name}\n")
        print("| picture | bicubic | Lanczos | inrr | gain on bicubic | s | off |")
        print("|---|---|---|---|---|---|---|")
        rows = []
        for name, pixels in pictures(arguments.source):
            found, seconds, off = measure(luma(pixels), scale)
            rows.append([value for method in METHODS for value in found[method]] + [seconds, off or 0.0])
            print(_row(name, rows[-1]), flush=True)
        print(_row("**mean**", list(np.mean(rows, 0))), flush=True)


def _row(name: str, row: list[float]) -> str:
    cells = [f"{row[i]:.2f} / {row[i + 1]:.4f}" for i in (0, 2, 4)]
    return f"| {name} | {' | '.join(cells)} | {row[4] - row[0]:+.2f} | {row[6]:.0f} | {row[7]:.2f} |"


if __name__ == "__main__":
    main()
