"""``inrr paint``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from inrr_cli import interruption
from inrr_cli.cli import options
from inrr_cli.cli.console import note, say, verbosity, warn
from inrr_cli.cli.restoring import read_image
from inrr_cli.errors import InputError
from inrr_cli.imaging.reading import MAX_PIXELS, STANDARD
from inrr_cli.imaging.value_range import check_image
from inrr_cli.masking.samples import any_channel, is_of_pixels
from inrr_cli.masking.selection import MaskOptions, find_missing

if TYPE_CHECKING:
    from inrr_cli.page.opened import OpenedImage
    from inrr_cli.page.server import PageServer

PORTS = 2**16


def paint(
    image: Annotated[
        Path,
        typer.Argument(metavar="IMAGE", help="Image file, of the formats that inpaint reads.", show_default=False),
    ],
    mask: Annotated[
        list[str] | None,
        options.INPUT(
            "--mask",
            metavar="FILE|NAME",
            show_default="nothing is painted",
            help="What is painted to begin with, as --mask of inpaint says it: a mask file, or how to find missing "
            "pixels in the image. Repeatable; masks are combined.",
        ),
    ] = None,
    page: Annotated[
        int,
        options.INPUT("--page", metavar="N", min=1, help="Page of a stack to paint on; the others stay as they are."),
    ] = 1,
    port: Annotated[
        int,
        typer.Option(
            "--port",
            metavar="N",
            min=0,
            max=PORTS - 1,
            show_default="a free one",
            help="Port of 127.0.0.1 that the page is served on.",
        ),
    ] = 0,
    opens: Annotated[
        bool,
        typer.Option(
            "--open/--no-open", help="Open the page in the browser; else the command only prints its address."
        ),
    ] = True,
    axes: options.Axes = None,
    max_pixels: options.MaxPixels = MAX_PIXELS,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Paint what is to be filled on a page in the browser, see it filled, and save it.

    [bold]inrr paint photo.jpg[/bold]   opens the page; the button Done or Ctrl-C ends the command

    [bold]inrr paint scan.tif --mask lines[/bold]   begins with the lost lines that are found in the image

    The page is served by this command on this machine alone, and opens with a secret that works once. No file is
    written until you save: then the restored image, with all that the file had, and the mask are written beside it. The
    page shows the command of inrr inpaint that does the same.
    """
    opened = open_image(image, mask or [], page - 1, max_pixels, axes)
    from inrr_cli.page.server import PageServer
    from inrr_cli.page.session import Session

    session = Session(opened)
    server = PageServer(session, port)
    say(server.address)
    note(f"painting on {image}: the address opens once, on this machine alone; Done on the page or Ctrl-C here ends")
    if not session.is_writable:
        warn(f"{image.parent}: takes no files, so nothing can be saved beside the image")
    if opens:
        _open_browser(server)
    _serve(server)
    for path in session.saver.paths:
        say(str(path))
    if interruption.received:
        raise typer.Exit(interruption.exit_code())


def _serve(server: PageServer) -> None:
    """Serve until the page or a signal ends it; then wait for what is being written."""
    quiet, verbosity.quiet = verbosity.quiet, False  # from here on messages are for the page
    try:
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        pass
    finally:
        verbosity.quiet = quiet
        server.server_close()
        server.session.close()


def open_image(
    path: Path, sources: list[str], number: int, max_pixels: int = MAX_PIXELS, axes: str | None = None
) -> OpenedImage:
    """Read an image and the mask to begin with.

    Raises
    ------
    InputError
        If one of them cannot be read, or there is no such page.
    """
    if path == STANDARD:
        raise InputError("-: paint saves beside the image, so standard input does not do; give a file")
    picture = read_image(path, axes, max_pixels)
    count = len(picture.pages)
    if number >= count:
        raise InputError(f"--page {number + 1}: {path} has {count} page{'s' * (count > 1)}")
    pixels = picture.pages[number]
    check_image(pixels)
    mask = np.zeros(pixels.shape[:2], bool)
    notes = []
    if sources:
        found = find_missing(sources, picture, [number], MaskOptions(max_pixels=max_pixels))
        for marked in found.pages:
            mask = any_channel(marked.missing)
            if not is_of_pixels(marked.missing):
                notes.append("each channel has its own mask; a pixel of which one is to fill is painted as a whole")
        notes = [*found.notes, *notes]
    for text in notes:
        note(text)
    from inrr_cli.page.opened import OpenedImage

    for each in picture.pages if isinstance(picture.pages, list) else []:
        each.flags.writeable = False  # engines put results into pages that they may write to
    return OpenedImage(path, picture, number, mask, max_pixels, axes, notes)


def _open_browser(server: PageServer) -> None:
    """Open the page, or say what to do if there is no browser that shows it."""
    import webbrowser
    from threading import Thread

    hint = (
        "no browser opens here: open the address in one on this machine; from another machine, run there first "
        f"ssh -L {server.port}:127.0.0.1:{server.port} and the name of this one"
    )
    if not _has_display():
        note(hint)
        return

    def work() -> None:
        if not webbrowser.open(server.address):
            note(hint)

    Thread(target=work, name="browser", daemon=True).start()  # some browsers return when they are closed


def _has_display() -> bool:
    """Whether windows can be shown; without one a browser of text would take the terminal."""
    if sys.platform in ("darwin", "win32"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
