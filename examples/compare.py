"""Compare the patch engine with OpenCV, scikit-image, scipy, maskfill and GDAL.

    pip install "inrr-cli[compare]"
    python examples/compare.py                                      # scikit-image's pictures
    python examples/compare.py --images a.png b.png --masks m.png   # your own

Prints a Markdown table of psnr_missing, psnr_full, seconds, and these over the seconds of scikit-image's biharmonic
fill, for each picture, mask and method. Checks that every known pixel is unchanged, and ends with the gain over the
best of five classical fills, over the best of all others, and the median of the times. Masks are white where a pixel is
missing, and have the pictures' size; without masks, four kinds that `inrr mask` makes are used. `--methods patch-draft
patch patch-best inrr siren-patch` measures the other qualities and the networks too. OpenCV's FSR best, which takes a
millisecond a pixel, is one of `--others` only if it is named. Of one image, `inrr compare` draws the fills too.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from inrr_cli import inpaint, make_mask, psnr
from inrr_cli.comparison.measuring import load
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
    "maskfill": "maskfill",
    "FSR": "fsr",
    "FSR-best": "fsr-best",
    "GDAL": "gdal",
}
CLASSICAL = ("Telea", "Navier-Stokes", "biharmonic", "linear", "cubic")  # whose best is what examples/results speak of


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


def installed(others: list[str]) -> list[str]:
    """Return those of the others that are installed, and tell of those that are not."""
    absent = [name for name in others if not PEERS[OTHERS[name]].is_installed]
    if absent:
        print(f'not installed: {", ".join(absent)}; pip install "inrr-cli[compare]"', file=sys.stderr)
    return [name for name in others if name not in absent]


def print_gains(method: str, rivals: str, gains: dict[str, list[float]]) -> None:
    """Print the gain of a method over its rivals, for each kind of mask and for all."""
    every = [gain for some in gains.values() for gain in some]
    print(f"\nGain of {method} over the best of the {rivals}, in dB:")
    for kind, some in (gains | {"all": every}).items():
        print(f"{kind}: mean {statistics.mean(some):.2f}, least {min(some):.2f}")


def main() -> None:
    """Parse the options, measure, and print the table, the gains and the times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", nargs="+", type=Path)
    parser.add_argument("--masks", nargs="+", type=Path)
    parser.add_argument("--methods", nargs="+", choices=OURS, default=["patch"])
    parser.add_argument("--others", nargs="+", choices=OTHERS, default=[name for name in OTHERS if name != "FSR-best"])
    options = parser.parse_args()
    others = installed(options.others)
    classical = [name for name in others if name in CLASSICAL]
    pictures = (
        {path.stem: read_picture(path).pixels for path in options.images}
        if options.images
        else {name: bundled(name) for name in PICTURES}
    )
    print("| image | mask | method | psnr_missing | psnr_full | seconds | x biharmonic |")
    print("|---|---|---|---|---|---|---|")
    gains: dict[str, dict[str, list[float]]] = {}
    times: dict[str, list[float]] = {}
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
            base = None
            for method in (*sorted(others, key=lambda name: name != "biharmonic"), *options.methods):
                fill = choose_fill(method)
                load(OTHERS.get(method, method))
                start = time.perf_counter()
                filled = fill(damaged, missing)
                seconds = time.perf_counter() - start
                base = seconds if method == "biharmonic" else base
                if method in OURS:
                    assert (filled[~missing] == image[~missing]).all(), "a known pixel was changed"
                scores[method] = psnr(filled / 255, image / 255, missing)
                composite = image.copy()
                composite[missing] = filled[missing]
                full = psnr(composite / 255, image / 255)
                ratio = "-" if base is None else f"{seconds / base:.3g}"
                cells = f"{scores[method]:.2f} | {full:.2f} | {seconds:.2f} | {ratio}"
                print(f"| {name} | {kind} | {method} | {cells} |", flush=True)
                times.setdefault(method, []).append(seconds if base is None else seconds / base)
            first = options.methods[0]
            for rivals, names in ((f"{len(classical)} classical fills", classical), (f"{len(others)} others", others)):
                if names:
                    gain = scores[first] - max(scores[name] for name in names)
                    gains.setdefault(rivals, {}).setdefault(kind, []).append(gain)
    for rivals, by_kind in gains.items():
        print_gains(options.methods[0], rivals, by_kind)
    print(f"\nMedian {'seconds over those of biharmonic' if 'biharmonic' in others else 'seconds'}:")
    print(", ".join(f"{method} {statistics.median(some):.3g}" for method, some in times.items()))


if __name__ == "__main__":
    main()
