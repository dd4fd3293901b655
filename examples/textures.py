"""Fill large holes so that they look right: pictures, numbers and a blind test, against OpenCV and G'MIC.

    pip install ".[compare]"   # which has OpenCV
    apt install gmic           # for the column G'MIC; a method that is not there is left out
    python examples/textures.py --out gallery.png
    python examples/textures.py --images grass brick --methods expected texture --pairs FOLDER

Fills the holes of examples/texture_cases.py. Prints two Markdown tables: for each hole and method, how the inside of
the hole compares with a ring around it (`texture_ratio` and so on in inrr_cli/metrics.py) and seconds; then, how often
each method met the targets, and how often inrr's texture, and the truth, were better than each. Better is a smaller
score, the sum of how far the four measures are off: |ln texture_ratio| + |ln gradient_ratio| + |ln seam_ratio| +
max(0, ln patch_ratio), as a blurred seam is seen like a sharp one. The truth's own score is not 0, and some fills have
a smaller one: what lies around a hole is not always like what was in it.
"""

import argparse
import csv
import json
import math
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from texture_cases import PICTURES, Case, cases

from inrr_cli import inpaint
from inrr_cli.metrics import texture_measures

try:
    import cv2
except ImportError:  # the other columns need nothing of it
    cv2 = None

LIKE_THE_REST = (0.75, 1.3)  # texture_ratio and gradient_ratio
PATCHES, SEAM = 1.3, 1.15  # patch_ratio and seam_ratio, at most
TILE, GAP, LINE, LEFT = 192, 6, 17, 120  # pixels of a tile's side, between tiles, of a line of text, for the names
AROUND = 32  # pixels shown around a hole
SEED = 0  # of methods that draw by chance


@dataclass(frozen=True)
class Outcome:
    """What one method made of one hole: the measures and the seconds."""

    picture: str
    hole: str
    method: str
    texture: float
    gradient: float
    patch: float
    seam: float
    seconds: float

    @property
    def score(self) -> float:
        """How far from the rest it looks, 0 or more; see the head of this program."""
        ratios = (self.texture, self.gradient, self.seam)
        return math.log(max(1, self.patch)) + sum(abs(math.log(ratio)) if ratio else math.inf for ratio in ratios)

    @property
    def met(self) -> tuple[bool, bool, bool, bool]:
        """Which of the four targets it met."""
        low, high = LIKE_THE_REST
        texture, gradient = (low <= ratio <= high for ratio in (self.texture, self.gradient))
        return texture, gradient, self.patch <= PATCHES, self.seam <= SEAM


def expected(case: Case) -> np.ndarray:
    """Fill with the expected value, inrr's default."""
    return inpaint(case.damaged, case.made)


def texture(case: Case) -> np.ndarray:
    """Fill with texture, inrr's --fill texture."""
    return inpaint(case.damaged, case.made, fill="texture")


def telea(case: Case) -> np.ndarray:
    """Fill by OpenCV's fast marching, radius 5 pixels."""
    return cv2.inpaint(case.damaged, case.made.astype(np.uint8), 5, cv2.INPAINT_TELEA)


def shiftmap(case: Case) -> np.ndarray:
    """Fill by OpenCV's shift maps, in Lab as its page asks; non-zero in the mask is known."""
    cv2.setRNGSeed(SEED)
    colour = case.truth.ndim == 3
    damaged = cv2.cvtColor(case.damaged, cv2.COLOR_RGB2Lab) if colour else case.damaged
    filled = np.zeros_like(damaged)
    cv2.xphoto.inpaint(damaged, 255 * (~case.made).astype(np.uint8), filled, cv2.xphoto.INPAINT_SHIFTMAP)
    if colour:
        filled = cv2.cvtColor(filled, cv2.COLOR_Lab2RGB)
    return np.where(case.made[..., None] if colour else case.made, filled, case.truth)  # 8-bit Lab changes known pixels


