"""The methods that can be compared, by name: fills of this package, and peers. Importing this does not import torch."""

from __future__ import annotations

from typing import Any

from inrr_cli.comparison.peers import PEERS, SLOW
from inrr_cli.errors import InputError
from inrr_cli.methods import NETWORK_REGULARIZERS, NETWORKS
from inrr_cli.options import check_name

# keywords of `make_settings`, by name of the method
OURS: dict[str, dict[str, Any]] = {
    "patch": {},
    "patch-draft": {"quality": "draft"},
    "patch-best": {"quality": "best"},
    "texture": {"fill": "texture"},
    **{reg: {"reg": reg} for reg in NETWORK_REGULARIZERS if reg != "none"},
    **{net: {"net": net, "reg": "none"} for net in (*NETWORKS, "ntk")},
    **{f"{net}-{reg}": {"net": net, "reg": reg} for net in NETWORKS for reg in (*NETWORK_REGULARIZERS, "patch")},
}
DEFAULT = ("patch", *(name for name in PEERS if name not in SLOW))


def title_of(method: str) -> str:
    """Return the name of a method for people."""
    return PEERS[method].title if method in PEERS else f"inrr {method}"


def parse_methods(text: str | None) -> tuple[list[str], list[str]]:
    """Split the names of methods, separated by commas, and check them.

    Parameters
    ----------
    text : str, optional
        Without it, the patch engine and all peers but the slow ones.

    Returns
    -------
    list of str, list of str
        The methods that can run, and those whose package is not installed.

    Raises
    ------
    InputError
        If a name is unknown or given twice, or if no method can run.
    """
    names = list(DEFAULT) if text is None else [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        check_name("method", name, (*OURS, *PEERS), where="inrr compare --help lists them")
        if names.count(name) > 1:
            raise InputError(f"--methods names {name} twice; give each method once")
    absent = [name for name in names if name in PEERS and not PEERS[name].is_installed]
    present = [name for name in names if name not in absent]
    if not present:
        reason = f"; {absence_note(absent)}" if absent else ""
        raise InputError(f"--methods leaves no method that can run{reason}")
    return present, absent


def absence_note(absent: list[str]) -> str:
    """Return which methods are left out because their package is not installed, and how to install it."""
    packages = " ".join(dict.fromkeys(PEERS[name].install for name in absent))
    return f"not installed: {', '.join(title_of(name) for name in absent)}; pip install {packages}"
