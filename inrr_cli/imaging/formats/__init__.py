"""One module per image format, or per library, with ``sizes(data)``, ``read(data) -> Picture`` and ``write``."""

import importlib
from typing import Any


def load_format(name: str) -> Any:
    """Import a module of this package: on first use, because the decoders are slow to import."""
    return importlib.import_module(f"inrr_cli.imaging.formats.{name}")
