"""``inrr paper``."""

from __future__ import annotations

import importlib.util
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from inrr_cli.cli import options
from inrr_cli.cli.console import invocation, note, say, verbosity
from inrr_cli.cli.parsing import parse_seeds
from inrr_cli.errors import InputError
from inrr_cli.neural.recipe import WarmStart
from inrr_cli.paper.catalogue import EXPERIMENTS, load_experiment
from inrr_cli.paper.cells import run_cells
from inrr_cli.paper.experiment import Setup
from inrr_cli.paper.inputs import mask_makers, quick_images, read_images
from inrr_cli.paper.report import check_report, write_report
from inrr_cli.settings import Preset

Experiment: Any = Literal[tuple(EXPERIMENTS)]

UNRECORDED = "--force", "-q", "--quiet"  # words of the command line that change nothing in the results


def paper(
    experiment: Annotated[Experiment, typer.Argument(help="Table or figure of the paper.", show_default=False)],
    images: Annotated[
        Path | None,
        typer.Option(
            "--images",
            metavar="FOLDER",
            show_default="scikit-image's photographs",
            help="Folder of 8-bit .png or .jpg images, which are read as grey: those named baboon, man, barbara, boats "
            "and cameraman, or all if there are none of these. Its folder masks may hold random_256.png and the like, "
            "named by pattern and rows.",
        ),
    ] = None,
    preset: Annotated[
        Preset,
        typer.Option("--preset", help="Recipe of the fits: fast takes minutes, paper is the paper's own recipe."),
    ] = "fast",
    warm_start: Annotated[
        WarmStart,
        typer.Option(
            "--warm-start",
            help="What every fit is drawn to at first at missing pixels: none, as in the paper, or a smooth fill.",
        ),
    ] = "none",
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps",
            metavar="N",
            min=1,
            show_default="those of the preset; 1500 for figures 2 and 5 to 9",
            help="Steps of every fit; the more there are, the more a network without INRR overfits.",
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Run on the middle 128 x 128 pixels of the first image only.")
    ] = False,
    seeds: Annotated[str, typer.Option("--seeds", metavar="N,N,...", help="Random seeds to average over.")] = "0",
    device: options.Device = "auto",
    output: Annotated[
        Path,
        options.OUTPUT(
            "-o",
            "--output",
            metavar="FOLDER",
            help="Folder of the results; cells that the folder holds are not run again.",
        ),
    ] = Path("inrr-paper"),
    force: Annotated[
        bool, options.OUTPUT("--force", help="Overwrite the page, table and plots of another command.")
    ] = False,
    quiet: options.Quiet = False,
) -> None:
    """Run an experiment of the INRR paper and write a CSV file, a page beside the paper's numbers, and plots.

    [bold]inrr paper table1 --images pictures --output results[/bold]   twelve cells, six methods

    [bold]inrr paper table1 --quick[/bold]   a smaller picture of scikit-image, in minutes

    Every cell is written to FOLDER/cells at once; the same command resumes after an interruption.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise InputError("the plots need matplotlib: pip install 'inrr-cli[paper]'")
    if output.exists() and not output.is_dir():
        raise InputError(f"{output}: is a file; give a folder")
    command = shlex.join(word for word in shlex.split(invocation.command_line) if word not in UNRECORDED)
    if not force:
        check_report(experiment, command, output)
    from inrr_cli.device import choose_device  # imports torch

    choose_device(device)
    pictures = read_images(images)
    pictures = quick_images(pictures) if quick else pictures
    recipe: dict[str, Any] = {"preset": preset, "warm_start": warm_start} | ({} if steps is None else {"steps": steps})
    setup = Setup(pictures, mask_makers(images), recipe, parse_seeds(seeds), device)
    chosen = load_experiment(experiment)
    cells = chosen.cells(setup)
    note(f"{chosen.title}, into {output}")
    with _progress() as done:
        results = run_cells(experiment, cells, output, done)
    report = chosen.report(results)
    for path in write_report(experiment, command, chosen, report, output):
        note(f"  wrote {path}")
    say(report.markdown)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show the cells done and the time on a terminal; elsewhere print a line for each cell."""
    if verbosity.quiet:
        yield lambda done, total: None
        return
    if not sys.stderr.isatty():
        yield lambda done, total: note(f"  cells done: {done} of {total}")
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
