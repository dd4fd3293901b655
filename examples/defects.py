"""How many lost lines and dead pixels are found in pictures of scikit-image, and how many that are none.

    python examples/defects.py

Into each picture, and into a made height map of a scanning microscope, go three times eight rows that are constant,
shifted, saturated or noise, and 200 pixels at the lowest or the highest value. Prints a Markdown table. "Undamaged" is
what is named in the picture as it is, all channels.
"""

import numpy as np
from scipy.ndimage import gaussian_filter
from skimage import data

from inrr_cli.masking.defects import dead_pixels, lost_lines

PHOTOGRAPHS = (
    "astronaut", "brick", "camera", "cat", "cell", "clock", "coffee", "coins", "grass", "gravel", "hubble_deep_field",
    "immunohistochemistry", "moon", "page", "retina", "rocket", "text",
)  # fmt: skip
TURNS, ROWS, PIXELS = 3, 8, 200
VISIBLE = 0.15  # of the range: a dead pixel less far from its true value is none that anyone sees


def height_map(rng: np.random.Generator) -> np.ndarray:
    """Return smooth hills with noise and rows that drift, (256, 256, 1) float32."""
    hills = gaussian_filter(rng.normal(size=(256, 256)), 6) * 30
    drift = np.cumsum(rng.normal(0, 0.02, 256))
    return (hills + drift[:, None] + rng.normal(0, 0.05, hills.shape)).astype(np.float32)[..., None]


def lose_rows(picture: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, set[int]]:
    """Spoil ROWS rows of (M, N, 1); return the picture and their numbers."""
    spoiled, deviation = picture.astype(float), picture.std()
    rows = rng.choice(np.arange(3, len(picture) - 3), ROWS, replace=False)
    for number, row in enumerate(sorted(rows)):
        shifted = spoiled[row] + 2 * deviation * rng.choice((-1, 1))
        noise = rng.normal(picture.mean(), deviation, spoiled[row].shape)
        spoiled[row] = (spoiled[row, 0], shifted, picture.max(), noise)[number % 4]
    if picture.dtype == np.uint8:
        spoiled = spoiled.clip(0, 255)
    return spoiled.astype(picture.dtype), set(rows.tolist())


def kill_pixels(picture: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spoil PIXELS pixels of (M, N, 1); return the picture, where that is, and where it is seen."""
    where = np.zeros(picture.shape[:2], bool)
    where[rng.integers(1, len(picture) - 1, PIXELS), rng.integers(1, picture.shape[1] - 1, PIXELS)] = True
    spoiled = picture.copy()
    spoiled[where] = np.where(rng.random((where.sum(), 1)) < 0.5, picture.min(), picture.max())
    change = np.abs(spoiled.astype(float) - picture)[..., 0]
    return spoiled, where, where & (change > VISIBLE * np.ptp(picture.astype(float)))


def main() -> None:
    """Measure and print."""
    rng = np.random.default_rng(0)
    pictures = {name: np.atleast_3d(getattr(data, name)())[..., :3] for name in PHOTOGRAPHS}
    pictures["height map"] = height_map(rng)
    print("| picture | lost rows found | others named | undamaged | dead pixels found | others named | undamaged |")
    print("|---|---|---|---|---|---|---|")
    for name, picture in pictures.items():
        one = picture[..., :1]
        hits = others = 0
        for _ in range(TURNS):
            spoiled, rows = lose_rows(one, rng)
            missing, _ = lost_lines(spoiled)
            found = set(np.flatnonzero(missing.all(1)).tolist())
            hits += len(found & rows)
            others += len(found - rows) + int(missing.all(0).sum())
        clean, _ = lost_lines(picture)
        spoiled, where, seen = kill_pixels(one, rng)
        dead = dead_pixels(spoiled)
        print(
            f"| {name} | {hits} of {TURNS * ROWS} | {others} | {int(clean.all(1).sum() + clean.all(0).sum())} "
            f"| {dead[seen].mean():.1%} | {(dead & ~where).sum()} | {dead_pixels(picture).mean():.3%} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
