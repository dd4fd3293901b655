"""A batch: which images are to do, by whom, and what became of each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import typer

from inrr_cli.batch.calls import Call, Outcome
from inrr_cli.batch.journal import History, Journal
from inrr_cli.batch.naming import NameTemplate, check_names
from inrr_cli.batch.sources import Source, find_sources, take_shard
from inrr_cli.batch.summary import summary_path
from inrr_cli.batch.watching import watch
from inrr_cli.cli.batch_folder import make_folder, open_journal
from inrr_cli.cli.batch_index import open_index
from inrr_cli.cli.batch_options import BatchOptions
from inrr_cli.cli.batch_progress import BatchProgress, describe_forecasts, print_failures
from inrr_cli.cli.batch_work import Report, Work, make_stamps, restore_image, restore_shipped
from inrr_cli.cli.console import describe_error, fail, note, repeat_messages, verbosity
from inrr_cli.cli.executors import make_executor
from inrr_cli.cli.files import Files
from inrr_cli.cli.restoring import Restoring
from inrr_cli.errors import ExitCode, InputError, OutputExistsError, UnwritableError
from inrr_cli.imaging.reading import read_bytes
from inrr_cli.imaging.shipping import Shipment
from inrr_cli.imaging.writing import write_files
from inrr_cli.masking.from_image import is_from_image


@dataclass(frozen=True)
class Command:
    """What a command does with every image.

    Attributes
    ----------
    work : Work
    template : NameTemplate
        Names of the outputs.
    device : str
        Of the settings.
    fingerprint : str
        Hash of all that decides what the outputs hold, but the files.
    keep_partial : bool
        Whether an interrupted image is to be written.
    show, snapshots : bool
        Whether the image is to be shown, and images of its fit to be written.
    """

    work: Work
    template: NameTemplate
    device: str
    fingerprint: str
    keep_partial: bool
    show: bool
    snapshots: bool

    @classmethod
    def of(cls, work: Work, files: Files, restoring: Restoring) -> Command:
        """Return the command for work on images with these files."""
        from inrr_cli import __version__

        options = restoring.options
        extra = {name: str(path) for name, path in files.output_folders().items() if name != "output"}
        masks = [mask for mask in files.masks if is_from_image(mask)]
        same = replace(restoring, options=replace(options, as_json=False, dry_run=False, show=False))
        roles = [len(files.masks), files.reference is not None, files.exclude is not None]  # of the inputs
        arguments = [same, *work.whole.args[1:], masks, extra, roles, files.variants]
        fingerprint = hashlib.sha256(repr((__version__, work.whole.func.__name__, arguments)).encode()).hexdigest()
        device, snapshots = restoring.settings.device, options.snapshots is not None
        return cls(work, options.name, device, fingerprint, options.keep_partial, options.show, snapshots)


@dataclass
class Batch:
    """A batch, and what has become of its images so far.

    Attributes
    ----------
    arguments : list of Path
        Files, folders and patterns.
    files : Files
        With folders for the outputs.
    command : Command
    options : BatchOptions
    """

    arguments: list[Path]
    files: Files
    command: Command
    options: BatchOptions
    history: History = field(default_factory=lambda: History(None))
    journal: Journal | None = None  # the history, if it is written
    forecasts: list[dict[str, Any]] = field(default_factory=list)
    owners: dict[str, Path] = field(default_factory=dict)  # images of the names of outputs
    in_work: dict[str, Prepared] = field(default_factory=dict)  # by the names of calls
    failures: dict[str, str] = field(default_factory=dict)
    done: int = 0
    skipped: int = 0

    def run(self) -> None:
        """Restore the images that are not done yet."""
        sources = self._find()
        check_names(sources, self.files.output, self.command.template, self.files.variants)
        sources = take_shard(sources, self.options.parsed_shard())
        if not sources and not self.options.watch:
            raise InputError(f"{', '.join(map(str, self.arguments))}: there is no image")
        with ExitStack() as stack:
            self.index = stack.enter_context(open_index(self.files, dry_run=self.options.dry_run))
            if self.options.dry_run:
                self.history = History(self.files.output)
            else:
                folders = {source.folder for source in sources}
                self.journal = stack.enter_context(open_journal(self.files, self.options.parsed_shard(), folders))
                self.history = self.journal or self.history
            count = None if self.options.watch else len(sources)
            self.progress = stack.enter_context(BatchProgress(count))
            executor, self.jobs = make_executor(self.options, count, self.command.device)
            stack.enter_context(executor)
            for outcome in executor.run(self._calls(self._sources(sources))):
                self._finish(outcome)
        self._conclude()

    def __post_init__(self) -> None:
        """Let all outputs be folders, and name files from the root for workers of a cluster, which run elsewhere."""
        self.files = replace(self.files, makes_folders=True)
        if self.options.cluster is not None:
            self.arguments, self.files = [path.absolute() for path in self.arguments], self.files.absolute()

    def _find(self) -> list[Source]:
        without = [*self.files.given_inputs(), *self.files.output_folders().values()]
        return find_sources(self.arguments, recursive=self.options.recursive, without=without)

    def _sources(self, sources: list[Source]) -> Iterator[Source | None]:
        if not self.options.watch:
            return iter(sources)
        shard = self.options.parsed_shard()
        return watch(lambda: take_shard(self._find(), shard), self.options.settle)

    def _calls(self, sources: Iterator[Source | None]) -> Iterator[Call | None]:
        """Yield the work on each image that is not done yet."""
        for source in sources:
            if source is None:
                yield None
                continue
            image, name = str(source.path), self._name(source)
            try:
                files = self._prepare(source)
                call = None if files is None else self._call(source.path, files)
            except UnwritableError:
                raise
            except InputError as error:
                self._fail(image, name, describe_error(error, image)[0])
                continue
            if files is None or call is None:
                self.skipped += 1
                self.progress.advance()
                continue
            if self.journal is not None:
                self.journal.begin(name)
            self.in_work[image] = Prepared(image, name, files)
            yield call

    def _call(self, image: Path, files: Files) -> Call:
        """Return the work on an image."""
        arguments = self.command.work, image, files, verbosity, self.journal.owner if self.journal else ""
        if not self.options.ship:
            return Call(str(image), restore_image, arguments)
        contents = {path: read_bytes(path) for path in files.inputs(image)}
        return Call(str(image), restore_shipped, (*arguments, Shipment(contents)))

    def _name(self, source: Source) -> str:
        """Return what the journal calls an image: the path of its output without a suffix, from the folder."""
        return (source.folder / self.command.template.name(source.path)).as_posix()

    def _prepare(self, source: Source) -> Files | None:
        """Return the files of an image; None if it is done."""
        image, name, history, template = source.path, self._name(source), self.history, self.command.template
        files = self.files.for_image(image, source.folder, template.stem(image))
        folder = image.parent if files.output is None else files.output
        owner = self.owners.setdefault(str(folder / template.stem(image)), image)  # --watch finds images later
        if owner != image:
            raise InputError(f"{image}: has the name of {owner}, and their results would too; see --name")
        if files.force:
            return self._with_folders(files)
        if history.is_done(name, files.inputs(image), self.command.fingerprint):
            return None
        outputs = [*template.outputs(folder, image, files.variants), *files.extra_outputs()]
        outputs = outputs if files.preview is None else [files.preview]
        foreign = [p for p in outputs if p.exists() and not history.may_replace(name, p)]
        if foreign and self.options.skip_existing:
            return None
        if foreign:
            raise OutputExistsError(f"{foreign[0]}: already exists; --force overwrites it, --skip-existing leaves it")
        # by now the names are this batch's: a worker may write a file and be lost before it says so
        return self._with_folders(replace(files, force=True))

    def _with_folders(self, files: Files) -> Files:
        """Make the folders that mirror those of the images."""
        if not self.options.dry_run:
            for path in {*({files.output} if files.output else ()), *(path.parent for path in files.extra_outputs())}:
                make_folder(path)
        return files

    def _finish(self, outcome: Outcome) -> None:
        """Tell what became of an image, and enter it in the journal."""
        prepared = self.in_work.pop(outcome.call.name)
        report = outcome.value or Report(error=f"{prepared.image}: {outcome.failure}")
        report = self._unload(prepared, report) if report.contents else report
        number = self.done + self.skipped + len(self.failures) + 1
        note(f"{prepared.image} ({number}{self.progress.of_all()})")
        repeat_messages(report.messages)
        if report.unwritable:
            raise UnwritableError(f"{report.error}; free the place and run the command again, which goes on")
        if report.error:
            self._fail(prepared.image, prepared.name, report.error, report.hint)
            return
        facts = report.facts(prepared.image)
        self.index.tell(prepared.name, facts, report.outputs)
        if self.journal is not None:
            self.journal.finish(prepared.name, report.inputs, report.outputs, self.command.fingerprint, facts)
        if self.options.dry_run:
            self.forecasts.append(report.record)
        self.done += 1
        self.progress.advance()

    def _unload(self, prepared: Prepared, report: Report) -> Report:
        """Write the outputs that were shipped back."""
        try:
            write_files(report.contents, replace=prepared.files.force)
            inputs, outputs = make_stamps(prepared.files.inputs(Path(prepared.image)), report.contents)
        except InputError as error:
            return Report(report.messages, str(error), unwritable=isinstance(error, UnwritableError))
        return replace(report, inputs=inputs, outputs=outputs)

    def _fail(self, image: str, name: str, error: str, hint: str = "") -> None:
        """Tell of a failure, and enter it in the journal."""
        fail(error, hint)
        self.failures[image] = error
        self.progress.advance()
        self.index.tell(name, {"image": image, "error": error}, {})
        if self.journal is not None:
            self.journal.fail(name, error, {"image": image})

    def _conclude(self) -> None:
        """Say what was done, and which images failed."""
        before = f", {self.skipped} done before" if self.skipped else ""
        done = "to do" if self.options.dry_run else "restored"
        note(f"inrr: {self.done} {done}{before}, {len(self.failures)} failed")
        if self.forecasts:
            note(f"inrr: {describe_forecasts(self.forecasts, self.jobs)}")
        if self.failures:
            count = self.done + self.skipped + len(self.failures)
            print_failures(self.failures, count, str(summary_path(self.journal.path)) if self.journal else "")
            raise typer.Exit(ExitCode.PARTIAL)


@dataclass(frozen=True)
class Prepared:
    """An image in work, its name in the journal and its files."""

    image: str
    name: str
    files: Files
