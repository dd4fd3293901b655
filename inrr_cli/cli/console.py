"""Messages on stderr, results on stdout, one line for an error, and the exit codes."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from inrr_cli import interruption
from inrr_cli.engine import Progress
from inrr_cli.errors import (
    DivergedError,
    EncodingError,
    ExitCode,
    InputError,
    JournalError,
    OutOfMemoryError,
    TileError,
    WorkersError,
)
from inrr_cli.free_memory import free_memory
from inrr_cli.settings import Settings
from inrr_cli.shortage import describe_shortage

if TYPE_CHECKING:
    from rich.console import RenderableType

EXPECTED = (
    InputError,
    DivergedError,
    EncodingError,
    OutOfMemoryError,
    WorkersError,
    JournalError,
    TileError,
)  # say all in a line

DEBUG_HINT = " (inrr --debug shows the traceback)"


@dataclass
class Verbosity:
    """How much to say; set once, by the command's options."""

    quiet: bool = False
    verbose: bool = False
    debug: bool = False


verbosity = Verbosity()


@dataclass
class Invocation:
    """How this process was called: what was typed, for the record."""

    command_line: str = ""


invocation = Invocation()


# what is said while a worker restores an image, each text with whether it is a result; None prints at once
_collected: ContextVar[list[tuple[bool, str]] | None] = ContextVar("collected", default=None)


@contextmanager
def collect_messages() -> Iterator[list[tuple[bool, str]]]:
    """Collect within what would be printed, for `repeat_messages` of another process."""
    messages: list[tuple[bool, str]] = []
    token = _collected.set(messages)
    try:
        yield messages
    finally:
        _collected.reset(token)


def repeat_messages(messages: list[tuple[bool, str]]) -> None:
    """Print what was collected."""
    for is_result, text in messages:
        _print(text, is_result=is_result)


def _print(text: str, *, is_result: bool) -> None:
    """Print a result on stdout, anything else on stderr."""
    if (messages := _collected.get()) is not None:
        messages.append((is_result, text))
    else:
        print(text, file=sys.stdout if is_result else sys.stderr, flush=True)


def say(text: str) -> None:
    """Print a result on stdout."""
    _print(text, is_result=True)


def note(text: str) -> None:
    """Print a message on stderr unless -q."""
    if not verbosity.quiet:
        _print(text, is_result=False)


def explain(text: str) -> None:
    """Print a message on stderr with -v."""
    if verbosity.verbose:
        note(text)


def warn(text: str) -> None:
    """Print a warning on stderr unless -q."""
    if text:
        note(f"inrr: warning: {text}")


def fail(text: str, hint: str = "") -> None:
    """Print an error as one line on stderr, whatever the verbosity."""
    line = " ".join(f"inrr: error: {text}".split())
    _print(f"{line}{hint}", is_result=False)


def describe_error(error: Exception, about: str = "") -> tuple[str, str]:
    """Return an error, of the file that it is ``about``, as one line, and a hint if nobody expected the error.

    Raises
    ------
    KeyboardInterrupt
        If a signal came: code that it passed through may have made another error of it.
    """
    if interruption.received:
        raise KeyboardInterrupt from error
    expected = isinstance(error, EXPECTED)
    text = str(error) if expected else f"{type(error).__name__}: {error}"
    if not expected and (shortage := describe_shortage(error, free_memory())) is not None:
        expected, text = True, shortage
    return text if text.startswith(about) else f"{about}: {text}", "" if expected else DEBUG_HINT


def print_error(error: Exception) -> ExitCode:
    """Print an error as one line; return the exit code."""
    fail(*describe_error(error))
    return ExitCode.BAD_INPUT if isinstance(error, InputError) else ExitCode.FAILURE


def is_collected() -> bool:
    """Whether what is said here is printed later, by another process."""
    return _collected.get() is not None


def on_terminal() -> bool:
    """Whether messages go to a terminal at once."""
    return not is_collected() and not verbosity.quiet and sys.stderr.isatty()


@contextmanager
def progress_bar(enabled: bool, settings: Settings, below: RenderableType | None = None) -> Iterator[Progress | None]:
    """Show on stderr what is done, how it goes and the time, if that is a terminal and ``enabled``.

    What is drawn ``below`` the bar goes with it at the end.
    """
    if not (enabled and on_terminal()):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    doing, measure = ("filling", "change") if settings.recipe is None else ("fitting", "loss")
    columns = (
        TextColumn(doing),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[measure]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )

    class BarAndBelow(Bar):
        def get_renderables(self) -> Iterable[RenderableType]:
            yield self.make_tasks_table(self.tasks)
            if below is not None:
                yield below

    with BarAndBelow(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=None, measure="starting")
        yield lambda step, steps, value: bar.update(
            task, completed=step, total=steps, measure="" if value != value else f"{measure} {value:.2e}"
        )


class Group(TyperGroup):
    """The root command: every failure becomes one line on stderr and a documented exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return self._invoke(ctx)
        except KeyboardInterrupt:
            note(interruption.MESSAGE)
            raise typer.Exit(interruption.exit_code()) from None

    def _invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # whoever read stdout has gone (`| head`): nothing more to say, and nothing at the interpreter's exit either
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(ExitCode.FAILURE) from None
        except (typer.Exit, typer.Abort, TyperException):
            raise
        except Exception as error:
            if verbosity.debug:
                raise
            raise typer.Exit(print_error(error)) from None

    def main(self, *args: Any, standalone_mode: bool = True, **kwargs: Any) -> Any:
        """Parse and run; usage errors are one line that names the command to ask."""
        given = args[0] if args else kwargs.get("args")
        words = list(sys.argv[1:] if given is None else given)
        invocation.command_line = shlex.join(["inrr", *words])
        try:
            if any(word == "" or re.fullmatch(r"--[\w-]+=", word) for word in words):  # which would be the folder .
                raise TyperException("an argument is empty; give a value, or check the variable that was to give it")
            code = super().main(*args, **kwargs | {"standalone_mode": False})
        except TyperException as error:
            context = getattr(error, "ctx", None)
            # an option with too few values knows no command
            commands = [word for word in words if word in self.commands]
            where = context.command_path if context is not None else " ".join(["inrr", *commands[:1]])
            fail(_with_nearest(error.format_message()), hint=f" (see '{where} --help')")
            code = ExitCode.BAD_INPUT
        if code == ExitCode.INTERRUPTED:  # Typer's, if it was while options were parsed
            code = interruption.exit_code()
        if standalone_mode:
            sys.exit(code)
        return code


def _with_nearest(message: str) -> str:
    """Add the nearest choice to Typer's message on a value that is none of the choices."""
    message = message.replace("Value error, ", "")
    found = re.search(r"'([^']*)' is not one of (.+?)\.?$", message)
    near = get_close_matches(found[1], re.findall(r"'([^']*)'", found[2]), n=1) if found else []
    return f"{message.rstrip('.')}; did you mean {near[0]!r}?" if near else message
