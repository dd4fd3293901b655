"""The ``inrr`` command, also as ``python -m inrr_cli``."""

import os

from inrr_cli.cli import app


def main() -> None:
    """Run the command line."""
    # Threads of GNU OpenMP spin while they wait for each other: on a busy machine they keep the core from the thread
    # they wait for, and two fits at once take ten times as long. It is read when torch is loaded.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    app(prog_name="inrr")


if __name__ == "__main__":
    main()
