"""Options of the patch engine for inpainting. Importing this module does not import torch."""

from dataclasses import dataclass, replace
from typing import Literal

from inrr_cli.options import option


@dataclass(frozen=True)
class Effort:
    """What a quality asks of the patch model.

    Attributes
    ----------
    rounds : int
        Iterations at the finest scale, at most, before the last ones.
    improvement : float
        Part of the squared error of held-out samples that an iteration has to take off.
    patience : int
        Iterations that may fail to do so before they end.
    overlaps : tuple of int
        Patches over each pixel along an axis in each of the last iterations, which know the held-out samples too.
    runs : int
        Estimates by patches of other sides that are blended.
    reach : int
        Factor of the radius of the search.
    """

    rounds: int
    improvement: float
    patience: int
    overlaps: tuple[int, ...]
    runs: int
    reach: int


EFFORTS = {
    "draft": Effort(1, 0.05, 1, (2,), 1, 1),
    "normal": Effort(12, 0.05, 1, (2, 3), 1, 1),
    "best": Effort(24, 0.02, 2, (2, 3), 2, 2),
}


@dataclass(frozen=True)
class PatchOptions:
    """Non-local patch engine: a patch graph and Gaussian models of similar patches."""

    quality: Literal["draft", "normal", "best"] = option(
        "normal", "How long the patches take: draft is for looking, best takes several times as long."
    )
    similar: int = option(80, "Number of similar patches in a group.", "> 0")
    radius: int = option(12, "Radius of the search for similar patches, in pixels.", "> 0")
    rounds: int | None = option(
        None,
        "Iterations of the patch model at the finest scale, at most; one or two follow.",
        ">= 1",
        shown="by --quality: 1, 12 or 24",
    )

    @property
    def effort(self) -> Effort:
        """What the quality asks for, with the ``rounds`` that are asked for."""
        effort = EFFORTS[self.quality]
        return effort if self.rounds is None else replace(effort, rounds=self.rounds)

    def __str__(self) -> str:
        return repr(replace(self, rounds=self.effort.rounds))
