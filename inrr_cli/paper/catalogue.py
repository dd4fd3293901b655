"""The experiments by name. A module is imported only when one of its experiments is asked for."""

from __future__ import annotations

import importlib

from inrr_cli.paper.experiment import Experiment

EXPERIMENTS = {
    "table1": "tables:TABLE1_EXPERIMENT",
    "table2": "tables:TABLE2_EXPERIMENT",
    "fig2": "picture_figures:FIG2",
    "fig3": "sweeps:FIG3",
    "fig4": "picture_figures:FIG4",
    "fig5": "laplacian_figures:FIG5",
    "fig6": "training_figures:FIG6",
    "fig7": "training_figures:FIG7",
    "fig8": "laplacian_figures:FIG8",
    "fig9": "laplacian_figures:FIG9",
}


def load_experiment(name: str) -> Experiment:
    """Return the experiment of that name, one of EXPERIMENTS."""
    module, attribute = EXPERIMENTS[name].split(":")
    experiment: Experiment = getattr(importlib.import_module(f"inrr_cli.paper.{module}"), attribute)
    return experiment
