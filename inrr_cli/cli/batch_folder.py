"""What a batch keeps beside its results: a journal, the settings and a summary; and what a killed one left there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from inrr_cli.batch.journal import Journal, shard_ending
from inrr_cli.batch.summary import write_summary
from inrr_cli.cli.configured import settings_of_run
from inrr_cli.cli.console import warn
from inrr_cli.cli.files import Files
from inrr_cli.errors import InputError, UnwritableError
from inrr_cli.imaging.atomic import NO_MORE_FILES, remove_temporaries, temporaries_of, write_atomically


@contextmanager
def open_journal(files: Files, shard: tuple[int, int] | None, folders: Iterable[Path]) -> Iterator[Journal | None]:
    """Make the folders of outputs and open the journal in them; None if there is no output folder, or for previews.

    On the way out the summary of the journal is written, whatever happened.

    Parameters
    ----------
    files : Files
    shard : (int, int) or None
    folders : iterable of Path
        Sub-folders of outputs. Temporary files that workers of this journal left there are removed.
    """
    outputs = files.output_folders().values()
    for path in outputs:
        make_folder(path)
    if files.output is None or files.preview is not None:
        yield None
        return
    places = {path / folder for path in outputs for folder in (Path(), *folders)}
    journal = Journal(files.output, shard)
    with temporaries_of(journal.owner):
        try:
            remove_temporaries(places, journal.owner)
            text = settings_of_run(without=["force"])  # who repeats a run goes on with it
            write_atomically(files.output / f"inrr-settings{shard_ending(shard)}.toml", text.encode())
            yield journal
        finally:
            remove_temporaries(places, journal.owner)
            _write_summary(journal.path)
            journal.close()


def make_folder(path: Path) -> None:
    """Make a folder, and those that it is in."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        kind = UnwritableError if error.errno in NO_MORE_FILES else InputError
        raise kind(f"{path}: cannot make this folder ({error.strerror})") from None


def _write_summary(journal: Path) -> None:
    try:
        write_summary(journal)
    except InputError as error:
        warn(str(error))