def gmic(case: Case) -> np.ndarray:
    """Fill by G'MIC's inpainting by matching patches, with its defaults."""
    with tempfile.TemporaryDirectory() as folder:
        damaged, mask, filled = (str(Path(folder, name)) for name in ("damaged.png", "mask.png", "filled.png"))
        Image.fromarray(case.damaged).save(damaged)
        Image.fromarray(case.made).convert("L").save(mask)
        verbs = ["-srand", str(SEED), "-inpaint_matchpatch[0]", "[1]", "-keep[0]", "-round", "-output", filled]
        subprocess.run(["gmic", damaged, mask, *verbs], check=True, capture_output=True, stdin=subprocess.DEVNULL)
        return np.asarray(Image.open(filled))


def truth(case: Case) -> np.ndarray:
    """Return the picture before it was damaged."""
    return case.truth


METHODS: dict[str, tuple[str, Callable[[Case], np.ndarray], bool]] = {  # name: its title, the function, is it here
    "expected": ("expected", expected, True),
    "texture": ("texture", texture, True),
    "telea": ("OpenCV Telea", telea, cv2 is not None),
    "shiftmap": ("OpenCV SHIFTMAP", shiftmap, hasattr(cv2, "xphoto")),
    "gmic": ("G'MIC", gmic, shutil.which("gmic") is not None),
    "truth": ("truth", truth, True),
}


def measure(case: Case, method: str, filled: np.ndarray, seconds: float) -> Outcome:
    """Compare the inside of the hole with its surroundings."""
    return Outcome(case.picture, case.hole, method, *texture_measures(filled / 255, case.made).values(), seconds)


def run(case: Case, methods: list[str]) -> tuple[dict[str, np.ndarray], list[Outcome]]:
    """Fill one hole with each method, print the lines of the table, and return the pictures and the outcomes."""
    fills, outcomes = {}, []
    for method in methods:
        start = time.perf_counter()
        fills[method] = METHODS[method][1](case)
        outcome = measure(case, method, fills[method], time.perf_counter() - start)
        outcomes.append(outcome)
        numbers = (outcome.texture, outcome.gradient, outcome.patch, outcome.seam)
        cells = [
            f"{number:.2f}" if ok else f"**{number:.2f}**" for number, ok in zip(numbers, outcome.met, strict=True)
        ]
        seconds = "" if method == "truth" else f"{outcome.seconds:.1f}"
        cells = [case.picture, case.hole, METHODS[method][0], *cells, f"{outcome.score:.2f}", seconds]
        print(f"| {' | '.join(cells)} |", flush=True)
    return fills, outcomes


def summarise(outcomes: list[Outcome], methods: list[str]) -> None:
    """Print how often each method met the targets, and how often texture and truth were better."""
    print("\n| method | all targets | texture | gradient | patches | seam | median score | median s "
          "| inrr's texture is better | the truth is better |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|")
    scores = {method: [outcome.score for outcome in outcomes if outcome.method == method] for method in methods}
    for method in methods:
        own = [outcome for outcome in outcomes if outcome.method == method]
        met = np.array([outcome.met for outcome in own])
        cells = [
            METHODS[method][0], f"{met.all(1).sum()} of {len(own)}", *map(str, met.sum(0)),
            f"{np.median(scores[method]):.2f}",
            "" if method == "truth" else f"{np.median([outcome.seconds for outcome in own]):.1f}",
        ]  # fmt: skip
        for rival in ("texture", "truth"):
            better = sum(one < other for one, other in zip(scores.get(rival, []), scores[method], strict=False))
            cells.append("" if rival == method or rival not in scores else f"on {better} of {len(own)}")
        print(f"| {' | '.join(cells)} |")


def around(case: Case) -> tuple[slice, slice]:
    """Return the rows and columns of a box around the hole."""
    box = []
    for axis in (1, 0):
        places = np.flatnonzero(case.made.any(axis))
        box.append(slice(max(0, places[0] - AROUND), places[-1] + AROUND + 1))
    return box[0], box[1]


