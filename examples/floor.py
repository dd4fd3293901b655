"""Is the patch engine ever worse than a simple fill? Smooth maps, textures, text, scan paths and scans of lines.

    pip install "inrr-cli[compare,paper]"
    python examples/floor.py --pictures development   # the choice between patches and smooth fills was set on these
    python examples/floor.py --pictures others
    python examples/floor.py --pictures unseen --masks random dense textural walk spiral "rows 4" "columns 3"
    python examples/floor.py --pictures others unseen --masks brush patch --seeds 1 2 3   # large holes

Restores crops of scikit-image's and matplotlib's pictures, smooth random fields, a gradient and a checkerboard, all
grey, 128 x 128 and floats in [0, 1], and prints a Markdown table: psnr_missing, that of the best of OpenCV's,
scikit-image's and scipy's fills, the gain over it, and the share of true errors within one sigma (68 % is right).
"""

import argparse
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from itertools import product

import numpy as np
import skimage.data
from calibration import brush
from compare import CLASSICAL, choose_fill
from matplotlib.cbook import get_sample_data
from PIL import Image
from skimage.color import rgb2gray
from skimage.transform import downscale_local_mean
from skimage.util import img_as_float

from inrr_cli import make_mask, make_settings, psnr, run_inpainting

SIDE = 128
WORSE = -0.1  # dB of gain; smaller losses do not count


def crop(load: Callable[[], np.ndarray], factor: int = 1) -> np.ndarray:
    """Return the middle of a picture, grey and reduced by a factor."""
    image = img_as_float(np.asarray(load()))
    grey = rgb2gray(image[..., :3]) if image.ndim == 3 else image
    small = downscale_local_mean(grey, (factor, factor))
    top, left = ((length - SIDE) // 2 for length in small.shape)
    return small[top : top + SIDE, left : left + SIDE]


def bundled(factor: int, *names: str) -> dict[str, Callable[[], np.ndarray]]:
    """Return crops of scikit-image's pictures, by name."""
    return {name: partial(crop, getattr(skimage.data, name), factor) for name in names}


def motorcycle() -> np.ndarray:
    """Return the left one of scikit-image's stereo pair."""
    return skimage.data.stereo_motorcycle()[0]


def portrait() -> np.ndarray:
    """Read matplotlib's photograph of Grace Hopper."""
    with get_sample_data("grace_hopper.jpg") as file:
        return np.asarray(Image.open(file))


def heights() -> np.ndarray:
    """Read matplotlib's elevation model."""
    with get_sample_data("jacksboro_fault_dem.npz") as file:
        return in_unit(file["elevation"])


def head() -> np.ndarray:
    """Read matplotlib's magnetic resonance image."""
    with get_sample_data("s1045.ima.gz") as file:
        return in_unit(np.frombuffer(file.read(), np.uint16).reshape(256, 256))


def in_unit(values: np.ndarray) -> np.ndarray:
    """Map values to [0, 1]."""
    return (values.astype(float) - values.min()) / np.ptp(values)


def field(power: float, seed: int) -> np.ndarray:
    """Return a random field whose amplitudes fall with a power of the frequency."""
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.fftfreq(SIDE))
    frequency[0, 0] = np.inf
    noise = np.random.default_rng(seed).standard_normal((SIDE, SIDE))
    values = np.fft.ifft2(np.fft.fft2(noise) / frequency**power).real
    return in_unit(values)


def gradient() -> np.ndarray:
    """Return a plane with a slope along both axes."""
    return np.add.outer(np.linspace(0.1, 0.6, SIDE), np.linspace(0, 0.3, SIDE))


