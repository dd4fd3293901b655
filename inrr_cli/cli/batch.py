"""Several images by one call, each by itself; in a folder the image's name says which file."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from inrr_cli.cli.console import note, tell, verbosity
from inrr_cli.cli.options import Images, disguise
from inrr_cli.errors import ExitCode, InputError
from inrr_cli.imaging.writing import STANDARD
from inrr_cli.masking.from_file import is_from_picture


class _OptionError(InputError):
    """An option cannot be used, whatever the image."""


@contextmanager
def whatever_the_image() -> Iterator[None]:
    """Mark errors that are no single image's fault: they end a batch."""
    try:
        yield
    except InputError as error:
        raise _OptionError(str(error)) from error


def for_each_image(
    command: Callable[..., None], *, writes: dict[str, str], alone: Iterable[str] = ()
) -> Callable[..., None]:
    """Let a command take several images, and folders in place of files.

    An image that fails is told of, and the next one is done; then the exit code is ``ExitCode.PARTIAL``.

    Parameters
    ----------
    command : callable
        With parameters ``image``, ``output`` and, where it has any, ``mask`` and ``reference``: a folder of these has
        a file of the image's name.
    writes : dict
        Parameters that are further files to write: in a folder, the image's name and this ending.
    alone : iterable of str
        Parameters that have no meaning for several images.
    """
    signature = inspect.signature(command, eval_str=True)

    def run(*, images: list[Path], **values: Any) -> None:
        if len(images) == 1:
            command(image=images[0], **_for(images[0], values, writes))
            return
        _check(images, values, ("output", *writes), alone)
        failed = []
        for number, image in enumerate(images, 1):
            note(f"{image} ({number} of {len(images)})")
            try:
                command(image=image, **_for(image, values, writes))
            except (typer.Exit, _OptionError, BrokenPipeError):
                raise
            except Exception as error:
                if verbosity.debug:
                    raise
                tell(error, str(image))
                failed.append(str(image))
        if failed:
            note(f"inrr: {len(failed)} of {len(images)} images failed: {', '.join(failed)}")
            raise typer.Exit(ExitCode.PARTIAL)

    several = inspect.Parameter("images", inspect.Parameter.KEYWORD_ONLY, annotation=Images)
    others = [parameter for parameter in signature.parameters.values() if parameter.name != "image"]
    return disguise(run, command, [several, *others])


def _check(images: list[Path], values: dict[str, Any], written: Iterable[str], alone: Iterable[str]) -> None:
    """Refuse what cannot be meant for several images."""
    for name in alone:
        if values[name] is not None:
            raise InputError(f"--{name} is for one image; got {len(images)}")
    for name in written:
        if values[name] is not None and not values[name].is_dir():
            flag = name.replace("_", "-")
            raise InputError(f"--{flag} {values[name]}: for several images it must be a folder that exists")
    if STANDARD in images:
        raise InputError("-: standard input is one image; give it alone")
    places = [((values["output"] or image.parent).resolve(), image.stem) for image in images]
    count = Counter(places)
    for image, place in zip(images, places, strict=True):
        if count[place] > 1:
            raise InputError(f"{image}: another image has the same name, and their results would too; do one by itself")


def _for(image: Path, values: dict[str, Any], writes: dict[str, str]) -> dict[str, Any]:
    """Values of the parameters for one image."""
    if image.is_dir():
        raise InputError(f"{image}: is a folder; give the images in it, as in {image / '*.png'}")
    own = dict(values)
    for name, ending in writes.items():
        if own[name] is not None and own[name].is_dir():
            own[name] = own[name] / f"{image.stem}{ending}"
    if own.get("reference") is not None:
        own["reference"] = _of_its_name(own["reference"], image)
    if "mask" in own:
        own["mask"] = [mask if is_from_picture(mask) else str(_of_its_name(Path(mask), image)) for mask in own["mask"]]
    return own


def _of_its_name(place: Path, image: Path) -> Path:
    """Return a file itself, of a folder the file that has the image's name, if only but for the suffix."""
    if not place.is_dir():
        return place
    if (place / image.name).is_file():
        return place / image.name
    found = [path for path in place.iterdir() if path.stem == image.stem and path.is_file()]
    if len(found) != 1:
        raise InputError(f"{place}: {'several files are' if found else 'no file is'} named {image.stem}")
    return found[0]