def compose(rows: list[tuple[Case, dict[str, np.ndarray]]], methods: list[str]) -> Image.Image:
    """Lay out a row for each hole: damaged, the fills, and the titles on top."""
    width, height = LEFT + (len(methods) + 1) * (TILE + GAP), LINE + GAP + len(rows) * (TILE + GAP)
    page = Image.new("RGB", (width, height), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(12)
    for column, title in enumerate(["damaged", *(METHODS[method][0] for method in methods)]):
        draw.text((LEFT + column * (TILE + GAP) + TILE / 2, LINE / 2 + 2), title, "black", font, anchor="mm")
    for row, (case, fills) in enumerate(rows):
        top = LINE + GAP + row * (TILE + GAP)
        name = f"{case.picture}\n{case.hole}".replace("histo", "-\nhisto")  # immunohistochemistry needs two lines
        draw.text((LEFT / 2, top + TILE / 2), name, "black", font, anchor="mm", align="center")
        for column, pixels in enumerate([case.damaged, *(fills[method] for method in methods)]):
            tile = Image.fromarray(pixels[around(case)]).convert("RGB")
            scale = TILE / max(tile.size)
            tile = tile.resize((round(tile.width * scale), round(tile.height * scale)), Image.Resampling.LANCZOS)
            left = LEFT + column * (TILE + GAP)
            page.paste(tile, (left + (TILE - tile.width) // 2, top + (TILE - tile.height) // 2))
    return page


def write_pairs(rows: list[tuple[Case, dict[str, np.ndarray]]], folder: Path, seed: int) -> None:
    """Write truth and texture of each hole side by side, enlarged, in random order; key.csv says which is which."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    with (folder / "key.csv").open("w", newline="") as file:
        key = csv.writer(file)
        key.writerow(["pair", "picture", "hole", "made up"])
        for number, index in enumerate(rng.permutation(len(rows)), 1):
            case, fills = rows[index]
            side = int(rng.integers(2))
            both = [case.truth[around(case)], fills["texture"][around(case)]]
            gap = np.full((both[0].shape[0], 8, *both[0].shape[2:]), 255, np.uint8)
            pair = np.hstack([both[1 - side], gap, both[side]])  # side: that of the texture, 0 is left
            Image.fromarray(pair.repeat(2, 0).repeat(2, 1)).save(folder / f"pair_{number:02}.png")
            key.writerow([number, case.picture, case.hole, ("left", "right")[side]])


def main() -> None:
    """Parse the options, fill, print, and write."""
    here = [name for name, (_, _, available) in METHODS.items() if available]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", nargs="+", choices=PICTURES, default=list(PICTURES))
    parser.add_argument("--holes", nargs="+", choices=["rectangle", "blob", "band", "person"], help="all by default")
    parser.add_argument("--methods", nargs="+", choices=here, default=here)
    parser.add_argument("--out", type=Path, help="PNG file of the gallery")
    parser.add_argument("--pairs", type=Path, help="folder for a blind test: truth beside texture, and key.csv")
    parser.add_argument("--pairs-seed", type=int, default=0, help="of the order of the pairs")
    parser.add_argument("--fills", type=Path, help="folder for each fill as PNG, and measures.json")
    options = parser.parse_args()
    if options.pairs and "texture" not in options.methods:
        parser.error("--pairs needs the method texture")
    print("| picture | hole | method | texture | gradient | patches | seam | score | s |")
    print("|---|---|---|---|---|---|---|---|---|")
    rows, outcomes = [], []
    for case in cases(options.images):
        if options.holes is None or case.hole in options.holes:
            fills, found = run(case, options.methods)
            rows.append((case, fills))
            outcomes += found
    summarise(outcomes, options.methods)
    if options.out:
        compose(rows, options.methods).save(options.out, optimize=True)
    if options.pairs:
        write_pairs(rows, options.pairs, options.pairs_seed)
    if options.fills:
        options.fills.mkdir(parents=True, exist_ok=True)
        for case, fills in rows:
            for method, pixels in fills.items():
                Image.fromarray(pixels).save(options.fills / f"{case.name}_{method}.png")
        text = json.dumps([{**asdict(outcome), "score": outcome.score} for outcome in outcomes], indent=1)
        (options.fills / "measures.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