def checkerboard() -> np.ndarray:
    """Return squares of 16 pixels."""
    return 0.2 + 0.6 * ((np.indices((SIDE, SIDE)) // 16).sum(0) % 2)


PICTURES = {
    "development": {
        **bundled(1, "camera", "coins", "moon"),
        **bundled(2, "astronaut", "brick", "cell", "coffee", "grass"),
        **{f"field {power}": partial(field, power, power) for power in (2, 3, 4)},
        "gradient": gradient,
    },
    "others": {
        **bundled(1, "chelsea", "clock", "immunohistochemistry", "page", "rocket", "text"),
        **bundled(2, "gravel", "hubble_deep_field"),
        **bundled(4, "retina"),
        "field 2.5": partial(field, 2.5, 11),
        "field 3.5": partial(field, 3.5, 12),
        "checkerboard": checkerboard,
    },
    "unseen": {
        **{
            f"{load.__name__} 1:{factor}": partial(crop, load, factor)
            for load in (motorcycle, portrait, heights, head)
            for factor in (1, 2)
        },
        **bundled(2, "shepp_logan_phantom", "horse"),
    },
}


def walk(seed: int) -> np.ndarray:
    """Return the mask of all pixels but 22 %, along the path of a probe that wanders."""
    rng = np.random.default_rng(seed)
    known = np.zeros((SIDE, SIDE), bool)
    position, angle = np.full(2, SIDE / 2), 0.0
    while known.mean() < 0.22:
        angle += rng.normal(0, 0.2)
        position = (position + np.array([np.sin(angle), np.cos(angle)])) % SIDE
        known[tuple(position.astype(int))] = True
    return ~known


def spiral(seed: int) -> np.ndarray:
    """Return the mask of all pixels but 25 %, along a spiral."""
    del seed
    radius = np.linspace(0, SIDE, 100_000)
    angle = 2 * np.pi * radius / 4.5  # pixels between turns
    at = SIDE / 2 + radius * np.stack([np.sin(angle), np.cos(angle)])
    known = np.zeros((SIDE, SIDE), bool)
    row, column = at[:, ((at >= 0) & (at < SIDE)).all(0)].astype(int)
    known[row, column] = True
    return ~known


def lines(axis: int, every: int, seed: int) -> np.ndarray:
    """Return the mask of all rows (axis 0) or columns (1) but each ``every``-th."""
    del seed
    return np.broadcast_to(np.expand_dims(np.arange(SIDE) % every > 0, 1 - axis), (SIDE, SIDE)).copy()


MASKS = {
    "random": lambda seed: make_mask((SIDE, SIDE), "random", rate=0.5, seed=seed),
    "dense": lambda seed: make_mask((SIDE, SIDE), "random", rate=0.85, seed=seed),
    "textural": lambda seed: make_mask((SIDE, SIDE), "textural", seed=seed),
    "brush": partial(brush, side=SIDE),
    "walk": walk,
    "spiral": spiral,
    **{f"rows {every}": partial(lines, 0, every) for every in (2, 4)},
    **{f"columns {every}": partial(lines, 1, every) for every in (3, 5)},
    "patch": lambda seed: make_mask((SIDE, SIDE), "patch", count=2, seed=seed),
}


def main() -> None:
    """Parse the options, measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", nargs="+", choices=PICTURES, default=["others"])
    parser.add_argument("--masks", nargs="+", choices=MASKS, default=[kind for kind in MASKS if kind != "patch"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], help="of the masks")
    options = parser.parse_args()
    print("| picture | mask | psnr_missing | best other | its psnr | gain | within one sigma |")
    print("|---|---|---|---|---|---|---|")
    found = defaultdict(list)
    pictures = [item for group in options.pictures for item in enumerate(PICTURES[group].items())]
    for seed, (number, (name, make)) in product(options.seeds, pictures):
        image = make().astype(np.float32)
        for kind in options.masks:
            missing = MASKS[kind](number + 100 * seed)
            damaged = np.where(missing, np.float32(0), image)
            result = run_inpainting(damaged, missing, make_settings())
            ours = psnr(result.image, image, missing)
            best, other = max((psnr(choose_fill(key)(damaged, missing), image, missing), key) for key in CLASSICAL)
            within = np.mean(np.abs(result.image - image)[missing] <= result.sigma[missing])
            found[kind].append((ours - best, within))
            print(
                f"| {name} | {kind} | {ours:.2f} | {other} | {best:.2f} | {ours - best:+.2f} | {within:.0%} |",
                flush=True,
            )
    print("\n| mask | pictures | mean gain | median | least | below by 0.1 dB | within one sigma | least | most |")
    print("|---|---|---|---|---|---|---|---|---|")
    for kind, cells in (found | {"all": [cell for some in found.values() for cell in some]}).items():
        gains, shares = np.array(cells).T
        print(
            f"| {kind} | {len(cells)} | {gains.mean():+.2f} | {np.median(gains):+.2f} | {gains.min():+.2f} "
            f"| {(gains < WORSE).sum()} | {shares.mean():.0%} | {shares.min():.0%} | {shares.max():.0%} |"
        )


if __name__ == "__main__":
    main()
