"""Compare the patch engine with OpenCV, scikit-image and scipy.

    pip install "inrr-cli[compare]"
    python examples/compare.py                                      # scikit-image's pictures
    python examples/compare.py --images a.png b.png --masks m.png   # your own

Prints a Markdown table of psnr_missing, psnr_full and seconds for each picture, mask and method, checks that every
known pixel is unchanged, and ends with the gain over the best of the others. Masks are white where a pixel is missing,
and have the pictures' size; without masks, four kinds that `inrr mask` makes are used. `--methods patch inrr
siren-patch` measures the networks too. Of one image, `inrr compare` draws the fills too.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from inrr_cli import inpaint, make_mask, psnr
from inrr_cli.comparison.methods import OURS
from inrr_cli.comparison.peers import PEERS, fill_by_peer
from inrr_cli.imaging.reading import read_picture
from inrr_cli.masking.from_file import read_mask
from inrr_cli.masking.samples import to_samples

PICTURES = ("astronaut", "brick", "camera", "coffee", "chelsea", "grass")
PATTERNS = ("random", "patch", "textural", "mixture")
# names in the tables of examples/results
OTHERS = {
    "Telea": "telea",
    "Navier-Stokes": "navier-stokes",
    "biharmonic": "biharmonic",
    "linear": "linear",
    "cubic": "cubic",
}


def choose_fill(method: str) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return what fills an image with a mask by one of ours, or by one of the others."""
    if method in OTHERS:
        peer = PEERS[OTHERS[method]]
        return lambda image, missing: fill_by_peer(peer, image, to_samples(missing, image.shape))
    return lambda image, missing: inpaint(image, missing, **OURS[method])


def bundled(name: str) -> np.ndarray:
    """Return the middle square of a scikit-image picture, grey and reduced to (256, 256)."""
    picture = Image.fromarray(getattr(data, name)()).convert("L")
    side = min(picture.size)
    left, top = ((length - side) // 2 for length in picture.size)
    square = picture.crop((left, top, left + side, top + side))
    return np.asarray(square.resize((256, 256), Image.Resampling.LANCZOS))


def main() -> None:
    """Parse the options, measure, and print the table and the gains."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", nargs="+", type=Path)
    parser.add_argument("--masks", nargs="+", type=Path)
    parser.add_argument("--methods", nargs="+", choices=OURS, default=["patch"])
    options = parser.parse_args()
    pictures = (
        {path.stem: read_picture(path).pixels for path in options.images}
        if options.images
        else {name: bundled(name) for name in PICTURES}
    )
    print("| image | mask | method | psnr_missing | psnr_full | seconds |")
    print("|---|---|---|---|---|---|")
    gains: dict[str, list[float]] = {}
    for name, image in pictures.items():
        shape = image.shape[:2]
        masks = (
            {path.stem: read_mask(path, shape)[0] for path in options.masks}
            if options.masks
            else {pattern: make_mask(shape, pattern) for pattern in PATTERNS}
        )
        for kind, missing in masks.items():
            damaged = image.copy()
            damaged[missing] = 0
            scores = {}
            for method in (*OTHERS, *options.methods):
                fill = choose_fill(method)
                start = time.perf_counter()
                filled = fill(damaged, missing)
                seconds = time.perf_counter() - start
                if method in OURS:
                    assert (filled[~missing] == image[~missing]).all(), "a known pixel was changed"
                scores[method] = psnr(filled / 255, image / 255, missing)
                composite = image.copy()
                composite[missing] = filled[missing]
                full = psnr(composite / 255, image / 255)
                print(f"| {name} | {kind} | {method} | {scores[method]:.2f} | {full:.2f} | {seconds:.2f} |", flush=True)
            first = options.methods[0]
            gains.setdefault(kind, []).append(scores[first] - max(scores[other] for other in OTHERS))
    every = [gain for some in gains.values() for gain in some]
    print(f"\nGain of {options.methods[0]} over the best of the five others, in dB:")
    for kind, some in gains.items():
        print(f"{kind}: mean {statistics.mean(some):.2f}, least {min(some):.2f}")
    print(f"all: mean {statistics.mean(every):.2f}, least {min(every):.2f}")


if __name__ == "__main__":
    main()
