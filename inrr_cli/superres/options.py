"""Options of the patch engine for super-resolution. Importing this module does not import torch."""

from dataclasses import dataclass

from inrr_cli.options import option


@dataclass(frozen=True)
class SuperresOptions:
    """Zero-shot network and patch model for super-resolution."""

    similar: int = option(40, "Number of similar patches in a group.", "> 0")
    radius: int = option(10, "Radius of the search for similar patches, in pixels.", "> 0")
    rounds: int = option(3, "Iterations of the patch model.", ">= 0")
    train_steps: int = option(600, "Training steps of the network that learns from the image's smaller copies.", ">= 0")
