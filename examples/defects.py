"""How many lost lines, scars and dead pixels are found in pictures of scikit-image, and how many that are none.

    python examples/defects.py

Into each picture, into made fields and into white noise go three times eight rows that are constant, shifted,
saturated or noise, three times eight scars, which are parts of rows that jump by half the range of the picture or by a
tenth, and 200 pixels at the lowest or the highest value. Prints a Markdown table. "Undamaged" is what is named in the
picture as it is, all channels.
"""

import numpy as np
from scipy.ndimage import gaussian_filter
from skimage import data

from inrr_cli.masking.defects import dead_pixels, lost_lines
from inrr_cli.masking.scars import find_scars

PHOTOGRAPHS = (
    "astronaut", "brick", "camera", "cat", "cell", "clock", "coffee", "coins", "grass", "gravel", "hubble_deep_field",
    "immunohistochemistry", "moon", "page", "retina", "rocket", "text",
)  # fmt: skip
TURNS, ROWS, SCARS, PIXELS = 3, 8, 8, 200
JUMPS = (0.5, 0.1)  # of a scar, over the range of the picture
VISIBLE = 0.15  # of the range: a dead pixel less far from its true value is none that anyone sees


def height_map(rng: np.random.Generator) -> np.ndarray:
    """Return smooth hills with noise and rows that drift, (256, 256, 1) float32."""
    hills = gaussian_filter(rng.normal(size=(256, 256)), 6) * 30
    drift = np.cumsum(rng.normal(0, 0.02, 256))
    return (hills + drift[:, None] + rng.normal(0, 0.05, hills.shape)).astype(np.float32)[..., None]


def made_pictures(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return a height map, smooth fields, and white noise, (M, N, 1) float32 each."""
    made = {"height map": height_map(rng)}
    for scale in (2, 8):
        made[f"field, scale {scale}"] = gaussian_filter(rng.normal(size=(256, 256, 1)), (scale, scale, 0))
    for size in (32, 64, 256):
        made[f"white noise, {size} x {size}"] = rng.normal(size=(size, size, 1))
    return {name: picture.astype(np.float32) for name, picture in made.items()}


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


def scar(picture: np.ndarray, jump: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Scar (M, N, 1) SCARS times, one or two rows high and 20 to 60 long; return the picture, and where that is.

    Where the picture is near its highest value the scar goes down, so that clipping hides none.
    """
    scarred, where = picture.astype(float), np.zeros(picture.shape, bool)
    size = jump * np.ptp(scarred)
    middle = (scarred.max() + scarred.min()) / 2
    rows = np.arange(4, len(picture) - 6, 8)
    for number, row in enumerate(rng.choice(rows, min(SCARS, len(rows)), replace=False)):
        start = rng.integers(0, max(1, picture.shape[1] - 60))
        part = np.s_[row : row + 1 + number % 2, start : start + rng.integers(20, 61)]
        scarred[part] += size if scarred[part].mean() < middle else -size
        where[part] = True
    return scarred.astype(picture.dtype), where


def kill_pixels(picture: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spoil PIXELS pixels of (M, N, 1); return the picture, where that is, and where it is seen."""
    where = np.zeros(picture.shape[:2], bool)
    where[rng.integers(1, len(picture) - 1, PIXELS), rng.integers(1, picture.shape[1] - 1, PIXELS)] = True
    spoiled = picture.copy()
    spoiled[where] = np.where(rng.random((where.sum(), 1)) < 0.5, picture.min(), picture.max())
    change = np.abs(spoiled.astype(float) - picture)[..., 0]
    return spoiled, where, where & (change > VISIBLE * np.ptp(picture.astype(float)))


def measure_rows(picture: np.ndarray, rng: np.random.Generator) -> str:
    """Return the cells on lost rows: found, others named."""
    hits = others = 0
    for _ in range(TURNS):
        spoiled, rows = lose_rows(picture, rng)
        missing = lost_lines(spoiled)[0][..., 0]
        found = set(np.flatnonzero(missing.all(1)).tolist())
        hits += len(found & rows)
        others += len(found - rows) + int(missing.all(0).sum())
    return f"{hits} of {TURNS * ROWS} | {others}"


def measure_scars(picture: np.ndarray, rng: np.random.Generator) -> str:
    """Return the cells on scars: the share of their samples that is found for each jump, and other samples named."""
    shares, others = [], 0.0
    for jump in JUMPS:
        damaged = [scar(picture, jump, rng) for _ in range(TURNS)]
        pairs = [(all_lines(scarred), where) for scarred, where in damaged]
        shares.append(np.mean([found[where].mean() for found, where in pairs]))
        others = max(others, float(np.mean([(found & ~where).mean() for found, where in pairs])))
    return f"{' | '.join(f'{share:.0%}' for share in shares)} | {others:.3%}"


def all_lines(picture: np.ndarray) -> np.ndarray:
    """Return what `--mask lines` finds."""
    lost, _ = lost_lines(picture)
    return lost | find_scars(picture, lost)


def measure_pixels(picture: np.ndarray, rng: np.random.Generator) -> str:
    """Return the cells on dead pixels: found, others named."""
    spoiled, where, seen = kill_pixels(picture, rng)
    dead = dead_pixels(spoiled)[..., 0]
    return f"{dead[seen].mean():.1%} | {(dead & ~where).sum()}"


def main() -> None:
    """Measure and print."""
    rng = np.random.default_rng(0)
    pictures = {name: np.atleast_3d(getattr(data, name)())[..., :3] for name in PHOTOGRAPHS} | made_pictures(rng)
    print(
        "| picture | lost rows found | others named | scars of half the range found | of a tenth | others named "
        "| undamaged: lines | scars | dead pixels found | others named | undamaged |"
    )
    print("|---" * 11 + "|")
    for name, picture in pictures.items():
        one = picture[..., :1]
        lost = lost_lines(picture)[0]
        lines = int(lost.all(1).any(1).sum() + lost.all(0).any(1).sum())
        cells = [
            measure_rows(one, rng),
            measure_scars(one, rng),
            str(lines),
            f"{find_scars(picture, lost).mean():.3%}",
            measure_pixels(one, rng),
            f"{dead_pixels(picture).mean():.3%}",
        ]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
