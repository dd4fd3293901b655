"""Options of the patch engine for inpainting. Importing this module does not import torch."""

from dataclasses import dataclass

from inrr_cli.options import option


@dataclass(frozen=True)
class PatchOptions:
    """Non-local patch engine: a patch graph and Gaussian models of similar patches."""

    similar: int = option(80, "Number of similar patches in a group.", "> 0")
    radius: int = option(12, "Radius of the search for similar patches, in pixels.", "> 0")
    rounds: int = option(4, "Iterations of the patch model at the finest scale.", ">= 2")
