"""A session of painting: the image, what was filled, and what was saved."""

from __future__ import annotations

import os
import secrets
from importlib import import_module
from threading import Lock, Thread

from inrr_cli.page.filling import Filler
from inrr_cli.page.opened import OpenedImage
from inrr_cli.page.saving import Saver
from inrr_cli.page.versions import Versions
from inrr_cli.page.views import Views

# all that patches and texture import: a fill that is interrupted must not be importing
ENGINE = ("inrr_cli.patch.engine", "inrr_cli.texture.engine", "scipy.ndimage")


class Session:
    """What the server holds for the page.

    Parameters
    ----------
    image : OpenedImage

    Attributes
    ----------
    id : str
        Tells this session's tiles from those of another one on the same port.
    views : Views
    versions : Versions
    filler : Filler
    saver : Saver
    """

    def __init__(self, image: OpenedImage) -> None:
        self.image, self.id = image, secrets.token_hex(8)
        self.views = Views(image.picture, image.number, image.extent)
        self.versions, self.saver = Versions(), Saver(image)
        self.filler = Filler(image, self.versions, self.saver.mask_name, lambda: self.load_engine().join())
        self._lock = Lock()
        self._loader: Thread | None = None

    @property
    def is_writable(self) -> bool:
        """Whether the folder of the image takes files."""
        return os.access(self.image.path.parent, os.W_OK)

    def load_engine(self) -> Thread:
        """Begin to load what fills, unless that has begun: it takes seconds, in which people paint."""
        with self._lock:
            if self._loader is None:
                self._loader = Thread(target=_load, name="loader")
                self._loader.start()
            return self._loader

    def close(self) -> None:
        """End the fill that runs, and wait for it, and for the file that is being saved."""
        self.filler.close()
        self.saver.close()


def _load() -> None:
    for name in ENGINE:
        import_module(name)
