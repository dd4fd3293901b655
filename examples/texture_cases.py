"""Cut large holes into pictures of scikit-image, for examples/textures.py.

    python examples/texture_cases.py FOLDER

Writes picture, hole (white = fill) and damaged picture of each case as PNG, so that other tools can fill the same
holes: eight pictures of at most 384 x 384, with three holes each.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image, ImageDraw

SIDE = 384  # pixels, of the largest picture


@dataclass(frozen=True)
class Case:
    """A picture and a hole in it.

    Attributes
    ----------
    picture : str
        Its name.
    hole : str
        What is removed, in words.
    truth : (M, N[, 3]) ndarray of uint8
    made : (M, N) ndarray of bool
        True where pixels are to be filled.
    """

    picture: str
    hole: str
    truth: np.ndarray
    made: np.ndarray

    @property
    def name(self) -> str:
        """Picture and hole in one word, for files."""
        return f"{self.picture}_{self.hole}"

    @property
    def damaged(self) -> np.ndarray:
        """The picture with white where the hole is; nobody fills with that by chance."""
        return np.where(self.made if self.truth.ndim == 2 else self.made[..., None], np.uint8(255), self.truth)


def crop(name: str, top: int, left: int) -> np.ndarray:
    """Cut at most SIDE x SIDE pixels out of a picture of scikit-image."""
    return np.ascontiguousarray(getattr(skimage.data, name)()[top : top + SIDE, left : left + SIDE])


def plaid() -> np.ndarray:
    """Weave a cloth of oblique coloured stripes, unevenly lit, with a grain: (SIDE, SIDE, 3) uint8."""
    rows, columns = np.indices((SIDE, SIDE))
    angle = np.deg2rad(17)
    along, across = rows * np.cos(angle) + columns * np.sin(angle), columns * np.cos(angle) - rows * np.sin(angle)
    colours = np.array([[0.75, 0.68, 0.5], [0.6, 0.15, 0.15], [0.12, 0.25, 0.42], [0.75, 0.68, 0.5], [0.2, 0.35, 0.2]])
    stripe = np.repeat(np.arange(5), (12, 5, 9, 4, 7))  # pixels' width of each; the pattern repeats after 37
    warp, weft = (colours[stripe[np.floor(at).astype(int) % len(stripe)]] for at in (along, across))
    over = (np.floor(along / 2) + np.floor(across / 2)) % 2
    light = 0.8 + 0.3 * columns / SIDE - 0.1 * rows / SIDE
    grain = 0.04 * np.random.default_rng(0).standard_normal((SIDE, SIDE))
    cloth = np.where(over[..., None] > 0, warp, weft) * light[..., None] + grain[..., None]
    return np.round(255 * cloth.clip(0, 1)).astype(np.uint8)


def rectangle(shape: tuple[int, ...], top: int, left: int, height: int, width: int) -> np.ndarray:
    """Return a hole with straight sides: (M, N) bool."""
    made = np.zeros(shape[:2], bool)
    made[top : top + height, left : left + width] = True
    return made


def blob(shape: tuple[int, ...], row: int, column: int, radius: int) -> np.ndarray:
    """Return a round hole with bays: (M, N) bool."""
    down, right = np.indices(shape[:2])
    angle = np.arctan2(down - row, right - column)
    bays = 1 + 0.16 * np.cos(3 * angle + 0.5 + row) + 0.08 * np.cos(7 * angle + column)
    return np.hypot(down - row, right - column) < radius * bays


def band(shape: tuple[int, ...], width: int, *points: tuple[int, int]) -> np.ndarray:
    """Return a hole along a bent line through points (row, column), with round ends: (M, N) bool."""
    picture = Image.new("1", (shape[1], shape[0]))
    draw = ImageDraw.Draw(picture)
    draw.line([(column, row) for row, column in points], fill=1, width=width, joint="curve")
    for row, column in (points[0], points[-1]):
        draw.circle((column, row), width / 2, fill=1)
    return np.asarray(picture)


def person(shape: tuple[int, ...], top: int, column: int, height: int) -> np.ndarray:
    """Return the outline of somebody who stands there: (M, N) bool."""
    picture = Image.new("1", (shape[1], shape[0]))
    draw = ImageDraw.Draw(picture)

    def at(across: float, down: float) -> tuple[float, float]:
        return column + across * height, top + down * height

    draw.ellipse((at(-0.1, 0), at(0.1, 0.22)), fill=1)
    body = [(-0.06, 0.2), (0.06, 0.2), (0.22, 0.28), (0.27, 0.58), (0.17, 0.6), (0.17, 1), (-0.16, 1), (-0.17, 0.6)]
    draw.polygon([at(*corner) for corner in (*body, (-0.28, 0.57), (-0.21, 0.28))], fill=1)
    return np.asarray(picture)


def cases(names: list[str] | None = None) -> Iterator[Case]:
    """Yield the 24 cases, or those of some pictures."""
    for name in names or PICTURES:
        load, holes = PICTURES[name]
        truth = load()
        for hole, (shape, *numbers) in holes.items():
            yield Case(name, hole, truth, shape(truth.shape, *numbers))


# Picture: how to get it; hole: its shape and place. Behind each hole is more of what is around it, or an edge that goes
# on through it: nobody can fill a hole over the only eye of a cat.
PICTURES = {
    "grass": (
        lambda: crop("grass", 64, 64),
        {"rectangle": (rectangle, 140, 130, 100, 110), "blob": (blob, 110, 260, 52), "person": (person, 170, 120, 170)},
    ),
    "gravel": (
        lambda: crop("gravel", 64, 64),
        {
            "rectangle": (rectangle, 120, 190, 100, 110),
            "blob": (blob, 270, 120, 52),
            "band": (band, 44, (60, 60), (110, 150), (100, 260), (180, 330)),
        },
    ),
    "brick": (
        lambda: crop("brick", 64, 64),
        {"rectangle": (rectangle, 150, 120, 100, 110), "blob": (blob, 110, 280, 50), "person": (person, 160, 130, 180)},
    ),
    "coffee": (
        lambda: crop("coffee", 16, 216),
        {
            "rectangle": (rectangle, 20, 262, 110, 100),  # wood
            "blob": (blob, 310, 300, 44),  # wood
            "band": (band, 42, (110, 340), (150, 262), (190, 215)),  # across the rim of the saucer
        },
    ),
    "chelsea": (
        lambda: crop("chelsea", 0, 0),
        {
            "rectangle": (rectangle, 6, 200, 78, 92),  # the forehead
            "blob": (blob, 165, 251, 34),  # between the eyes
            "band": (band, 42, (130, 60), (190, 85), (225, 150)),  # the cheek, with its stripes
        },
    ),
    "rocket": (
        lambda: crop("rocket", 43, 20),
        {
            "rectangle": (rectangle, 200, 250, 100, 100),  # the middle of the rocket
            "blob": (blob, 322, 220, 36),  # clouds above the horizon
            "band": (band, 40, (110, 8), (150, 52), (230, 100)),  # a tower before the sky
        },
    ),
    "immunohistochemistry": (
        lambda: crop("immunohistochemistry", 40, 0),
        {
            "rectangle": (rectangle, 40, 70, 100, 110),  # gland
            "blob": (blob, 300, 200, 46),  # between glands
            "band": (band, 44, (110, 290), (190, 250), (230, 150), (180, 60)),  # the border of a gland
        },
    ),
    "plaid": (
        plaid,
        {
            "rectangle": (rectangle, 130, 130, 100, 110),
            "blob": (blob, 100, 280, 54),
            "person": (person, 180, 120, 180),
        },
    ),
}


def main(folder: Path) -> None:
    """Write the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for case in cases():
        for what, pixels in (("truth", case.truth), ("mask", case.made), ("damaged", case.damaged)):
            Image.fromarray(pixels).save(folder / f"{case.name}_{what}.png")
        print(f"{case.name}: {case.made.sum():,} of {case.made.size:,} pixels")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
