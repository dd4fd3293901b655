"""Figures 5, 8 and 9: the Laplacians that a regulariser learns."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import FitState
from inrr_cli.metrics import psnr
from inrr_cli.neural.regularizers.base import Regularizer
from inrr_cli.paper.experiment import Experiment, Key, Measurement, Report, Results, Setup
from inrr_cli.paper.measures import reach, roughness
from inrr_cli.paper.published import TABLE1_MASKS
from inrr_cli.paper.report import markdown_table, result_rows, verdict
from inrr_cli.paper.snapshots import fit_with_snapshots, logarithmic_steps, snapshot_settings, step_at

# the paper's steps t as fractions of its fits, of 10,001 steps and, in figure 8, 20,000
FIG5_FRACTION = 0.2  # t = 2000
FIG8_FRACTIONS = {"t = 500": 0.025, "t = 2500": 0.125, "t = 20000": 1.0}
FIG9_FRACTIONS = {"t = 3000": 0.3, "t = 6000": 0.6, "t = 10000": 1.0}
CAPTION = "each row, or column, of the picture against each other one; darker is more similar"


def _measure_laplacians(
    setup: Setup, key: Key, missing: NDArray[np.bool_], reg: str, fractions: Iterable[float]
) -> Measurement:
    """Measure the roughness, reach and energy of the Laplacians at fractions of a fit."""
    image, settings = setup.images[key["image"]], snapshot_settings(setup, key, "siren", reg)
    steps = [step_at(settings, fraction) for fraction in fractions]
    arrays: dict[str, NDArray[Any]] = {}
    values: dict[str, Any] = {f"step_{number}": step for number, step in enumerate(steps)}

    def measure(state: FitState, _: Regularizer | None) -> None:
        laplacians, prediction = state.laplacians(), state.image()
        assert laplacians is not None
        axes = zip(("rows", "columns"), laplacians, (prediction, prediction.T), strict=True)
        numbers = [number for number, step in enumerate(steps) if step == state.step]  # several in a very short fit
        for number, (axis, laplacian, nodes) in product(numbers, axes):
            name = f"{axis}_{number}"
            arrays[name] = laplacian.astype(np.float16)
            values[f"roughness_{name}"], values[f"reach_{name}"] = roughness(laplacian), reach(laplacian)
            values[f"energy_{name}"] = float((nodes * (laplacian @ nodes)).sum() / image.size)

    fit_with_snapshots(image, missing, settings, steps, measure)
    return Measurement(values, arrays)


def fig5_keys(setup: Setup) -> list[Key]:
    """Return the keys of AIR and INRR."""
    return setup.keys(image=setup.choose_images("baboon")[:1], reg=("air", "inrr"))


def measure_fig5(setup: Setup, key: Key) -> Measurement:
    """Measure the Laplacians for an image of which every second row and column is known."""
    missing = np.ones(setup.images[key["image"]].shape, bool)
    missing[::2, ::2] = False
    return _measure_laplacians(setup, key, missing, key["reg"], [FIG5_FRACTION])


def fig5_report(results: Results) -> Report:
    """Report the roughness of the Laplacians of AIR and INRR."""
    rows = result_rows(results)
    lines = [
        [str(row["reg"]), str(row["seed"]), f"{row['roughness_rows_0']:.3f}", f"{row['roughness_columns_0']:.3f}"]
        for row in rows
    ]
    rough = {reg: np.mean([row["roughness_rows_0"] for row in rows if row["reg"] == reg]) for reg in ("air", "inrr")}
    text = (
        "Roughness: mean step between neighbouring entries off the diagonal, over their mean deviation "
        "(0 is constant along a column, about 1.4 is independent noise).\n\n"
        f"{markdown_table(['regulariser', 'seed', 'L of rows', 'L of columns'], lines)}\n\n"
        "The paper: AIR's L is discontinuous where rows are not sampled, INRR's is much more continuous. Here: "
        f"{rough['air']:.2f} and {rough['inrr']:.2f}: {verdict(bool(rough['inrr'] < rough['air']))}."
    )

    def plot(figure: Any) -> None:
        laplacians = {str(key["reg"]): measurement.arrays["rows_0"] for key, measurement in reversed(results)}
        figure.set_size_inches(10, 4.6)
        for axis, (reg, laplacian) in zip(figure.subplots(1, 2), sorted(laplacians.items()), strict=True):
            _draw_laplacian(axis, laplacian, f"{reg.upper()}: L of rows")
        figure.supxlabel(CAPTION, fontsize="medium")

    return Report(rows, text, {"fig5": plot})


def fig8_keys(setup: Setup) -> list[Key]:
    """Return the keys of one image, 50 % missing at random."""
    return setup.keys(image=setup.choose_images("baboon")[:1], mask=["random"])


def measure_fig8(setup: Setup, key: Key) -> Measurement:
    """Measure the Laplacians of INRR during a fit."""
    return _measure_laplacians(setup, key, setup.mask(key["mask"], key["image"]), "inrr", FIG8_FRACTIONS.values())


def fig8_report(results: Results) -> Report:
    """Report the reach and the energy of the Laplacians during training."""
    rows = result_rows(results)
    lines, reaches, energies = [], [], []
    for number, when in enumerate(FIG8_FRACTIONS):
        values = [
            [np.mean([row[f"{measure}_{axis}_{number}"] for row in rows]) for measure in ("reach", "energy")]
            for axis in ("rows", "columns")
        ]
        lines.append([when, *(f"{v:.3g}" for pair in values for v in pair)])
        reaches.append(np.mean([pair[0] for pair in values]))
        energies.append(np.mean([pair[1] for pair in values]))
    shrinks, vanishes = (bool(all(np.diff(curve) < 0)) for curve in (reaches, energies))
    text = (
        "Reach: mean distance of similar rows over that of all rows. Energy: tr(X^T L X) a pixel. "
        f"{_times(FIG8_FRACTIONS, rows[0])}\n\n"
        f"{markdown_table(['', 'reach of rows', 'energy', 'reach of columns', 'energy'], lines)}\n\n"
        f"The paper: similarity goes from large scales to small ones: {verdict(shrinks)}. "
        f"INRR tends to vanish during training: {verdict(vanishes)}."
    )

    def plot(figure: Any) -> None:
        figure.set_size_inches(13, 8)
        arrays = results[0][1].arrays
        panels = figure.subplots(2, len(FIG8_FRACTIONS))
        for line, axis in zip(panels, ("rows", "columns"), strict=True):
            for number, (panel, when) in enumerate(zip(line, FIG8_FRACTIONS, strict=True)):
                _draw_laplacian(panel, arrays[f"{axis}_{number}"], f"L of {axis}, {when}")
        figure.supxlabel(CAPTION, fontsize="medium")

    return Report(rows, text, {"fig8": plot})


def _times(fractions: Iterable[str], row: dict[str, Any]) -> str:
    """Return the sentence that says which steps of our shorter fit the paper's times are, from a row of values."""
    steps = [str(row[f"step_{number}"]) for number, _ in enumerate(fractions)]
    return f"The times t are the paper's; at the same fractions of a fit they are steps {', '.join(steps)} here."


