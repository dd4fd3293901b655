"""Run one cell of the paper with its full recipe, in several runs if need be, and write the curve of its PSNR.

    python examples/paper_cell.py --image baboon.png --mask textural_256.png --curve curve.csv --checkpoint state.pt

The 10,001 full-batch steps in float32 take hours on a processor, minutes on a GPU. Stop the program with Ctrl-C at any
time: the same command resumes from the checkpoint. Every ``--every`` steps the program adds a line to the curve, with
the PSNR of the network's own output (psnr_raw, as in the paper), of the missing pixels and of the known ones.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from inrr_cli import make_settings, psnr
from inrr_cli.engine import FitState
from inrr_cli.imaging.reading import read_picture
from inrr_cli.masking.from_file import read_mask
from inrr_cli.neural.checkpoint import Checkpoint
from inrr_cli.paper.snapshots import fit_recipe, fit_with_snapshots


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", type=Path, required=True)
    parser.add_argument("--mask", type=Path, required=True)
    parser.add_argument("--curve", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--reg", default="inrr")
    parser.add_argument("--every", type=int, default=50)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    image = read_picture(options.image).pixels
    missing, _ = read_mask(options.mask, image.shape[:2])
    truth = image / np.float32(255)
    settings = make_settings(net="siren", reg=options.reg, preset="paper", device=options.device)
    total = fit_recipe(settings).steps
    checkpoint = Checkpoint(options.checkpoint, f"{options.image.stem} {options.mask.stem} {options.reg}")
    done = 0 if checkpoint.state is None else int(checkpoint.state["steps"])
    lines = options.curve.read_text().splitlines()[1:] if options.curve.exists() else []
    kept = [line for line in lines if int(line.split(",")[0]) <= done]  # later ones come again
    options.curve.write_text("\n".join(["step,psnr_raw,psnr_missing,psnr_known", *kept]) + "\n")
    start = time.perf_counter()

    def write_line(state: FitState, _: object) -> None:
        prediction = state.image()
        numbers = [psnr(prediction, truth, where) for where in (None, missing, ~missing)]
        with options.curve.open("a") as file:
            file.write(f"{state.step},{','.join(f'{number:.3f}' for number in numbers if number is not None)}\n")
        print(
            f"step {state.step} of {state.total}: psnr_raw {numbers[0]:.2f} dB, {time.perf_counter() - start:.0f} s",
            flush=True,
        )

    steps = sorted({*range(options.every, total, options.every), total})
    try:
        fit_with_snapshots(image, missing, settings, steps, write_line, checkpoint=checkpoint)
    except KeyboardInterrupt:
        sys.exit("stopped; the same command resumes")


if __name__ == "__main__":
    main()
