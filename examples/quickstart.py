"""Damage a photograph, restore it and enlarge a part of it, from Python.

    python examples/quickstart.py [FOLDER]

The program writes damaged.png, restored.png and enlarged.png to FOLDER (the current folder by default).
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.data import camera

from inrr_cli import inpaint, make_mask, psnr, superres


def main(folder: Path) -> None:
    """Run the program."""
    photo = np.asarray(Image.fromarray(camera()).resize((128, 128)))
    mask = make_mask(photo.shape, "random", rate=0.4, seed=1)  # True where a pixel is missing
    damaged = np.where(mask, 0, photo).astype(np.uint8)

    restored = inpaint(damaged, mask)
    assert (restored[~mask] == photo[~mask]).all()
    print(f"missing pixels: {psnr(restored / 255, photo / 255, mask):.1f} dB")

    enlarged = superres(photo[:64, 32:96], 2.5)
    print(f"64 x 64 enlarged to {enlarged.shape[1]} x {enlarged.shape[0]}")

    for name, pixels in (("damaged", damaged), ("restored", restored), ("enlarged", enlarged)):
        Image.fromarray(pixels).save(folder / f"{name}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
