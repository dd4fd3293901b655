"""Exit codes, and the exceptions that the command line reports in one line."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the command returns to the shell."""

    OK = 0
    FAILURE = 1
    BAD_INPUT = 2
    PARTIAL = 3
    INTERRUPTED = 130  # by Ctrl-C
    TERMINATED = 143  # by SIGTERM


class InputError(ValueError):
    """Something the caller gave cannot be used; the message says what, where and what to do.

    The command line prints the message as one line and exits with ``ExitCode.BAD_INPUT``.
    """


class OutputExistsError(InputError):
    """An output exists, and the caller did not ask to overwrite it."""


class UnwritableError(InputError):
    """A folder or a disk takes no files, so that the next output would fail too."""


class OutOfMemoryError(RuntimeError):
    """The command ran out of memory; the message says how much was asked for, as far as known, and what to do."""


class DivergedError(RuntimeError):
    """A fit's loss stopped being finite, so there is no result."""


class TileError(RuntimeError):
    """A worker could not fill a tile of an image; the message says why. The tiles that were filled are kept."""


class EncodingError(RuntimeError):
    """A file that was encoded does not hold what was meant, so nothing is written."""


class WorkersError(RuntimeError):
    """Workers cannot start, or those of a cluster are gone; the message says what is known of the reason."""


class JournalError(RuntimeError):
    """The journal of a batch cannot be written, so the batch stops."""
