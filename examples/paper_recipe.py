"""What each part of the fast recipe is worth to INRR: the fast preset, and the same with one thing changed.

    python examples/paper_recipe.py --images pictures --output examples/paper

Like ``inrr paper table1`` on level ground: a SIREN without a warm start, without a regulariser and with INRR. The
program writes recipe.csv and recipe.md; measured cells are kept in the folder cells, and the same command resumes.
"""

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from inrr_cli import make_settings, psnr, run_inpainting
from inrr_cli.cli.parsing import parse_seeds
from inrr_cli.paper.cells import run_cells
from inrr_cli.paper.experiment import Experiment, Key, Measurement, Report, Results, Setup
from inrr_cli.paper.inputs import mask_makers, read_images
from inrr_cli.paper.published import TABLE1_IMAGES
from inrr_cli.paper.report import markdown_table, result_rows, write_report

CHANGES = {
    "fast, 280 steps": {},
    "1,000 steps": {"steps": 1000},
    "a step sees a quarter of the pixels, not a sixteenth": {"spacing": 2},
    "no running mean of the weights": {"average": 0.0},
    "constant rates": {"decay": False},
    "Adam at 3e-3 for Muon": {"optimizer": "adam", "lr": 3e-3},
    "tiny networks learn at 3e-3, not 1.5e-2": {"lr_regularizer": 3e-3},
    "tiny networks learn at 5e-2": {"lr_regularizer": 5e-2},
}
MASKS = ("textural", "patch")


def keys(setup: Setup) -> list[Key]:
    """Return the keys of every change, on four pictures and two masks, without and with INRR."""
    images = setup.choose_images(*TABLE1_IMAGES)
    return setup.keys(image=images, mask=MASKS, change=range(len(CHANGES)), reg=("none", "inrr"))


def measure(setup: Setup, key: Key) -> Measurement:
    """Measure a fit with one thing changed."""
    image, missing = setup.images[key["image"]], setup.mask(key["mask"], key["image"])
    settings = make_settings(net="siren", reg=key["reg"], seed=key["seed"], device=setup.device, **setup.recipe)
    recipe = replace(settings.recipe, **list(CHANGES.values())[key["change"]])
    result = run_inpainting(image, missing, replace(settings, recipe=recipe))
    truth = image / np.float32(255)
    values = {"psnr_missing": psnr(result.image / np.float32(255), truth, missing), "psnr_known": result.psnr_known}
    return Measurement(values, {})


def report(results: Results) -> Report:
    """Report the PSNR without a regulariser and what INRR adds, for every change and mask."""
    lines = []
    for number, change in enumerate(CHANGES):
        cells = [change]
        for mask in MASKS:
            plain, inrr = (_values(results, mask=mask, change=number, reg=reg) for reg in ("none", "inrr"))
            gain = np.subtract(inrr, plain)
            cells += [f"{np.mean(plain):.2f}", f"{gain.mean():+.2f} ({gain.min():+.2f} to {gain.max():+.2f})"]
        lines.append(cells)
    head = ["recipe", *(title for mask in MASKS for title in (f"{mask}, none", "INRR adds"))]
    text = (
        "PSNR in dB of missing pixels: without a regulariser, and what INRR adds: mean over pictures and seeds, in "
        f"brackets the least and the most.\n\n{markdown_table(head, lines)}"
    )
    return Report(result_rows(results), text, {})


def _values(results: Results, **wanted: str | int) -> Sequence[float]:
    """Return the PSNR of missing pixels of the cells with these parts of the key."""
    return [m.values["psnr_missing"] for key, m in results if wanted.items() <= key.items()]


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, help="folder, as of inrr paper")
    parser.add_argument("--output", type=Path, default=Path("inrr-paper"))
    parser.add_argument("--seeds", default="0")
    options = parser.parse_args()
    recipe = {"preset": "fast", "warm_start": "none"}
    images, masks = read_images(options.images), mask_makers(options.images)
    setup = Setup(images, masks, recipe, parse_seeds(options.seeds), "cpu")
    experiment = Experiment("What each part of the recipe is worth to INRR", keys, measure, report)
    cells = experiment.cells(setup)
    results = run_cells("recipe", cells, options.output, lambda done, total: print(f"{done} of {total}", flush=True))
    command = shlex.join(["python", *sys.argv])
    write_report("recipe", command, experiment, experiment.report(results), options.output)


if __name__ == "__main__":
    main()
