"""Fill scratches in one huge image, and measure the memory, the time and what becomes of tile borders.

    python examples/huge.py FOLDER --side 20000
    python examples/huge.py FOLDER --side 100000 --repeat 8192 --scratches 8 --borders 10

Makes a tiled TIFF of --side x --side pixels of 8 bits (a photograph of scikit-image, repeated, bent, with shading
and noise) and a mask of scratches, both by window, in FOLDER. Fills it with `inrr inpaint --tile`, and prints the peak
memory of that process, the seconds, and the largest difference beside tile borders from a crop of the image that is
filled in memory. The crop at the border with the largest hole is drawn as border.png. Files that are there are used
again; the result is made anew.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image, ImageDraw
from skimage.data import camera

from inrr_cli.imaging.windows.opening import open_windows
from inrr_cli.inpainting.image import run_inpainting
from inrr_cli.inpainting.tiles import MARGIN
from inrr_cli.settings import make_settings

BLOCK = 512  # rows and columns of the TIFF's tiles
PART = 0.001  # of the pixels under scratches
WIDTH = 4  # pixels, of a scratch in the mean
ZOOM = 4  # of the picture of a border

Line = tuple[float, float, float, float, int]


def picture(top: int, left: int) -> np.ndarray:
    """Return a block (BLOCK, BLOCK) of the image: a photograph seen through water, under uneven light, with noise."""
    photo = camera()
    rows, columns = np.mgrid[top : top + BLOCK, left : left + BLOCK].astype(np.float64)
    bent = rows + 40 * np.sin(columns / 491), columns + 40 * np.sin(rows / 577)
    size = np.array(photo.shape)[:, None, None]
    places = np.abs((np.array(bent) / 1.7) % (2 * size) - size).astype(int).clip(0, size - 1)  # mirrored, not cut
    light = 0.8 + 0.1 * np.sin(rows / 3001) + 0.1 * np.cos(columns / 2003)
    noise = np.random.default_rng((top, left)).normal(0, 2, rows.shape)
    return (photo[places[0], places[1]] * light + noise).round().clip(0, 255).astype(np.uint8)


def make_scratches(side: int, count: int | None) -> list[Line]:
    """Return lines of 300 to 2000 pixels, as many as were asked for or as cover PART of the pixels."""
    rng = np.random.default_rng(0)
    lines, covered = [], 0.0
    while len(lines) < count if count is not None else covered < PART * side**2:
        x, y, angle = rng.uniform(0, side), rng.uniform(0, side), rng.uniform(0, 2 * np.pi)
        length, width = rng.uniform(300, 2000), int(rng.integers(WIDTH - 1, WIDTH + 2))
        lines.append((x, y, x + length * np.cos(angle), y + length * np.sin(angle), width))
        covered += length * width
    return lines


def scratched(lines: list[Line], top: int, left: int) -> np.ndarray:
    """Return a block (BLOCK, BLOCK) of the mask."""
    block = Image.new("L", (BLOCK, BLOCK))
    for x, y, to_x, to_y, width in lines:
        inside = max(x, to_x) > left - 9 and min(x, to_x) < left + BLOCK + 9
        if inside and max(y, to_y) > top - 9 and min(y, to_y) < top + BLOCK + 9:
            ImageDraw.Draw(block).line([(x - left, y - top), (to_x - left, to_y - top)], fill=255, width=width)
    return np.asarray(block)


def packed(block: np.ndarray) -> bytes:
    """Return a block as a TIFF holds it: differences along rows, deflated."""
    return bytes(imagecodecs.zlib_encode(imagecodecs.delta_encode(block, axis=-1), level=6))


def write(path: Path, side: int, block: Callable[[int, int], bytes]) -> None:
    """Write a tiled TIFF with deflate compression, tile by tile, unless it is there."""
    if path.exists():
        return

    def blocks() -> Iterator[bytes]:
        for top in range(0, side, BLOCK):
            for left in range(0, side, BLOCK):
                yield block(top, left)

    options = {"tile": (BLOCK, BLOCK), "compression": "zlib", "predictor": True, "bigtiff": side**2 > 2**31}
    tifffile.imwrite(path, blocks(), shape=(side, side), dtype=np.uint8, metadata=None, **options)


def fill(folder: Path, tile: int) -> dict:
    """Run the command; return its record, with the seconds and the peak memory in MB of its process."""
    start = time.perf_counter()
    command = ["inpaint", "image.tif", "--mask", "mask.tif", "--tile", str(tile), "-o", "filled.tif", "--force"]
    command += ["--sidecar", "record.json"]
    process = subprocess.Popen([sys.executable, "-m", "inrr_cli", *command], cwd=folder)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"inrr failed with status {status}")
    record = json.loads((folder / "record.json").read_text())
    return record | {"wall": time.perf_counter() - start, "peak": usage.ru_maxrss / 1e3}


def find_borders(folder: Path, tile: int, count: int) -> list[tuple[int, int, int]]:
    """Return tile borders with missing pixels beside them: the row and the column of the right tile, and how many."""
    mask = open_windows(folder / "mask.tif")
    side, found = mask.shape[0], []
    inside = side - 2 * tile + 1  # crops of two tiles to either side of a border lie in the image
    spans = [(top, left) for top in range(tile, inside, tile) for left in range(2 * tile, inside, tile)]
    np.random.default_rng(1).shuffle(spans)
    for top, left in spans:
        rows = slice(top + MARGIN, top + tile - MARGIN)
        missing = int((mask.samples.read(rows, slice(left - MARGIN, left + MARGIN)) > 0).sum())
        if missing:
            found.append((top, left, missing))
        if len(found) == count:
            break
    return found


def compare(folder: Path, tile: int, borders: list[tuple[int, int, int]]) -> tuple[int, int]:
    """Return the largest difference from crops filled in memory, and the number of filled samples compared."""
    image, mask, filled = (open_windows(folder / name).samples for name in ("image.tif", "mask.tif", "filled.tif"))
    worst, samples = 0, 0
    for top, left, _ in borders:  # a tile more on every side, so that the tiles beside the border are not cut
        rows, columns = slice(top - tile, top + 2 * tile), slice(left - 2 * tile, left + 2 * tile)
        missing = mask.read(rows, columns) > 0
        result = run_inpainting(image.read(rows, columns), missing, make_settings(tile=tile)).image
        near = np.s_[tile + MARGIN : 2 * tile - MARGIN, 2 * tile - MARGIN : 2 * tile + MARGIN]
        difference = np.abs(filled.read(rows, columns)[near].astype(int) - result[near])
        worst, samples = max(worst, int(difference.max())), samples + int(missing[near].sum())
    return worst, samples


def draw(folder: Path, tile: int, border: tuple[int, int, int]) -> None:
    """Draw the image and the result beside a tile border, enlarged, the border marked above and below."""
    top, left, _ = border
    rows, columns = slice(top + MARGIN, top + tile - MARGIN), slice(left - MARGIN, left + MARGIN)
    mask = open_windows(folder / "mask.tif").samples.read(rows, columns) > 0
    middle = int(np.median(np.nonzero(mask)[0]))
    part = slice(max(0, middle - MARGIN), max(0, middle - MARGIN) + 2 * MARGIN)
    views = []
    for name in ("image.tif", "filled.tif"):
        view = open_windows(folder / name).samples.read(rows, columns)[part]
        views.append(np.where(mask[part], 255, view).astype(np.uint8) if name == "image.tif" else view)
    for view in views:
        view[[0, 1, -2, -1], MARGIN] = 0
    joined = Image.fromarray(np.concatenate(views, 1))
    joined.resize((joined.width * ZOOM, joined.height * ZOOM), Image.Resampling.NEAREST).save(folder / "border.png")


def main() -> None:
    """Make the image, fill it, measure, and print a row of a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--side", type=int, default=20_000, help="rows and columns of the image")
    parser.add_argument("--tile", type=int, default=512)
    parser.add_argument("--scratches", type=int, help="number of scratches; by default 0.1 %% of the pixels")
    parser.add_argument("--repeat", type=int, default=2**15, help="rows and columns after which the image repeats")
    parser.add_argument("--borders", type=int, default=50, help="tile borders to compare")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    lines = make_scratches(asked.side, asked.scratches)
    repeat = asked.repeat // BLOCK * BLOCK
    made = cache(lambda top, left: packed(picture(top, left)))
    write(asked.folder / "image.tif", asked.side, lambda top, left: made(top % repeat, left % repeat))
    write(asked.folder / "mask.tif", asked.side, lambda top, left: packed(scratched(lines, top, left)))
    record = fill(asked.folder, asked.tile)
    borders = find_borders(asked.folder, asked.tile, asked.borders)
    if not borders:
        sys.exit("no tile border has missing pixels beside it; give a larger --side or more --scratches")
    worst, samples = compare(asked.folder, asked.tile, borders)
    draw(asked.folder, asked.tile, max(borders, key=lambda border: border[2]))
    print(
        f"| {asked.side:,} x {asked.side:,} | {record['missing_pixels']:,} | {record['peak']:,.0f} "
        f"| {record['wall']:,.0f} | {worst} ({len(borders)} borders, {samples:,} samples) |"
    )


if __name__ == "__main__":
    main()
