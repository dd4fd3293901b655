"""The journal of a batch: JSON lines, only ever appended to, that say which images are done."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from inrr_cli.errors import InputError, JournalError
from inrr_cli.imaging.windows.opening import files_of

BEGUN, DONE, FAILED = "begun", "done", "failed"
CHUNK = 2**20


@dataclass(frozen=True)
class Stamp:
    """What tells that a file is still the same: its size and time of change, and where these differ its content.

    Attributes
    ----------
    size : int
        Bytes.
    mtime_ns : int
        Time of the last change in nanoseconds.
    sha256 : str
    """

    size: int
    mtime_ns: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Stamp:
        """Return the stamp of a file, or of the files of a Zarr array."""
        size, mtime_ns = _measure(path)
        digest = hashlib.sha256()
        for each in files_of(path):
            with each.open("rb") as file:
                while chunk := file.read(CHUNK):
                    digest.update(chunk)
        return cls(size, mtime_ns, digest.hexdigest())

    def holds_for(self, path: Path) -> bool:
        """Whether a file is the one that was stamped; it is read only if its time has changed."""
        try:
            size, mtime_ns = _measure(path)
            return size == self.size and (mtime_ns == self.mtime_ns or self.of(path).sha256 == self.sha256)
        except OSError:
            return False


def _measure(path: Path) -> tuple[int, int]:
    """Return the bytes of a file or a folder, and the time of the last change in nanoseconds."""
    states = [file.stat() for file in files_of(path)]
    return sum(state.st_size for state in states), max((state.st_mtime_ns for state in states), default=0)


@dataclass(frozen=True)
class Entry:
    """What a journal says last of an image.

    Attributes
    ----------
    status : {"begun", "done", "failed"}
    inputs : list of Stamp
        Of the image, its masks, its reference and its places not to copy from, in this order.
    outputs : dict of str to Stamp
        Of the files that were written, by their paths from the folder of the journal.
    options : str
        Hash of the options that decide what the outputs hold, the version of the program among them.
    """

    status: str
    inputs: list[Stamp] = field(default_factory=list)
    outputs: dict[str, Stamp] = field(default_factory=dict)
    options: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """Where the last line on an image is: the entries of many images would take gigabytes.

    Attributes
    ----------
    journal : Path
    place : int
        Of its first byte.
    claimed : bool
        Whether a batch has begun the image once, so that outputs of its name are the batch's.
    """

    journal: Path
    place: int
    claimed: bool


class History:
    """What the journals of a folder say.

    Images are known by the name of their output, without its suffix, as a path from the folder.

    Parameters
    ----------
    folder : Path or None
        Of the outputs; None where there are no journals.
    """

    PATTERN = "inrr-journal*.jsonl"

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder or Path()
        self.lines: dict[str, Line] = {}
        for path in [] if folder is None else sorted(folder.glob(self.PATTERN)):
            self._read(path)

    def is_done(self, name: str, inputs: list[Path], options: str) -> bool:
        """Whether an image was done with the same inputs and options, and its outputs are there unchanged."""
        entry = self._entry(name)
        if entry is None or entry.status != DONE or entry.options != options or len(inputs) != len(entry.inputs):
            return False
        same = all(stamp.holds_for(path) for stamp, path in zip(entry.inputs, inputs, strict=True))
        return same and all(stamp.holds_for(self.folder / path) for path, stamp in entry.outputs.items())

    def may_replace(self, name: str, path: Path) -> bool:
        """Whether an output that exists was written by a batch, and by nobody else since."""
        entry = self._entry(name)
        if entry is None or entry.status != DONE:
            return entry is not None and self.lines[name].claimed
        stamp = entry.outputs.get(self._relative(path))
        return stamp is not None and stamp.holds_for(path)

    def _entry(self, name: str) -> Entry | None:
        """Return what is said last of an image; None if nothing is."""
        line = self.lines.get(name)
        if line is None:
            return None
        with line.journal.open("rb") as file:
            file.seek(line.place)
            found = _parse(file.readline())
        return found[1] if found is not None and found[0] == name else None  # others may change files

    def _add(self, name: str, event: str, journal: Path, place: int) -> None:
        """Take note of a line; an image that failed and was never begun claims nothing."""
        before = self.lines.get(name)
        claimed = event != FAILED or (before is not None and before.claimed)
        self.lines[name] = Line(journal, place, claimed)

    def _relative(self, path: Path) -> str:
        return Path(os.path.relpath(path, self.folder)).as_posix()

    def _read(self, path: Path) -> None:
        """Take what a journal says; a last line that a crash cut off says nothing."""
        place = 0
        with path.open("rb") as file:
            for line in file:
                if (found := _parse(line)) is not None:
                    self._add(found[0], found[1].status, path, place)
                place += len(line)


class Journal(History):
    """The journals of a folder, of which one is written.

    Parameters
    ----------
    folder : Path
    shard : (int, int), optional
        Each shard has a journal of its own.

    Raises
    ------
    InputError
        If another run writes this journal, or it cannot be written.
    """

    def __init__(self, folder: Path, shard: tuple[int, int] | None = None) -> None:
        self.path = folder / f"inrr-journal{shard_ending(shard)}.jsonl"
        try:
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
            _lock(self._handle, self.path)  # before it is read: another run may be at its last image
            self._end_torn_line()
            super().__init__(folder)
        except OSError as error:
            raise InputError(f"{error.filename or self.path}: cannot write the journal ({error.strerror})") from None

    @property
    def owner(self) -> str:
        """What the names of temporary files say of this journal's run; see `inrr_cli.imaging.atomic`."""
        return hashlib.sha256(os.fsencode(self.path.resolve())).hexdigest()[:8]

    def close(self) -> None:
        """Close the file, which frees its lock."""
        os.close(self._handle)

    def begin(self, name: str) -> None:
        """Claim the outputs of a name: should this run be killed, the next may replace them."""
        self._append(name, {"event": BEGUN})

    def finish(
        self, name: str, inputs: Iterable[Stamp], outputs: dict[Path, Stamp], options: str, facts: dict[str, Any]
    ) -> None:
        """Say that an image is done; ``facts`` are for those who read."""
        entry = Entry(DONE, list(inputs), {self._relative(path): stamp for path, stamp in outputs.items()}, options)
        self._append(name, {"event": DONE, **asdict(entry), **facts})

    def fail(self, name: str, error: str, facts: dict[str, Any]) -> None:
        """Say that an image has failed."""
        self._append(name, {"event": FAILED, "error": error, **facts})

    def _append(self, name: str, said: dict[str, Any]) -> None:
        """Append a line on an image, and wait until it is on the disk."""
        data = f"{json.dumps({'name': name, **said}, allow_nan=False)}\n".encode()
        try:
            if os.write(self._handle, data) < len(data):  # a full disk takes a part; what follows must not join it
                raise OSError(28, "No space left on device")
            os.fsync(self._handle)
        except OSError as error:
            raise JournalError(f"{self.path}: cannot write the journal: {error.strerror}") from None
        self._add(name, said["event"], self.path, os.lseek(self._handle, 0, os.SEEK_CUR) - len(data))

    def _end_torn_line(self) -> None:
        """End a line that a crash cut off, so that the next one is a line of its own."""
        size = os.fstat(self._handle).st_size
        with self.path.open("rb") as file:
            file.seek(max(0, size - 1))
            if file.read() not in (b"", b"\n"):
                os.write(self._handle, b"\n")


def _parse(line: bytes) -> tuple[str, Entry] | None:
    """Return the name of an image and its entry; None for a line that a crash cut off."""
    try:
        said = json.loads(line)
        inputs = [Stamp(**stamp) for stamp in said.get("inputs", ())]
        outputs = {name: Stamp(**stamp) for name, stamp in said.get("outputs", {}).items()}
        return said["name"], Entry(said["event"], inputs, outputs, said.get("options", ""))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def shard_ending(shard: tuple[int, int] | None) -> str:
    """Return what the names of a shard's own files end with."""
    return "" if shard is None else f"-{shard[0]}-of-{shard[1]}"


def _lock(handle: int, path: Path) -> None:
    """Keep other runs from a journal, on systems and disks that can."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError(f"{path}: another run is writing to this folder; wait for its end") from None
    except OSError:  # a shared disk without locks
        return
