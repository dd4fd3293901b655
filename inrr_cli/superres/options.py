"""Options of the patch engine for super-resolution. Importing this module does not import torch."""

from dataclasses import dataclass, replace
from typing import Literal

from inrr_cli.options import option

# training steps, and iterations of the patch model; empirical
WORK = {"draft": (150, 0), "normal": (600, 3), "best": (2400, 3)}


@dataclass(frozen=True)
class SuperresOptions:
    """Zero-shot network and patch model for super-resolution."""

    quality: Literal["draft", "normal", "best"] = option(
        "normal", "How long the patches take: draft is for looking, best takes several times as long."
    )
    similar: int = option(40, "Number of similar patches in a group.", "> 0")
    radius: int = option(10, "Radius of the search for similar patches, in pixels.", "> 0")
    rounds: int | None = option(None, "Iterations of the patch model.", ">= 0", shown="by --quality: 0, 3 or 3")
    train_steps: int | None = option(
        None,
        "Training steps of the network that learns from the image's smaller copies.",
        ">= 0",
        shown="by --quality: 150, 600 or 2400",
    )

    @property
    def training_steps(self) -> int:
        """Training steps: ``train_steps``, or what the quality asks for."""
        return WORK[self.quality][0] if self.train_steps is None else self.train_steps

    @property
    def iterations(self) -> int:
        """Iterations of the patch model: ``rounds``, or what the quality asks for."""
        return WORK[self.quality][1] if self.rounds is None else self.rounds

    def __str__(self) -> str:
        return repr(replace(self, rounds=self.iterations, train_steps=self.training_steps))
