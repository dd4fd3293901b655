"""The tables of methods: name, class and options. Importing this module does not import torch.

To add a regulariser, write one file with its class in ``inrr_cli/neural/regularizers`` and one line here.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from inrr_cli.errors import InputError
from inrr_cli.neural.regularizers.options import AirOptions, InrrOptions, L2Options, TvOptions
from inrr_cli.neural.representations.options import (
    DmfOptions,
    FourierOptions,
    GaborOptions,
    InrZOptions,
    NtkOptions,
    ReluOptions,
    SirenOptions,
)
from inrr_cli.options import NoOptions, check_name
from inrr_cli.patch.options import PatchOptions
from inrr_cli.superres.options import SuperresOptions

if TYPE_CHECKING:
    from inrr_cli.neural.regularizers.base import Regularizer
    from inrr_cli.neural.representations.base import Representation


class Method(NamedTuple):
    """A method of the tables.

    Attributes
    ----------
    options : type
        Its dataclass of options.
    target : str
        "module:Class" of a representation or a regulariser that is fitted; empty for a method without one.
    """

    options: type[Any]
    target: str = ""


NETWORKS = {
    "siren": Method(SirenOptions, "inrr_cli.neural.representations.siren:Siren"),
    "relu": Method(ReluOptions, "inrr_cli.neural.representations.relu:Relu"),
    "fourier": Method(FourierOptions, "inrr_cli.neural.representations.fourier:Fourier"),
    "gabor": Method(GaborOptions, "inrr_cli.neural.representations.gabor:Gabor"),
    "dmf": Method(DmfOptions, "inrr_cli.neural.representations.dmf:Dmf"),
    "inr-z": Method(InrZOptions, "inrr_cli.neural.representations.inr_z:InrZ"),
}
REPRESENTATIONS = {"grid": Method(NoOptions)} | NETWORKS | {"ntk": Method(NtkOptions)}
NETWORK_REGULARIZERS = {
    "inrr": Method(InrrOptions, "inrr_cli.neural.regularizers.inrr:Inrr"),
    "air": Method(AirOptions, "inrr_cli.neural.regularizers.air:Air"),
    "tv": Method(TvOptions, "inrr_cli.neural.regularizers.tv:Tv"),
    "l2": Method(L2Options, "inrr_cli.neural.regularizers.l2:L2"),
    "none": Method(NoOptions),
}
REGULARIZERS = {
    "inpaint": {"patch": Method(PatchOptions)} | NETWORK_REGULARIZERS,
    "superres": {"patch": Method(SuperresOptions)} | NETWORK_REGULARIZERS,
}

Task = Literal["inpaint", "superres"]


def choose_methods(reg: str | None, net: str | None, task: Task = "inpaint") -> tuple[str, str]:
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
    check_name("regulariser", reg, REGULARIZERS["inpaint"])
    check_name("representation", net, REPRESENTATIONS)
    if net == "ntk" and task == "superres":
        raise InputError(f"superres does not take --net ntk; use grid or {' or '.join(NETWORKS)}")
    if net == "grid" and reg != "patch":
        raise InputError(f"the pixel grid has no regulariser {reg}; use --reg patch, or --net siren")
    if net == "ntk" and reg != "none":
        raise InputError(f"a kernel regression has no regulariser {reg}; use --reg none, or --net siren")
    return reg, net


def load_representation(name: str) -> type[Representation]:
    """Return the class behind ``--net name``; one of NETWORKS."""
    found: type[Representation] = _load(NETWORKS[name])
    return found


def load_regularizer(name: str) -> type[Regularizer] | None:
    """Return the class behind ``--reg name``; None for a method that adds no energy to the loss."""
    method = REGULARIZERS["inpaint"][name]
    return _load(method) if method.target else None


def _load(method: Method) -> Any:
    module, name = method.target.split(":")
    return getattr(importlib.import_module(module), name)
