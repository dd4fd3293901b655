"""The command line: parse, call, print. No maths, and no torch until a picture is restored."""

from __future__ import annotations

from typing import Annotated

import typer

from inrr_cli.cli.console import Group, say, verbosity
from inrr_cli.cli.demo import demo
from inrr_cli.cli.doctor import doctor
from inrr_cli.cli.inpaint import inpaint
from inrr_cli.cli.mask import mask
from inrr_cli.cli.paper import paper
from inrr_cli.cli.superres import superres

app = typer.Typer(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
for command in (inpaint, superres, mask, paper, demo, doctor):
    app.command()(command)


def _version(value: bool) -> None:
    if value:
        from inrr_cli import __version__

        print(f"inrr {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Restore one image from itself: no pretrained weights, no network, known pixels byte for byte.

    [bold]inrr inpaint photo.png --mask mask.png[/bold]   fill what the mask marks white

    [bold]inrr superres small.png --scale 2[/bold]   enlarge

    Exit codes: 0 ok, 1 failure, 2 bad input, 3 some of several images failed, 130 interrupted.
    """
    verbosity.debug = debug
    if context.invoked_subcommand is None:
        say(context.get_help())