def _draw_laplacian(axis: Any, laplacian: NDArray[np.float16], title: str) -> None:
    """Draw the similarities of a Laplacian: darker is more similar."""
    similarity = -laplacian.astype(np.float32)
    np.fill_diagonal(similarity, np.nan)
    low, high = np.nanpercentile(similarity, (1, 99))
    axis.imshow(similarity, cmap="magma_r", vmin=low, vmax=max(high, low + 1e-9))
    axis.set_title(title)


def fig9_keys(setup: Setup) -> list[Key]:
    """Return the keys of three masks."""
    return setup.keys(image=setup.choose_images("baboon")[:1], mask=TABLE1_MASKS)


def measure_fig9(setup: Setup, key: Key) -> Measurement:
    """Measure the PSNR during a fit with INRR, and during fits with the Laplacians that it had at three steps."""
    image, missing = setup.images[key["image"]], setup.mask(key["mask"], key["image"])
    settings = snapshot_settings(setup, key, "siren", "inrr")
    steps = logarithmic_steps(settings)
    frozen_steps = {name: step_at(settings, fraction) for name, fraction in FIG9_FRACTIONS.items()}
    frozen: dict[int, Regularizer] = {}
    truth = image / np.float32(255)
    curves: dict[str, list[float]] = {}

    def measure(name: str, state: FitState, regularizer: Regularizer | None) -> None:
        if name == "adaptive" and state.step in frozen_steps.values():
            assert regularizer is not None
            frozen[state.step] = deepcopy(regularizer).requires_grad_(False)
        if state.step in steps:
            value = psnr(state.image(), truth, missing)
            assert value is not None
            curves.setdefault(name, []).append(value)

    all_steps = {*steps, *frozen_steps.values()}
    fit_with_snapshots(image, missing, settings, all_steps, partial(measure, "adaptive"))
    for name, step in frozen_steps.items():
        fit_with_snapshots(image, missing, settings, steps, partial(measure, name), frozen=frozen[step])
    values: dict[str, Any] = {f"step_{number}": step for number, step in enumerate(frozen_steps.values())}
    values |= {f"best_{name}": max(curve) for name, curve in curves.items()}
    values |= {f"last_{name}": curve[-1] for name, curve in curves.items()}
    return Measurement(values, {"steps": np.array(steps)} | {name: np.array(curve) for name, curve in curves.items()})


def fig9_report(results: Results) -> Report:
    """Report whether a Laplacian that keeps learning is better than fixed ones."""
    rows = result_rows(results)
    names = ["adaptive", *FIG9_FRACTIONS]
    lines, verdicts = [], []
    for mask in TABLE1_MASKS:
        last, best = (
            [float(np.mean([row[f"{moment}_{name}"] for row in rows if row["mask"] == mask])) for name in names]
            for moment in ("last", "best")
        )
        lines.append([mask, *(f"{a:.2f} ({b:.2f})" for a, b in zip(last, best, strict=True))])
        verdicts.append(f"{mask}: {verdict(last[0] >= max(last))}")
    text = (
        "PSNR in dB of the missing pixels at the end of a fit, and in brackets at its best moment. "
        f"{_times(FIG9_FRACTIONS, rows[0])}\n\n"
        f"{markdown_table(['mask', *names], lines)}\n\n"
        f"The paper: INRR that goes on learning is best for all masks. Here, {', '.join(verdicts)}."
    )

    def plot(figure: Any) -> None:
        figure.set_size_inches(14, 4)
        arrays = {str(key["mask"]): measurement.arrays for key, measurement in reversed(results)}
        for axis, mask in zip(figure.subplots(1, len(TABLE1_MASKS)), TABLE1_MASKS, strict=True):
            for name in names:
                axis.semilogx(arrays[mask]["steps"], arrays[mask][name], label=name)
            axis.set(title=mask, xlabel="step", ylabel="PSNR of missing pixels, dB")
            axis.legend()

    return Report(rows, text, {"fig9": plot})


FIG5 = Experiment("Figure 5: Laplacians learned by AIR and INRR", fig5_keys, measure_fig5, fig5_report)
FIG8 = Experiment("Figure 8: Laplacians of INRR along training", fig8_keys, measure_fig8, fig8_report)
FIG9 = Experiment("Figure 9: INRR against fixed Laplacians", fig9_keys, measure_fig9, fig9_report)
