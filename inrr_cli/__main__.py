"""The ``inrr`` command, also as ``python -m inrr_cli``."""

from inrr_cli.cli import app


def main() -> None:
    """Run the command line."""
    app(prog_name="inrr")


if __name__ == "__main__":
    main()
