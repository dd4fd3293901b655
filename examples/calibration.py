"""Measure how well the patch engine's error bars are calibrated on scikit-image's pictures.

    python examples/calibration.py
    python examples/calibration.py --colour

Damages 16 pictures, grey 256 x 256, or the seven of them that are in colour, with each of five kinds of mask, restores
them, and prints for each kind the share of true errors within one sigma (68 % is right); then, for each class of
distance to the nearest known pixel, the geometric mean over pictures of the 68 % quantile of |error| / sigma (1 is
right).
"""

import argparse
import math
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import skimage.data
from PIL import Image
from skimage.draw import disk

from inrr_cli import make_mask, make_settings, run_inpainting

PICTURES = (
    "camera", "astronaut", "chelsea", "coffee", "brick", "grass", "gravel", "moon", "coins", "page",
    "hubble_deep_field", "retina", "cell", "immunohistochemistry", "rocket", "clock",
)  # fmt: skip
COLOURFUL = ("astronaut", "chelsea", "coffee", "hubble_deep_field", "retina", "immunohistochemistry", "rocket")
KINDS = ("random", "patch", "textural", "mixture", "brush")
SIDE = 256
CLASS_MINIMUM = 50  # pixels of a class, for a quantile


def picture(name: str, mode: str = "L") -> np.ndarray:
    """Return the middle square of a picture, nearer its own scale if it is a texture: (256, 256[, 3]) of uint8."""
    image = Image.fromarray(np.asarray(getattr(skimage.data, name)())).convert(mode)
    most = 384 if name in ("brick", "grass", "gravel", "immunohistochemistry") else 10_000
    side = min(*image.size, most)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side))
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def brush(seed: int, side: int = SIDE) -> np.ndarray:
    """Draw four winding strokes of a brush 8 to 24 pixels wide: (side, side) of bool."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((side, side), bool)
    for _ in range(4):
        centre, angle, width = rng.uniform(0, side, 2), rng.uniform(0, 2 * np.pi), rng.uniform(4, 12)
        for _ in range(rng.integers(10, 40)):
            mask[disk(centre, width, shape=mask.shape)] = True
            angle += rng.normal(0, 0.4)
            centre += 0.6 * width * np.array([np.sin(angle), np.cos(angle)])
    return mask


def measure(case: tuple[str, str, str, int]) -> tuple[float, dict[int, float]]:
    """Restore one picture; return the share of errors within sigma and the quantile of each class of distance."""
    import torch

    from inrr_cli.metrics import ONE_SIGMA
    from inrr_cli.solvers.distance import chessboard_distance, distance_class

    torch.set_num_threads(1)
    name, mode, kind, seed = case
    truth, missing = picture(name, mode), brush(seed) if kind == "brush" else make_mask((SIDE, SIDE), kind, seed=seed)
    result = run_inpainting(truth, missing, make_settings())
    ratio = np.abs(result.image.astype(float) - truth)[missing] / result.sigma[missing]
    classes = distance_class(chessboard_distance(torch.from_numpy(missing))).numpy()[missing]
    ratio = ratio.reshape(len(classes), -1)
    quantiles = {
        int(k): float(np.quantile(ratio[classes == k], ONE_SIGMA))
        for k in np.unique(classes)
        if (classes == k).sum() >= CLASS_MINIMUM
    }
    return float((ratio <= 1).mean()), quantiles


def main() -> None:
    """Measure on all processors and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--colour", action="store_true")
    names, mode = (COLOURFUL, "RGB") if parser.parse_args().colour else (PICTURES, "L")
    cases = [(name, mode, kind, 100 + PICTURES.index(name)) for kind in KINDS for name in names]
    covered, quantiles = defaultdict(list), defaultdict(list)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for (_, _, kind, _), (share, found) in zip(cases, pool.map(measure, cases), strict=True):
            covered[kind].append(share)
            for k, quantile in found.items():
                quantiles[k].append(math.log(max(quantile, 0.01)))
    print("| mask | errors within one sigma | least | most |\n|---|---|---|---|")
    for kind, shares in covered.items():
        print(f"| {kind} | {np.mean(shares):.0%} | {min(shares):.0%} | {max(shares):.0%} |")
    print("\n| class of depth | pictures | 68 % quantile of error / sigma |\n|---|---|---|")
    for k, logs in sorted(quantiles.items()):
        print(f"| {k} | {len(logs)} | {math.exp(np.mean(logs)):.2f} |")


if __name__ == "__main__":
    main()
