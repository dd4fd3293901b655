"""The ``inrr`` command, also as ``python -m inrr_cli``."""

import io
import sys

try:
    from inrr_cli import interruption
except KeyboardInterrupt:
    print("\ninrr: interrupted", file=sys.stderr)
    sys.exit(130)


def main() -> None:
    """Run the command line."""
    interruption.heed_signals()
    try:
        _run()
    except SystemExit:
        raise
    except BaseException:
        if not interruption.received:
            raise
        # outside of any command, as when options are parsed
        print(interruption.MESSAGE, file=sys.stderr, flush=True)
        sys.exit(interruption.exit_code())
    finally:
        interruption.ignore_signals()


def _run() -> None:
    for stream in (sys.stdout, sys.stderr):  # a name beyond the terminal's encoding must not fail a finished run
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        from inrr_cli.cli import app  # only now, for it takes a while and may be interrupted
    except (ImportError, MemoryError, OSError) as error:
        from inrr_cli.shortage import describe_shortage

        if (shortage := describe_shortage(error, None)) is None:
            raise
        print(f"inrr: error: {shortage} before the program was loaded", file=sys.stderr)
        sys.exit(1)

    app(prog_name="inrr")


if __name__ == "__main__":
    main()
