"""Options of the regularisers. Importing this module does not import torch."""

from dataclasses import dataclass
from typing import Literal

from inrr_cli.options import option

WEIGHT = "Weight (lambda) of the regulariser beside the mean squared error."


@dataclass(frozen=True)
class TvOptions:
    """Total variation (INRR paper, section 5.1)."""

    weight: float = option(1e-3, WEIGHT, ">= 0")


@dataclass(frozen=True)
class L2Options:
    """Norm of the weights of the network (INRR paper, section 5.1)."""

    weight: float = option(1e-5, WEIGHT, ">= 0")


@dataclass(frozen=True)
class AirOptions:
    """Dirichlet energy with free adjacency matrices (Li et al. 2022, arXiv:2110.14934)."""

    weight: float = option(0.005, WEIGHT, ">= 0")


@dataclass(frozen=True)
class InrrOptions:
    """Learned Dirichlet energy of rows and columns (Li et al. 2023, the INRR paper, section 4.2)."""

    weight: float = option(0.015, WEIGHT, ">= 0")
    adjacency: Literal["softmax", "exp"] = option(
        "softmax", "How INRR turns the outputs of its tiny networks into similarities of rows and of columns."
    )
    reg_omega: float = option(
        5.0, "Frequency scale of INRR's tiny networks; a higher value gives more local similarities.", "> 0"
    )
