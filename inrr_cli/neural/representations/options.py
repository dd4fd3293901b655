"""Options of the representations. Importing this module does not import torch."""

from dataclasses import dataclass

from inrr_cli.options import option


@dataclass(frozen=True)
class SirenOptions:
    """Sinusoidal representation network (Sitzmann et al. 2020, arXiv:2006.09661)."""

    omega: float = option(
        30.0, "Frequency scale of the network's first layer; a higher value gives finer detail.", "> 0"
    )
    width: int = option(256, "Units in each hidden layer of the network.", "> 0")
    layers: int = option(5, "Number of hidden layers of the network.", "> 0")


@dataclass(frozen=True)
class InrZOptions(SirenOptions):
    """A second SIREN that also sees the neighbourhood in the first one's image (INRR paper, section 5.1)."""

    neighbours: int = option(3, "Side of the neighbourhood that inr-z sees, in pixels.", "> 0")


@dataclass(frozen=True)
class ReluOptions:
    """Fully connected ReLU network."""

    width: int = option(256, "Units in each hidden layer of the network.", "> 0")
    layers: int = option(5, "Number of hidden layers of the network.", "> 0")


@dataclass(frozen=True)
class FourierOptions:
    """Multiplicative filter network of sines (Fathony et al. 2021, ICLR)."""

    omega: float = option(
        240.0, "Frequency scale of the network's first layer; a higher value gives finer detail.", "> 0"
    )
    width: int = option(256, "Units in each hidden layer of the network.", "> 0")
    filters: int = option(4, "Number of filters that fourier and gabor multiply.", "> 0")


@dataclass(frozen=True)
class GaborOptions(FourierOptions):
    """Multiplicative filter network of Gabor filters (Fathony et al. 2021, ICLR)."""


@dataclass(frozen=True)
class DmfOptions:
    """Deep matrix factorisation (Arora et al. 2019, arXiv:1905.13655)."""

    factors: int = option(3, "Number of matrices that dmf multiplies.", "> 0")


@dataclass(frozen=True)
class NtkOptions:
    """Kernel regression with the neural tangent kernel of Fourier features (INRR paper, theorem 1)."""

    delta: float = option(100.0, "Frequency scale of ntk; a higher value gives finer detail.", "> 0")
    depth: int = option(2, "Number of hidden layers of the network whose kernel ntk uses.", "> 0")
