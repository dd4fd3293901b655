"""Draw the curves that paper_cell.py wrote to PICTURE-MASK-REGULARISER.csv, and print a table of them.

    python examples/paper_curves.py examples/paper/curves

The plot is curves.png in the same folder, with a row for each picture.
"""

import argparse
import csv
from pathlib import Path

from matplotlib.figure import Figure

from inrr_cli.paper.report import markdown_table

MASKS = ("random", "patch", "textural")
COLOURS = {"none": "tab:orange", "inrr": "tab:blue"}
HEAD = [
    "picture",
    "mask",
    "regulariser",
    "steps",
    "missing, best",
    "at step",
    "missing, last",
    "known, last",
    "raw, best",
    "raw, last",
]


def read(path: Path) -> dict[str, list[float]]:
    """Return the columns of a curve by name."""
    with path.open() as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in rows[0]}


def line(name: tuple[str, str, str], curve: dict[str, list[float]]) -> list[str]:
    """Return the line of the table for a curve."""
    steps, missing, raw = curve["step"], curve["psnr_missing"], curve["psnr_raw"]
    best = max(missing)
    numbers = (missing[-1], curve["psnr_known"][-1], max(raw), raw[-1])
    best_step = f"{steps[missing.index(best)]:,.0f}"
    return [*name, f"{steps[-1]:,.0f}", f"{best:.2f}", best_step, *(f"{number:.2f}" for number in numbers)]


def draw(curves: dict[tuple[str, str, str], dict[str, list[float]]], path: Path) -> None:
    """Draw a panel for each picture and mask: the PSNR of missing pixels and, dotted, of known ones."""
    pictures = sorted({picture for picture, _, _ in curves})
    figure = Figure(figsize=(12, 4 * len(pictures)), layout="constrained")
    for row, picture in zip(
        figure.subplots(len(pictures), len(MASKS), sharex=True, squeeze=False), pictures, strict=True
    ):
        for panel, mask in zip(row, MASKS, strict=True):
            for reg, colour in COLOURS.items():
                if curve := curves.get((picture, mask, reg)):
                    panel.plot(curve["step"], curve["psnr_missing"], color=colour, label=f"{reg}: missing pixels")
                    panel.plot(curve["step"], curve["psnr_known"], ":", color=colour, label=f"{reg}: known pixels")
            panel.set(title=f"{picture}, {mask}", xlabel="step", xscale="log")
            panel.grid(alpha=0.3)
            panel.legend(fontsize="small")
        row[0].set_ylabel("PSNR, dB")
    figure.savefig(path, dpi=110)


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of the curves")
    folder = parser.parse_args().folder
    pictures = sorted({path.stem.rsplit("-", 2)[0] for path in folder.glob("*-*-*.csv")})
    names = [(picture, mask, reg) for picture in pictures for mask in MASKS for reg in COLOURS]
    paths = {name: folder / f"{'-'.join(name)}.csv" for name in names}
    curves = {name: read(path) for name, path in paths.items() if path.exists()}
    if not curves:
        parser.error(f"{folder} has no curve, such as baboon-{MASKS[0]}-none.csv")
    draw(curves, folder / "curves.png")
    print(markdown_table(HEAD, [line(name, curve) for name, curve in curves.items()]))


if __name__ == "__main__":
    main()
