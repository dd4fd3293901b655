"""The command line: parse, call, print. No maths, and no torch until a picture is restored."""

from __future__ import annotations

from typing import Annotated

import typer

from inrr_cli.cli.compare import compare
from inrr_cli.cli.config import config
from inrr_cli.cli.configured import Configured
from inrr_cli.cli.console import Group, say, verbosity
from inrr_cli.cli.demo import demo
from inrr_cli.cli.doctor import doctor
from inrr_cli.cli.inpaint import inpaint
from inrr_cli.cli.mask import mask
from inrr_cli.cli.paint import paint
from inrr_cli.cli.paper import paper
from inrr_cli.cli.superres import superres

app = typer.Typer(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
for configurable in (inpaint, superres, compare):
    app.command(cls=Configured)(configurable)
for command in (paint, mask, paper, demo, config, doctor):
    app.command()(command)


def _version(value: bool) -> None:
    if value:
        from inrr_cli import __version__

        print(f"inrr {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Print the traceback of an error.")] = False,
) -> None:
    """Restore images from themselves: no pretrained weights, no network access; known pixels come back bit for bit.

    [bold]inrr inpaint photo.png --mask mask.png[/bold]   fills the pixels that are white in the mask

    [bold]inrr paint photo.jpg[/bold]   opens a page to paint on what is to be filled

    [bold]inrr superres small.png --scale 2[/bold]   enlarges the image

    Exit codes: 0 ok, 1 failure, 2 bad input, 3 some of several images failed, 130 interrupted, 143 terminated.
    """
    verbosity.debug = debug
    if context.invoked_subcommand is None:
        say(context.get_help())
