"""Options of the patch engine for inpainting. Importing this module does not import torch."""

from dataclasses import dataclass, replace
from typing import Literal

from inrr_cli.options import option

ITERATIONS = {"draft": 1, "normal": 4, "best": 10}  # empirical: more gain little but where few pixels are known


@dataclass(frozen=True)
class PatchOptions:
    """Non-local patch engine: a patch graph and Gaussian models of similar patches."""

    quality: Literal["draft", "normal", "best"] = option(
        "normal", "How long the patches take: draft is for looking, best takes several times as long."
    )
    similar: int = option(80, "Number of similar patches in a group.", "> 0")
    radius: int = option(12, "Radius of the search for similar patches, in pixels.", "> 0")
    rounds: int | None = option(
        None, "Iterations of the patch model at the finest scale.", ">= 1", shown="by --quality: 1, 4 or 10"
    )

    @property
    def iterations(self) -> int:
        """Iterations of the patch model at the finest scale: ``rounds``, or what the quality asks for."""
        return ITERATIONS[self.quality] if self.rounds is None else self.rounds

    def __str__(self) -> str:
        return repr(replace(self, rounds=self.iterations))
