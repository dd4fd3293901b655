"""Make the picture at the head of the README: damaged, restored and true, side by side.

    python examples/gallery.py [FILE]

Damages three photographs of scikit-image with text, scratches and missing pixels, reduces a fourth to a third of its
size, restores them with the defaults, and writes one PNG (examples/gallery.png by default). It takes about 15 seconds.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image, ImageDraw, ImageFont

from inrr_cli import inpaint, make_mask, psnr, superres

SIDE = 147  # pixels of a tile's side: a multiple of the scale 3, and twelve tiles stay below 400 kB
GAP, LINE, LEFT = 6, 17, 54  # pixels between tiles, of a line of text, and for the names of the rows
ROWS = ("input", "inrr", "truth")


@dataclass(frozen=True)
class Example:
    """One column: what was done, how well it was undone, and the three tiles (SIDE, SIDE[, 3]) uint8."""

    title: str
    result: str
    tiles: tuple[np.ndarray, np.ndarray, np.ndarray]


def photograph(name: str, factor: int, top: int, left: int) -> np.ndarray:
    """Reduce a photograph of scikit-image by a factor and cut a tile out of it."""
    image = Image.fromarray(getattr(skimage.data, name)())
    small = image.resize((image.width // factor, image.height // factor), Image.Resampling.LANCZOS)
    return np.asarray(small)[top : top + SIDE, left : left + SIDE]


def scratches(seed: int, count: int = 10) -> np.ndarray:
    """Draw thin, slightly bent scratches: (SIDE, SIDE) bool, True where a pixel is missing."""
    rng = np.random.default_rng(seed)
    mask = Image.new("1", (SIDE, SIDE))
    for _ in range(count):
        start, angle = rng.uniform(-20, SIDE + 20, 2), rng.uniform(0, np.pi)
        steps = np.linspace(-1, 1, 40)[:, None] * rng.uniform(40, 140)
        along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        path = start + steps * along + rng.uniform(-0.002, 0.002) * steps**2 * across
        ImageDraw.Draw(mask).line([tuple(point) for point in path], fill=1, width=int(rng.integers(1, 4)))
    return np.asarray(mask)


def inpainting(title: str, truth: np.ndarray, mask: np.ndarray, paint: int) -> Example:
    """Damage a photograph with a grey level, restore it, and check that the known pixels are untouched."""
    damaged = truth.copy()
    damaged[mask] = paint
    restored = inpaint(damaged, mask)
    assert (restored[~mask] == truth[~mask]).all()
    result = f"psnr_missing {psnr(restored / 255, truth / 255, mask):.1f} dB"
    return Example(f"{title}, {mask.mean():.0%}", result, (damaged, restored, truth))


def enlargement(truth: np.ndarray, scale: int) -> Example:
    """Reduce a photograph and enlarge it again; the input is shown as bicubic interpolation enlarges it."""
    small = np.asarray(Image.fromarray(truth).resize((SIDE // scale,) * 2, Image.Resampling.BICUBIC))
    bicubic = np.asarray(Image.fromarray(small).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    enlarged = superres(small, scale)
    before, after = (psnr(picture / 255, truth / 255) for picture in (bicubic, enlarged))
    return Example(f"x{scale} (input: bicubic)", f"{after:.1f} dB (bicubic {before:.1f})", (bicubic, enlarged, truth))


def compose(examples: list[Example]) -> Image.Image:
    """Lay the examples out as columns, with a title above and the result below each."""
    width, height = LEFT + len(examples) * (SIDE + GAP), 2 * LINE + len(ROWS) * (SIDE + GAP) + GAP
    page = Image.new("RGB", (width, height), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(12)
    for row, name in enumerate(ROWS):
        draw.text((LEFT - 2 * GAP, LINE + GAP + row * (SIDE + GAP) + SIDE / 2), name, "black", font, anchor="rm")
    for column, example in enumerate(examples):
        left = LEFT + column * (SIDE + GAP)
        draw.text((left + SIDE / 2, LINE / 2 + 2), example.title, "black", font, anchor="mm")
        draw.text((left + SIDE / 2, height - LINE / 2 - 1), example.result, "black", font, anchor="mm")
        for row, tile in enumerate(example.tiles):
            page.paste(Image.fromarray(tile).convert("RGB"), (left, LINE + GAP + row * (SIDE + GAP)))
    return page


def main(path: Path) -> None:
    """Restore, lay out, write."""
    astronaut, camera = photograph("astronaut", 2, 0, 42), photograph("camera", 2, 24, 62)
    coins, coffee = photograph("coins", 1, 20, 20), photograph("coffee", 2, 36, 76)
    examples = [
        inpainting("text", astronaut, make_mask((SIDE, SIDE), "textural", rate=0.15), 255),
        inpainting("scratches", camera, scratches(0), 255),
        inpainting("missing pixels", coins, make_mask((SIDE, SIDE), "random", rate=0.75), 0),
        enlargement(coffee, 3),
    ]
    compose(examples).save(path, optimize=True)
    for example in examples:
        print(f"{example.title}: {example.result}")
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("gallery.png"))
