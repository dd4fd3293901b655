"""How much of made scratches, hairs and dust `--mask scratches` finds over photographs, and what it finds without any.

    python examples/scratches.py
    python examples/scratches.py --fit  # prints the weights that the detector holds

Into each picture of scikit-image, and on the same pictures in grey, go scratches, hairs, vertical scratches of a film
and specks of dust, bright and dark. A pixel counts as damaged if that changed a channel by more than VISIBLE. Prints a
Markdown table.
"""

import argparse

import numpy as np
from scipy.ndimage import binary_dilation, gaussian_filter, gaussian_filter1d, label
from scipy.spatial import cKDTree
from skimage import data

from inrr_cli.masking.line_filters import POLARITIES
from inrr_cli.masking.scratch_candidates import MIN_LENGTH, find_candidates
from inrr_cli.masking.scratches import find_scratches, normalize

CHOSEN_ON = ("astronaut", "brick", "camera", "coffee", "coins", "gravel", "immunohistochemistry", "moon", "retina")
CHECKED_ON = (
    "cat", "cell", "clock", "grass", "hubble_deep_field", "page", "rocket", "text", "stereo_motorcycle",
)  # fmt: skip
VISIBLE = 0.04  # of full scale: some ten grey levels of 255
BLUR = 0.5  # pixels: standard deviation of a good scanner's lens
PER_AREA = 512 * 512  # pixels that hold the numbers below
LARGEST_SPECK = 150  # pixels
CLEAR = 0.15  # of full scale: damage that anyone sees in any texture
FIT_SEEDS, SEEDS = range(2), range(10, 12)
SCRATCHES, FILM, HAIRS, SPECKS = 4, 1, 4, 30


