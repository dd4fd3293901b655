"""Options for many images."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from inrr_cli.errors import InputError

MANY = partial(typer.Option, rich_help_panel="Many images")


@dataclass(frozen=True)
class BatchOptions:
    """Options of a command for many images; see `of_workers`."""

    recursive: Annotated[bool, MANY("--recursive", help="Take the images of sub-folders too.")] = False
    list_file: Annotated[
        Path | None,
        MANY("--list", metavar="FILE", help="Text file that names one image on each line; - reads standard input."),
    ] = None
    jobs: Annotated[
        str,
        MANY(
            "--jobs",
            metavar="N|auto",
            help="Number of worker processes, which share the cores. auto takes one for each core, or for each GPU, as "
            "many as fit in memory. The results are the same bytes for any number.",
        ),
    ] = "auto"
    timeout: Annotated[
        float | None,
        MANY(
            "--timeout",
            metavar="SECONDS",
            help="Stop an image that takes longer; it is tried once more when nothing else runs.",
        ),
    ] = None
    skip_existing: Annotated[
        bool, MANY("--skip-existing", help="Leave out images whose result exists, whoever made it.")
    ] = False
    dry_run: Annotated[
        bool,
        MANY("--dry-run", help="Restore nothing; print samples to fill, and estimates of time and memory."),
    ] = False
    watch: Annotated[bool, MANY("--watch", help="Go on until Ctrl-C, and take images that appear in the folders.")] = (
        False
    )
    settle: Annotated[
        float,
        MANY("--settle", metavar="SECONDS", min=0, help="With --watch, take a file whose size is still for so long."),
    ] = 5.0
    cluster: Annotated[
        str | None,
        MANY(
            "--cluster",
            metavar="ADDRESS|local",
            help="Work on the Dask scheduler at this address, such as tcp://host:8786. Its workers read and write the "
            "files by the same paths. local starts a cluster here. Needs the extra cluster.",
        ),
    ] = None
    ship: Annotated[
        bool, MANY("--ship", help="With --cluster, send the files to the workers, which need not reach them.")
    ] = False
    shard: Annotated[
        str | None,
        MANY("--shard", metavar="I/N", help="Do only the I-th of N equal parts of the images, as in a job array."),
    ] = None

    def of_workers(self) -> BatchOptions:
        """Return the options that say who does the work; all others make a batch of a single image too."""
        return BatchOptions(jobs=self.jobs, timeout=self.timeout, cluster=self.cluster, dry_run=self.dry_run)

    def parsed_shard(self) -> tuple[int, int] | None:
        """Return the shard and the number of shards, None for all images.

        Raises
        ------
        InputError
            Unless the shard is one from 1 to their number.
        """
        if self.shard is None:
            return None
        match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", self.shard)
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            raise InputError(f"--shard must be I/N with I from 1 to N, as in 3/10; got {self.shard!r}")
        return int(match[1]), int(match[2])


def with_batch_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give ``command`` the options of `BatchOptions`; they arrive in its parameter ``batch``."""
    hints = get_type_hints(BatchOptions, include_extras=True)
    fields = {field.name: field for field in dataclasses.fields(BatchOptions)}
    signature = inspect.signature(command)
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        if parameter.name != "batch":
            parameters.append(parameter)
            continue
        parameters += [
            inspect.Parameter(name, parameter.KEYWORD_ONLY, default=field.default, annotation=hints[name])
            for name, field in fields.items()
        ]

    def run(**values: Any) -> None:
        batch = BatchOptions(**{name: values.pop(name) for name in fields})
        command(**values, batch=batch)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return run
