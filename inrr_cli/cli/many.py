"""Many images by one call, or a single one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from inrr_cli.batch.calls import Executor
from inrr_cli.batch.sources import is_batch, is_folder, read_list
from inrr_cli.cli.batch import Batch, Command
from inrr_cli.cli.batch_options import BatchOptions
from inrr_cli.cli.console import note
from inrr_cli.cli.executors import make_executor
from inrr_cli.cli.files import Files
from inrr_cli.errors import InputError
from inrr_cli.imaging.reading import STANDARD


def restore_images(images: Iterable[Path], files: Files, command: Command, options: BatchOptions) -> None:
    """Restore a single image in this process, or a batch in others.

    Raises
    ------
    InputError
        If what was given cannot be used.
    typer.Exit
        With ``ExitCode.PARTIAL`` if some images of a batch failed.
    """
    arguments = [*images, *([] if options.list_file is None else read_list(options.list_file))]
    if not arguments:
        raise InputError("there is no image; give image files, folders or --list FILE")
    _check_options(options)
    if not is_batch(arguments) and _restore_one(arguments[0], files, command, options):
        return
    _check_batch(arguments, files, command)
    Batch(arguments, files, command, options).run()


def _restore_one(image: Path, files: Files, command: Command, options: BatchOptions) -> bool:
    """Restore an image if the options make no batch of it; workers share out the tiles of one that is large."""

    def start() -> Executor:
        return make_executor(options, None, command.device)[0]

    if options != options.of_workers():
        return False
    if options.cluster is None and options.timeout is None:
        command.work(image, files.for_image(image), start)
        return True
    if options.cluster is not None:  # its workers run in other folders
        image, files = image.absolute(), files.absolute()
    by_window = command.work.by_window
    return by_window is not None and by_window(image, files.for_image(image), start) is not None


def _check_batch(arguments: list[Path], files: Files, command: Command) -> None:
    """Refuse what cannot serve many images."""
    if files.checkpoint is not None:
        raise InputError("--checkpoint is for one image; leave it out for a batch")
    if command.keep_partial:
        raise InputError("--keep-partial is for one image; leave it out: a batch that is run again goes on")
    if command.snapshots:
        raise InputError("--snapshots is for one image; leave it out for a batch")
    if command.show:
        note("--show is for one image: a batch shows none")
    if STANDARD in (*arguments, files.output):
        raise InputError("-: standard input is one image and standard output too; a batch needs files")
    if any(is_folder(path) for path in arguments) and files.output is None and files.preview is None:
        raise InputError("a folder of images needs --output FOLDER, so that results do not lie among the images")
    for path in files.given_inputs():
        if not path.exists():
            raise InputError(f"{path}: no such file or folder")
    for name, path in files.output_folders().items():
        if path.suffix and not path.is_dir():
            raise InputError(f"--{name.replace('_', '-')} {path}: for several images it must be a folder")


def _check_options(options: BatchOptions) -> None:
    """Refuse options that have no meaning together."""
    if options.ship and options.cluster is None:
        raise InputError("--ship is for --cluster; leave it out")
    if options.timeout is not None and (options.cluster is not None or options.timeout <= 0):
        raise InputError(f"--timeout must be above 0, and is for --jobs, not for --cluster; got {options.timeout:g}")
    if options.watch and options.dry_run:
        raise InputError("--watch has no end, so it cannot be a --dry-run; leave one out")
