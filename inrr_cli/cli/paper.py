"""``inrr paper``."""

from __future__ import annotations

import importlib.util
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from inrr_cli.cli import options
from inrr_cli.cli.console import note, say, verbosity
from inrr_cli.errors import InputError
from inrr_cli.imaging.writing import read_picture
from inrr_cli.masking.from_file import read_mask
from inrr_cli.masking.synthetic import Pattern, make_mask
from inrr_cli.methods import check_name
from inrr_cli.paper.catalogue import WHERE, load_experiment
from inrr_cli.paper.study import Setup, run, write_report
from inrr_cli.settings import DEVICES

PAPERS_PICTURES = ("baboon", "man", "barbara", "boats", "cameraman")
SIDE = 256


def paper(
    experiment: Annotated[str, typer.Argument(metavar="|".join(WHERE), help="Table or figure.")],
    images: Annotated[
        Path | None,
        typer.Option(
            "--images",
            metavar="FOLDER",
            show_default="scikit-image's",
            help="Pictures, taken as grey: baboon.png, man.png, barbara.png, boats.png and cameraman.png, or any "
            "others. Masks too, if it holds masks/random_256.png and the like, named by pattern and rows.",
        ),
    ] = None,
    preset: Annotated[str, options.choice("--preset", ("fast", "paper"), "Minutes, or the paper's recipe.")] = "fast",
    seeds: Annotated[str, typer.Option("--seeds", metavar="N,N,...", help="Seeds to average over.")] = "0",
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where results go; what it holds is not redone.")
    ] = Path("inrr-paper"),
    device: options.Device = "auto",
    quiet: options.Quiet = False,
) -> None:
    """Run an experiment of the INRR paper: a CSV file, a Markdown page beside the paper's numbers, and plots.

    [bold]inrr paper table1 --images pictures --output results[/bold]   twelve cells, six methods

    [bold]inrr paper fig3[/bold]   on photographs of scikit-image

    Every cell is kept in FOLDER/cells as soon as it is measured; the same command goes on after an interruption.
    """
    check_name("experiment", experiment, WHERE)
    check_name("preset", preset, dict.fromkeys(("fast", "paper")))
    check_name("device", device, dict.fromkeys(DEVICES))
    if importlib.util.find_spec("matplotlib") is None:
        raise InputError("the plots need matplotlib: pip install 'inrr-cli[paper]'")
    if output.exists() and not output.is_dir():
        raise InputError(f"{output}: is a file; give a folder")
    setup = Setup(_pictures(images), _masks(images), preset, _numbers(seeds), device)
    chosen = load_experiment(experiment)
    cells = chosen.cells(setup)
    note(f"{chosen.title}: {len(cells)} cells, into {output}")
    with _progress() as done:
        results = run(experiment, cells, output, done)
    report = chosen.report(setup, results)
    command = shlex.join(["inrr", *sys.argv[1:]])
    for path in write_report(experiment, command, chosen, report, output):
        note(f"  wrote {path}")
    say(report.markdown)


def _numbers(seeds: str) -> tuple[int, ...]:
    try:
        numbers = tuple(int(seed) for seed in seeds.split(","))
    except ValueError:
        numbers = (-1,)
    if min(numbers) < 0 or len(set(numbers)) < len(numbers):
        raise InputError(f"--seeds must be different whole numbers from 0, as in 0,1,2; got {seeds!r}")
    return numbers


def _pictures(folder: Path | None) -> dict[str, NDArray[np.uint8]]:
    """Read the paper's pictures in a folder, or all if it has none of them; without a folder take scikit-image's."""
    from PIL import Image

    if folder is None:
        from skimage import data

        names = ("camera", "astronaut", "chelsea", "coffee")
        found = {name: Image.fromarray(getattr(data, name)()) for name in names}
        sized = {name: _square(image).resize((SIDE, SIDE), Image.Resampling.LANCZOS) for name, image in found.items()}
        return {name: np.asarray(image.convert("L")) for name, image in sized.items()}
    if not folder.is_dir():
        raise InputError(f"{folder}: is no folder of pictures")
    files = {file.stem: file for file in sorted(folder.iterdir()) if file.suffix.lower() in (".png", ".jpg", ".jpeg")}
    wanted = {name: files[name] for name in PAPERS_PICTURES if name in files} or files
    if not wanted:
        raise InputError(f"{folder}: holds no .png or .jpg pictures")
    return {name: _grey(file) for name, file in wanted.items()}


def _grey(file: Path) -> NDArray[np.uint8]:
    from PIL import Image

    pixels = read_picture(file).pixels
    if pixels.dtype != np.uint8:
        raise InputError(f"{file}: holds {pixels.dtype} samples; the experiments take 8-bit pictures")
    return np.asarray(Image.fromarray(pixels).convert("L"))


def _square(image: Any) -> Any:
    """Return the middle square of a picture."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def _masks(folder: Path | None) -> dict[str, Callable[[tuple[int, int]], NDArray[np.bool_]]]:
    """Return what makes each mask: a file of the folder if there is one for the size, else `make_mask`."""
    return {pattern.value: partial(_mask, folder, pattern.value) for pattern in Pattern}


def _mask(folder: Path | None, pattern: str, shape: tuple[int, int]) -> NDArray[np.bool_]:
    if folder is not None and (file := folder / "masks" / f"{pattern}_{shape[0]}.png").exists():
        missing, _ = read_mask(file, shape)
        return missing
    return make_mask(shape, pattern)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show the cells done and the time on a terminal; elsewhere a line for each cell."""
    if verbosity.quiet:
        yield lambda done, total: None
        return
    if not sys.stderr.isatty():
        yield lambda done, total: note(f"  {done} of {total} cells")
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        MofNCompleteColumn(),
        TextColumn("cells"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
