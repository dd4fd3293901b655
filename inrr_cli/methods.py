"""Which representations and regularisers there are, and the options of each, without importing torch.

A method is one module with one class of the same name in CamelCase (``inr-z`` is ``InrZ`` in ``inr_z.py``), and one
frozen dataclass of options here. The command line makes its flags and its help from the dataclasses.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal

from inrr_cli.errors import InputError

if TYPE_CHECKING:
    from inrr_cli.neural.interfaces import Regularizer, Representation

Adjacency = Literal["softmax", "exp"]


def _about(help: str, check: str = "") -> dict[str, str]:
    """Metadata of an option: its help text and, for a number, the bound it must satisfy."""
    return {"help": help, "check": check}


@dataclass(frozen=True)
class SirenOptions:
    """Sinusoidal representation network (Sitzmann et al. 2020, arXiv:2006.09661)."""

    omega: float = field(
        default=30.0, metadata=_about("Frequency scale of the first layer: higher for finer detail.", "> 0")
    )
    width: int = field(default=256, metadata=_about("Units in each hidden layer.", "> 0"))
    layers: int = field(default=5, metadata=_about("Hidden layers.", "> 0"))


@dataclass(frozen=True)
class InrZOptions(SirenOptions):
    """A second SIREN that also sees the neighbourhood as a first one made it (INRR paper, section 5.1)."""

    neighbours: int = field(default=3, metadata=_about("Side of that neighbourhood, in pixels.", "> 0"))


@dataclass(frozen=True)
class ReluOptions:
    """Plain fully connected ReLU network."""

    width: int = field(default=256, metadata=_about("Units in each hidden layer.", "> 0"))
    layers: int = field(default=5, metadata=_about("Hidden layers.", "> 0"))


@dataclass(frozen=True)
class FourierOptions:
    """Multiplicative filter network of sines (Fathony et al. 2021, ICLR)."""

    omega: float = field(
        default=240.0, metadata=_about("Frequency scale of the first layer: higher for finer detail.", "> 0")
    )
    width: int = field(default=256, metadata=_about("Units in each hidden layer.", "> 0"))
    filters: int = field(default=4, metadata=_about("Filters that are multiplied.", "> 0"))


@dataclass(frozen=True)
class GaborOptions(FourierOptions):
    """Multiplicative filter network of Gabor filters (Fathony et al. 2021, ICLR)."""


@dataclass(frozen=True)
class DmfOptions:
    """Deep matrix factorisation (Arora et al. 2019, arXiv:1905.13655)."""

    factors: int = field(default=3, metadata=_about("Matrices that are multiplied.", "> 0"))


@dataclass(frozen=True)
class NtkOptions:
    """Kernel regression with the neural tangent kernel of Fourier features (INRR paper, theorem 1)."""

    delta: float = field(
        default=100.0, metadata=_about("Deviation of the Fourier features: higher for finer detail.", "> 0")
    )
    depth: int = field(default=2, metadata=_about("Hidden layers of the network whose kernel it is.", "> 0"))


@dataclass(frozen=True)
class TvOptions:
    """Total variation (INRR paper, section 5.1)."""

    weight: float = field(
        default=1e-3, metadata=_about("Lambda: weight of the energy beside the mean squared error.", ">= 0")
    )


@dataclass(frozen=True)
class L2Options:
    """Norm of the weights of the network (INRR paper, section 5.1)."""

    weight: float = field(
        default=1e-6, metadata=_about("Lambda: weight of the energy beside the mean squared error.", ">= 0")
    )


@dataclass(frozen=True)
class AirOptions:
    """Dirichlet energy with free adjacency matrices (Li et al. 2022, arXiv:2110.14934)."""

    weight: float = field(
        default=0.005, metadata=_about("Lambda: weight of the energy beside the mean squared error.", ">= 0")
    )


@dataclass(frozen=True)
class InrrOptions:
    """Learned Dirichlet energy of rows and columns (Li et al. 2023, the INRR paper, section 4.2)."""

    weight: float = field(
        default=0.015, metadata=_about("Lambda: weight of the energy beside the mean squared error.", ">= 0")
    )
    adjacency: Adjacency = field(
        default="softmax", metadata=_about("How the tiny networks make the row and column similarities.")
    )
    reg_omega: float = field(
        default=20.0,
        metadata=_about("Frequency scale of the tiny networks: higher for closer similarities.", "> 0"),
    )
    sharpness: float = field(
        default=3.0, metadata=_about("Factor of the tiny networks' output: higher for fewer similar rows.", "> 0")
    )


@dataclass(frozen=True)
class PatchOptions:
    """Non-local patch engine: patch graph and Gaussian models of similar patches (see `inrr_cli.patch`)."""

    similar: int = field(default=80, metadata=_about("Patches in a group of similar ones.", "> 0"))
    radius: int = field(default=12, metadata=_about("Reach of the search for them, in pixels.", "> 0"))
    rounds: int = field(default=4, metadata=_about("Rounds at the finest scale.", ">= 2"))


@dataclass(frozen=True)
class SuperresOptions:
    """Patch engine for super-resolution (see `inrr_cli.superres`)."""

    similar: int = field(default=40, metadata=_about("Patches in a group of similar ones.", "> 0"))
    radius: int = field(default=10, metadata=_about("Reach of the search for them, in pixels.", "> 0"))
    rounds: int = field(default=3, metadata=_about("Rounds of similar patches.", ">= 0"))
    lessons: int = field(
        default=600, metadata=_about("Pieces to learn from: pairs of the picture and its smaller copies.", ">= 0")
    )


@dataclass(frozen=True)
class NoOptions:
    """A method without options."""


NETWORKS: dict[str, type[Any]] = {
    "siren": SirenOptions,
    "relu": ReluOptions,
    "fourier": FourierOptions,
    "gabor": GaborOptions,
    "dmf": DmfOptions,
    "inr-z": InrZOptions,
}
REPRESENTATIONS: dict[str, type[Any]] = {"grid": NoOptions} | NETWORKS | {"ntk": NtkOptions}
NETWORK_REGULARIZERS: dict[str, type[Any]] = {
    "inrr": InrrOptions,
    "air": AirOptions,
    "tv": TvOptions,
    "l2": L2Options,
    "none": NoOptions,
}
REGULARIZERS: dict[str, type[Any]] = {"patch": PatchOptions} | NETWORK_REGULARIZERS
TASKS = {"inpaint": REGULARIZERS, "superres": {"patch": SuperresOptions} | NETWORK_REGULARIZERS}

BOUNDS: dict[str, Callable[[float], bool]] = {
    "> 0": lambda value: 0 < value < float("inf"),
    ">= 0": lambda value: 0 <= value < float("inf"),
    ">= 2": lambda value: 2 <= value < float("inf"),
}


def choose_methods(reg: str | None, net: str | None) -> tuple[str, str]:
    """Complete a choice of regulariser and representation, and check that the two go together.

    The patch engine works on the pixel grid; the other regularisers need a network; a kernel regression has none.

    Raises
    ------
    InputError
        For an unknown name or a pair that does not exist.
    """
    if reg is None:
        reg = "patch" if net in (None, "grid") else "none" if net == "ntk" else "inrr"
    if net is None:
        net = "grid" if reg == "patch" else "siren"
    check_name("regulariser", reg, REGULARIZERS)
    check_name("representation", net, REPRESENTATIONS)
    if net == "grid" and reg != "patch":
        raise InputError(f"the pixel grid has no regulariser {reg}; use --reg patch, or --net siren")
    if net == "ntk" and reg != "none":
        raise InputError(f"a kernel regression has no regulariser {reg}; use --reg none, or --net siren")
    return reg, net


def load_representation(name: str) -> type[Representation]:
    """Return the class behind ``--net name``."""
    found: type[Representation] = _load("representations", name)
    return found


def load_regularizer(name: str) -> type[Regularizer] | None:
    """Return the class behind ``--reg name``, None for those that add no energy to the loss."""
    if name in ("none", "patch"):
        return None
    found: type[Regularizer] = _load("regularizers", name)
    return found


def check_name(kind: str, name: str, known: dict[str, Any]) -> None:
    """Raise InputError, with the nearest name, unless ``name`` is one of ``known``."""
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"choose one of {', '.join(known)}"
        raise InputError(f"unknown {kind} {name!r}; {hint}")


def make_options(owner: str, options: type[Any], values: dict[str, Any]) -> Any:
    """Build an options dataclass from those of ``values`` that it has, checked against their bounds."""
    fields = {item.name: item for item in dataclasses.fields(options)}
    chosen = {name: value for name, value in values.items() if name in fields}
    for name, value in chosen.items():
        bound = fields[name].metadata["check"]
        if bound and not BOUNDS[bound](value):
            raise InputError(f"{name} of {owner} must be {bound}, got {value:g}")
        if fields[name].type == "Adjacency" and value not in ("softmax", "exp"):
            raise InputError(f"{name} of {owner} must be softmax or exp, got {value!r}")
    return options(**chosen)


def _load(package: str, name: str) -> Any:
    module = importlib.import_module(f"inrr_cli.neural.{package}.{name.replace('-', '_')}")
    return getattr(module, name.title().replace("-", ""))