def curve(shape: tuple[int, int], length: float, turn: float, rng: np.random.Generator) -> np.ndarray:
    """Return points (K, 2) of a curve through the picture, every quarter of a pixel.

    ``turn`` is the standard deviation of its curvature, in radians a pixel, which changes smoothly over 20 pixels.
    """
    steps = int(4 * length)
    bend = gaussian_filter1d(rng.normal(size=steps + 400), 80)[200:-200]
    angle = rng.uniform(0, 2 * np.pi) + np.cumsum(turn * bend / bend.std()) / 4
    path = np.cumsum(np.stack([np.sin(angle), np.cos(angle)], 1), axis=0) / 4
    return path - path[steps // 2] + rng.uniform(0, shape)


def film_scratch(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return points of a nearly vertical line over 40 to 100 % of the height."""
    length = int(4 * shape[0] * rng.uniform(0.4, 1))
    sway = np.cumsum(gaussian_filter1d(rng.normal(0, 0.02, length), 40))
    top = rng.uniform(0, shape[0] - length / 4)
    return np.stack([top + np.arange(length) / 4, rng.uniform(0, shape[1]) + sway], 1)


def cover(shape: tuple[int, int], points: np.ndarray, width: float, rng: np.random.Generator) -> np.ndarray:
    """Return the opacity (M, N), from 0 to 1, of a line of this width, which varies along it."""
    opacity = np.zeros(shape, np.float32)
    reach = int(width) + 3
    low = np.maximum(np.floor(points.min(0)).astype(int) - reach, 0)
    high = np.minimum(np.ceil(points.max(0)).astype(int) + reach + 1, shape)
    if (low >= high).any():
        return opacity
    grid = np.stack(np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high, strict=True)), indexing="ij"), -1)
    distance, nearest = cKDTree(points).query(grid.reshape(-1, 2), distance_upper_bound=reach)
    wave = gaussian_filter1d(rng.normal(size=len(points) + 1), 60, mode="wrap")
    strength = np.clip(rng.uniform(0.6, 1) + 0.15 * wave / max(wave.std(), 1e-6), 0.3, 1)
    inside = np.clip(width / 2 + 0.5 - distance, 0, 1) * strength[np.minimum(nearest, len(points))]
    opacity[low[0] : high[0], low[1] : high[1]] = inside.reshape(grid.shape[:2])
    return opacity


def damage(picture: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return a scratched picture (M, N[, C]) uint8, and where (M, N) it was changed visibly."""
    shape, damaged = picture.shape[:2], picture / 255
    share = picture.shape[0] * picture.shape[1] / PER_AREA
    side = min(shape)
    lines = [
        (curve(shape, side * rng.uniform(0.2, 0.8), 0.01, rng), rng.uniform(1, 4)) for _ in times(SCRATCHES, share)
    ]
    lines += [(film_scratch(shape, rng), rng.uniform(1, 3)) for _ in times(FILM, share)]
    lines += [(curve(shape, rng.uniform(30, 120), 0.08, rng), rng.uniform(1, 2.5)) for _ in times(HAIRS, share)]
    # a speck is a short thick line, so that few are round
    lines += [(curve(shape, rng.uniform(1, 4), 0.1, rng), 2 * rng.uniform(1, 4)) for _ in times(SPECKS, share)]
    for points, width in lines:
        opacity = gaussian_filter(cover(shape, points, width, rng), BLUR)
        level = rng.uniform(0.85, 1) if rng.random() < 0.5 else rng.uniform(0, 0.15)
        opacity = opacity.reshape(shape + (1,) * (picture.ndim - 2))
        damaged = damaged + opacity * (level - damaged)
    grain = rng.normal(0, 0.008, shape).reshape(opacity.shape)  # of the scan, where the damage hid the picture's own
    change = np.abs(damaged - picture / 255)
    damaged = np.where(change > 0.01, damaged + grain, damaged)
    spoiled = np.rint(255 * damaged.clip(0, 1)).astype(np.uint8)
    changed = np.abs(spoiled.astype(float) - picture) > 255 * VISIBLE
    return spoiled, changed.reshape(*shape, -1).any(2)


def times(number: int, share: float) -> range:
    """Return the range of a number that is meant for PER_AREA, for a share of that area."""
    return range(max(1, round(number * share)))


def load(name: str) -> np.ndarray:
    """Return a picture of scikit-image."""
    picture = getattr(data, name)()
    picture = picture[0] if isinstance(picture, tuple) else picture
    return picture[..., :3] if picture.ndim == 3 else picture


def grey(picture: np.ndarray) -> np.ndarray:
    """Return the mean of the channels, as float."""
    return picture.reshape(*picture.shape[:2], -1).mean(2)


def training_set(pictures: list[np.ndarray], seeds: range) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return features, truth and weight of all curves, then of all specks, of damaged and of undamaged pictures.

    Each picture's damage weighs the same. Points of long damage are no specks, and have no part in those.
    """
    rows: list[list[tuple[np.ndarray, ...]]] = [[], []]
    for picture in pictures:
        cases = [damage(picture, np.random.default_rng(seed)) for seed in seeds]
        share = max(1, sum(int(damaged.sum()) for _, damaged in cases))
        for spoiled, damaged in [*cases, (picture, np.zeros(picture.shape[:2], bool))]:
            change = grey(spoiled) - grey(picture)
            near, specks = binary_dilation(damaged), small_parts(damaged)
            pairs = find_candidates(*normalize(np.atleast_3d(spoiled)))
            for polarity, pair in zip(POLARITIES, pairs, strict=True):
                for kind, found in enumerate(pair):
                    at = found.points.rows, found.points.columns
                    hits = np.bincount(found.label, (near & (polarity * change > 0))[at], len(found.length))
                    size = np.bincount(found.label, found.points.radius.astype(float) ** (1.5 * kind))
                    used = (specks | ~near)[at] if kind else found.length >= MIN_LENGTH
                    rows[kind].append((found.features[used], (hits > found.length / 2)[used], (size / share)[used]))
    return [tuple(map(np.concatenate, zip(*each, strict=True))) for each in rows]


def small_parts(damaged: np.ndarray) -> np.ndarray:
    """Return the damage that is in specks: parts of at most LARGEST_SPECK pixels."""
    parts = label(damaged, np.ones((3, 3)))[0]
    return damaged & (np.bincount(parts.ravel()) <= LARGEST_SPECK)[parts]


def fit(features: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> list[float]:
    """Return the constant and weights of a logistic regression, by Newton's method."""
    design = np.concatenate([np.ones((len(features), 1)), features], 1)
    weights = weights / weights.mean()
    solution = np.zeros(design.shape[1])
    for _ in range(30):
        odds = 1 / (1 + np.exp(-(design @ solution).clip(-30, 30)))
        gradient = design.T @ (weights * (truth - odds)) - solution
        curvature = (design * (weights * odds * (1 - odds))[:, None]).T @ design + np.eye(len(solution))
        solution = solution + np.linalg.solve(curvature, gradient)
    return [round(float(each), 2) for each in solution]


def measure(name: str, picture: np.ndarray, seeds: range) -> list[float]:
    """Return what is found of damage, of clear damage and of specks, what is falsely found, and what on no damage."""
    results = []
    for seed in seeds:
        spoiled, damaged = damage(picture, np.random.default_rng(seed))
        found = find_scratches(np.atleast_3d(spoiled))
        clear = np.abs(grey(spoiled) - grey(picture)) > 255 * CLEAR
        specks, near = small_parts(damaged), binary_dilation(damaged, iterations=2)
        mask = found.mask
        away = (mask & ~near).sum() / (~damaged).sum()
        results.append(
            [damaged.mean(), mask[damaged].mean(), mask[clear].mean(), mask[damaged & ~specks].mean(),
             mask[specks].mean(), mask[~damaged].mean(), away, found.doubt]
        )  # fmt: skip
    undamaged = find_scratches(np.atleast_3d(picture))
    return [*np.nanmean(results, axis=0), undamaged.mask.mean(), undamaged.doubt]


def pictures_of(names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Return pictures, those in colour also in grey."""
    loaded = {name: load(name) for name in names}
    in_grey = {f"{name}, grey": grey(each).astype(np.uint8) for name, each in loaded.items() if each.ndim == 3}
    return loaded | in_grey


def main() -> None:
    """Measure and print, or fit the weights anew."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fit", action="store_true", help="print the weights of inrr_cli/masking/scratches.py")
    if parser.parse_args().fit:
        for features, truth, weights in training_set(list(pictures_of(CHOSEN_ON).values()), FIT_SEEDS):
            print(tuple(fit(features, truth, weights)), f"{len(truth):,} candidates, {truth.sum():,} true", flush=True)
        return
    for title, names in (("Chosen on", CHOSEN_ON), ("Checked on", CHECKED_ON)):
        print(f"\n{title}:\n")
        print(
            "| picture | damaged | found | clear found | long found | specks found | false | away from damage | doubt "
            "| undamaged: found | doubt |"
        )
        print("|---" * 11 + "|")
        rows = {name: measure(name, picture, SEEDS) for name, picture in pictures_of(names).items()}
        for name, row in (rows | {"**mean**": np.mean(list(rows.values()), axis=0)}).items():
            cells = [f"{value:.{digits}%}" for value, digits in zip(row, (2, 0, 0, 0, 0, 2, 2, 0, 2, 0), strict=True)]
            print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
