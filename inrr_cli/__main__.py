"""The ``inrr`` command, also as ``python -m inrr_cli``."""

import io
import os
import sys

from inrr_cli.cli import app


def main() -> None:
    """Run the command line."""
    # Threads of GNU OpenMP spin while they wait for each other: on a busy machine they keep the core from the thread
    # they wait for, and two fits at once take ten times as long. It is read when torch is loaded.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    for stream in (sys.stdout, sys.stderr):  # a name beyond the terminal's encoding must not fail a finished run
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app(prog_name="inrr")


if __name__ == "__main__":
    main()
