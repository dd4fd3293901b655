"""Images of a network's fit, at steps that are evenly spaced on a logarithmic scale, and an animation of them."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.cli.console import note, warn
from inrr_cli.cli.files import Files
from inrr_cli.cli.outputs import check_extra_outputs
from inrr_cli.engine import FitState
from inrr_cli.errors import InputError, UnwritableError
from inrr_cli.imaging.atomic import as_input_error
from inrr_cli.imaging.preview import contrast_limits, to_8_bits
from inrr_cli.imaging.writing import write_files
from inrr_cli.neural.history import logarithmic_steps
from inrr_cli.result import Measurement
from inrr_cli.settings import Settings

if TYPE_CHECKING:
    from inrr_cli.cli.job import Job

MOST = 200  # images, which all are in memory for the animation: 200 of a megapixel in colour take 600 MB
ANIMATION = "fit.png"
DURATION = 150  # ms of an image: 40 images, as many as a fit has new things to show, pass in six seconds
LAST_DURATION = 2000  # ms: long enough to look at what the fit came to


@dataclass
class Snapshots:
    """Collects 8-bit images of a fit; give `record` to a `Control` as its ``observe``.

    Parameters
    ----------
    count : int
    folder : Path
    limits : (float, float)
        Values that become 0 and 255, the same for all images.

    Attributes
    ----------
    frames : dict of int to (M, N[, 3]) ndarray of uint8
        By the step.
    """

    count: int
    folder: Path
    limits: tuple[float, float]
    frames: dict[int, NDArray[np.uint8]] = field(default_factory=dict)

    def record(self, state: FitState) -> None:
        """Keep what the network makes, if this is one of the steps; a fit that begins anew drops those before."""
        if self.frames and state.step <= max(self.frames):
            self.frames.clear()
        if state.step in logarithmic_steps(state.total, self.count):
            self.frames[state.step] = to_8_bits(state.image(), limits=self.limits)

    def files(self) -> dict[Path, bytes]:
        """Return the contents of the files: each image, and the animation."""
        if not self.frames:
            return {}
        from PIL import Image

        images = [Image.fromarray(frame) for frame in self.frames.values()]
        files = {path: _encode(image) for path, image in zip(self._paths(self.frames), images, strict=True)}
        duration = [DURATION] * (len(images) - 1) + [LAST_DURATION]
        animated = _encode(images[0], save_all=True, append_images=images[1:], duration=duration, loop=0)
        return files | {self.folder / ANIMATION: animated}

    def planned(self, total: int) -> list[Path]:
        """Return the files that a fit of so many steps writes."""
        return [*self._paths(logarithmic_steps(total, self.count)), self.folder / ANIMATION]

    def _paths(self, steps: Any) -> list[Path]:
        return [self.folder / f"step_{step:06d}.png" for step in steps]


def _encode(image: Any, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()


def check_snapshots(asked: tuple[int, Path] | None, settings: Settings) -> None:
    """Refuse snapshots of what is no fit, or of several.

    Raises
    ------
    InputError
    """
    if asked is None:
        return
    if settings.recipe is None:
        raise InputError("--snapshots is for a network's fit; choose one, as --reg inrr does")
    if not 2 <= asked[0] <= MOST:
        raise InputError(
            f"--snapshots takes 2 to {MOST} images, the first step and the last among them; got {asked[0]}"
        )
    if settings.per_channel:
        raise InputError("--snapshots is for one fit, and --per-channel makes one of each channel; leave one out")
    if settings.values != "linear":
        raise InputError(f"--snapshots has no meaning for --values {settings.values}; leave it out")


def make_snapshots(
    asked: tuple[int, Path] | None,
    job: Job,
    used: list[Path],
    files: Files,
    settings: Settings,
    measurement: Measurement,
) -> Snapshots | None:
    """Return what collects the snapshots that were asked for, if they can be written.

    Parameters
    ----------
    asked : (int, Path) or None
        Number of images, and their folder.
    job : Job
    used : list of Path
        Files that are read or written otherwise.
    files : Files
    settings : Settings
    measurement : Measurement
        Its missing samples do not count for the contrast.

    Raises
    ------
    InputError
        If there are several pages, or a file cannot be written or would be overwritten without ``files.force``.
    """
    if asked is None or settings.recipe is None:
        return None
    count, folder = asked
    if len(job.numbers) > 1:
        choose = "; choose one with --pages" if job.command == "inpaint" else ""
        raise InputError(f"--snapshots is for one page, and there are {len(job.numbers)}{choose}")
    page = job.template.pages[job.numbers[0]]
    known = None if measurement.missing is None else ~measurement.missing[0]
    snapshots = Snapshots(count, folder, contrast_limits(page, known))
    _check_folder(folder)
    planned = snapshots.planned(settings.recipe.steps)
    check_extra_outputs(used, dict.fromkeys(planned, (".png",)), replace(files, makes_folders=True))
    others = set(folder.glob("step_*.png")) - set(planned) if folder.is_dir() else set()
    if others:
        warn(f"{folder}: holds {len(others)} images of another fit, which stay there")
    return snapshots


def _check_folder(folder: Path) -> None:
    """Refuse a folder that is none, or cannot be made."""
    if folder.is_dir():
        return
    try:
        if folder.exists() or folder.is_symlink():
            raise InputError(f"{folder}: is no folder; give a folder for the snapshots")
        parent = next(parent for parent in folder.absolute().parents if parent.exists())
    except OSError as error:
        raise InputError(f"{folder}: cannot be a folder ({error.strerror})") from None
    if not parent.is_dir():
        raise InputError(f"{folder}: {parent} is no folder")
    if not os.access(parent, os.W_OK):
        raise UnwritableError(f"{folder}: no permission to make a folder in {parent}")


def write_with_snapshots(outputs: Mapping[Path, bytes], snapshots: Snapshots | None, *, replace: bool) -> None:
    """Write the outputs of a command and the snapshots, all or none, with the folder of the snapshots.

    The parameters and errors are those of `inrr_cli.imaging.writing.write_files`.
    """
    images = {} if snapshots is None else snapshots.files()
    if snapshots is None or not images:
        write_files(outputs, replace=replace)
        if snapshots is not None:
            warn("no step of the fit was left to run, so there are no snapshots")
        return
    made = [folder for folder in (snapshots.folder, *snapshots.folder.parents) if not folder.exists()]
    try:
        with as_input_error(snapshots.folder):
            snapshots.folder.mkdir(parents=True, exist_ok=True)
        write_files({**outputs, **images}, replace=replace)
    except BaseException:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()
        raise
    note(f"{snapshots.folder}  {len(images) - 1} images of the fit, and {ANIMATION}")
