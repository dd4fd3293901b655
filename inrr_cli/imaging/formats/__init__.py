"""One module for each kind of file, with ``read(data) -> Picture`` and ``write(picture, ...) -> bytes``."""
