"""The course of a network's fit as curves and matrices of a report."""

from __future__ import annotations

from inrr_cli.neural.history import FitHistory
from inrr_cli.report.model import Curve, Matrix
from inrr_cli.report.restored import Fit

STAGES = 3  # of what was learned: the first that was looked at, one amidst and the last
LOSS, ENERGY, PSNR = "Loss at the known pixels", "Energy of the regulariser, weighted", "PSNR of the network's output"


def fit_of(history: FitHistory) -> Fit:
    """Return the curves of a fit and, in some stages, the Laplacians that its regulariser learned."""
    course, count = history.course, len(history.laplacians)
    steps = [point.step for point in course]
    curves = [Curve("loss", "", steps, [point.loss for point in course], LOSS, logarithmic=True)]
    if any(point.energy > 0 for point in course):
        curves.append(Curve("energy", "", steps, [point.energy for point in course], ENERGY, logarithmic=True))
    for name in ("known", "missing", "full"):
        values = [getattr(point, f"psnr_{name}") for point in course]
        if any(value is not None for value in values):
            curves.append(Curve(f"{name} pixels" if name != "full" else "all pixels", "dB", steps, values, PSNR))
    stages = sorted({round(stage * (count - 1) / (STAGES - 1)) for stage in range(STAGES)}) if count else []
    matrices = []
    for stage in stages:
        step, of_rows, of_columns = history.laplacians[stage]
        for name, learned in (("Rows", of_rows), ("Columns", of_columns)):
            unit = "step" if step == 1 else "steps"
            matrices.append(Matrix(f"{name}, after {step:,} {unit}", learned))
    return Fit(curves, matrices)
