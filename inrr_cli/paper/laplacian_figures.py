"""Figures 5, 8 and 9: the Laplacians that are learned."""

from __future__ import annotations

from copy import deepcopy
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.metrics import psnr
from inrr_cli.paper.published import TABLE1_MASKS
from inrr_cli.paper.study import Cell, Experiment, Measured, Picture, Report, Results, Setup, markdown_table
from inrr_cli.paper.training import View, laplacians, late, reach, roughness, spread, watch

FIG5_PART = 0.2  # t = 2000 of 10,001 steps
FIG8_PARTS = {"t = 500": 0.05, "t = 2500": 0.25, "the end": 1.0}
FIG9_PARTS = {"t = 3000": 0.3, "t = 6000": 0.6, "t = 10000": 1.0}


def _learned(
    image: Picture, missing: NDArray[np.bool_], reg: str, parts: tuple[float, ...], setup: Setup, seed: int
) -> Measured:
    """Laplacians at parts of a fit, and their numbers."""
    steps = [late(setup.preset, "siren", reg, part) for part in parts]
    arrays: dict[str, NDArray[Any]] = {}
    values: dict[str, Any] = {}

    def look(view: View) -> None:
        for axis, matrix in zip(("rows", "columns"), laplacians(view), strict=True):
            name = f"{axis}_{steps.index(view.step)}"
            arrays[name] = matrix.astype(np.float16)
            values[f"roughness_{name}"], values[f"reach_{name}"] = roughness(matrix), reach(matrix)
            nodes = view.picture if axis == "rows" else view.picture.T
            energy = (nodes.cpu().numpy() * (matrix @ nodes.cpu().numpy())).sum() / image.size
            values[f"energy_{name}"] = float(energy)

    watch(image, missing, "siren", reg, setup.preset, seed, setup.device, steps, look)
    return Measured(values, arrays)


def fig5_cells(setup: Setup) -> list[Cell]:
    """AIR and INRR on a picture of which every second row and column is known."""
    name, image = setup.one("baboon")
    missing = np.ones(image.shape, bool)
    missing[::2, ::2] = False
    return [
        Cell(
            {"image": name, "reg": reg, "preset": setup.preset, "seed": seed},
            partial(_learned, image, missing, reg, (FIG5_PART,), setup, seed),
        )
        for reg in ("air", "inrr")
        for seed in setup.seeds
    ]


def fig5_report(setup: Setup, results: Results) -> Report:
    """How smooth the two Laplacians are."""
    rows = [{**key, **measured.values} for key, measured in results]
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
        f"{rough['air']:.2f} and {rough['inrr']:.2f}: {'holds' if rough['inrr'] < rough['air'] else 'does not hold'}."
    )

    def plot(figure: Any) -> None:
        shown = {str(key["reg"]): measured.arrays["rows_0"] for key, measured in reversed(results)}
        figure.set_size_inches(10, 4.6)
        for axis, (reg, matrix) in zip(figure.subplots(1, 2), sorted(shown.items()), strict=True):
            _heat(axis, matrix, f"{reg.upper()}: L of rows")

    return Report(rows, text, {"fig5": plot})


def fig8_cells(setup: Setup) -> list[Cell]:
    """INRR's Laplacians along a fit of a picture, half of it missing at random."""
    name, image = setup.one("baboon")
    missing = setup.masks["random"]((image.shape[0], image.shape[1]))
    return [
        Cell(
            {"image": name, "preset": setup.preset, "seed": seed},
            partial(_learned, image, missing, "inrr", tuple(FIG8_PARTS.values()), setup, seed),
        )
        for seed in setup.seeds
    ]


def fig8_report(setup: Setup, results: Results) -> Report:
    """From large scales to small, and to nothing."""
    rows = [{**key, **measured.values} for key, measured in results]
    lines, reaches, energies = [], [], []
    for number, when in enumerate(FIG8_PARTS):
        values = [
            [np.mean([row[f"{of}_{axis}_{number}"] for row in rows]) for of in ("reach", "energy")]
            for axis in ("rows", "columns")
        ]
        lines.append([when, *(f"{v:.3g}" for pair in values for v in pair)])
        reaches.append(np.mean([pair[0] for pair in values]))
        energies.append(np.mean([pair[1] for pair in values]))
    shrinks, vanishes = (all(np.diff(line) < 0) for line in (reaches, energies))
    text = (
        "Reach: mean distance of similar rows over that of all rows. Energy: tr(X^T L X) a pixel.\n\n"
        f"{markdown_table(['', 'reach of rows', 'energy', 'reach of columns', 'energy'], lines)}\n\n"
        f"The paper: similarity goes from large scales to small ones: {'holds' if shrinks else 'does not hold'}. "
        f"INRR tends to vanish during training: {'holds' if vanishes else 'does not hold'}."
    )

    def plot(figure: Any) -> None:
        figure.set_size_inches(13, 8)
        arrays = results[0][1].arrays
        for line, axis in zip(figure.subplots(2, len(FIG8_PARTS)), ("rows", "columns"), strict=True):
            for number, (panel, when) in enumerate(zip(line, FIG8_PARTS, strict=True)):
                _heat(panel, arrays[f"{axis}_{number}"], f"L of {axis}, {when}")

    return Report(rows, text, {"fig8": plot})


def _heat(axis: Any, matrix: NDArray[np.float16], title: str) -> None:
    """Draw the similarities of a Laplacian: darker is more alike."""
    shown = -matrix.astype(np.float32)
    np.fill_diagonal(shown, np.nan)
    low, high = np.nanpercentile(shown, (1, 99))
    axis.imshow(shown, cmap="magma_r", vmin=low, vmax=max(high, low + 1e-9))
    axis.set_title(title)


def _fixed_or_not(image: Picture, missing: NDArray[np.bool_], setup: Setup, seed: int) -> Measured:
    """PSNR along a fit with INRR as it learns, and with what it was at three times."""
    steps = spread(setup.preset, "siren", "inrr")
    moments = [late(setup.preset, "siren", "inrr", part) for part in FIG9_PARTS.values()]
    kept: dict[int, Any] = {}
    truth = image / np.float32(255)
    curves: dict[str, list[float]] = {}

    def look(name: str, view: View) -> None:
        if name == "adaptive" and view.step in moments:
            kept[view.step] = deepcopy(view.regularizer).requires_grad_(False)  # type: ignore[union-attr]
        if view.step in steps:
            value = psnr(view.picture.cpu().numpy(), truth, missing)
            assert value is not None
            curves.setdefault(name, []).append(value)

    of = (image, missing, "siren", "inrr", setup.preset, seed, setup.device)
    watch(*of, sorted({*steps, *moments}), partial(look, "adaptive"))
    for when, moment in zip(FIG9_PARTS, moments, strict=True):
        watch(*of, steps, partial(look, when), frozen=kept[moment])
    values = {f"last_{name}": curve[-1] for name, curve in curves.items()}
    return Measured(values, {"steps": np.array(steps)} | {name: np.array(curve) for name, curve in curves.items()})


def fig9_cells(setup: Setup) -> list[Cell]:
    """Three masks."""
    name, image = setup.one("baboon")
    return [
        Cell(
            {"image": name, "mask": mask, "preset": setup.preset, "seed": seed},
            partial(_fixed_or_not, image, setup.masks[mask]((image.shape[0], image.shape[1])), setup, seed),
        )
        for mask in TABLE1_MASKS
        for seed in setup.seeds
    ]


def fig9_report(setup: Setup, results: Results) -> Report:
    """Whether learning on is better than any fixed Laplacian."""
    rows = [{**key, **measured.values} for key, measured in results]
    names = ["adaptive", *FIG9_PARTS]
    lines, parts = [], []
    for mask in TABLE1_MASKS:
        means = [float(np.mean([row[f"last_{name}"] for row in rows if row["mask"] == mask])) for name in names]
        lines.append([mask, *(f"{value:.2f}" for value in means)])
        parts.append(f"{mask}: {'holds' if means[0] >= max(means) else 'does not hold'}")
    text = (
        "PSNR in dB of the missing pixels at the end of a fit.\n\n"
        f"{markdown_table(['mask', *names], lines)}\n\n"
        f"The paper: INRR that goes on learning is best for all masks. Here, {', '.join(parts)}."
    )

    def plot(figure: Any) -> None:
        figure.set_size_inches(14, 4)
        first = {str(key["mask"]): measured.arrays for key, measured in reversed(results)}
        for axis, mask in zip(figure.subplots(1, len(TABLE1_MASKS)), TABLE1_MASKS, strict=True):
            for name in names:
                axis.semilogx(first[mask]["steps"], first[mask][name], label=name)
            axis.set(title=mask, xlabel="step", ylabel="PSNR of missing pixels, dB")
            axis.legend()

    return Report(rows, text, {"fig9": plot})


FIG5 = Experiment("Figure 5: Laplacians learned by AIR and INRR", fig5_cells, fig5_report)
FIG8 = Experiment("Figure 8: Laplacians of INRR along training", fig8_cells, fig8_report)
FIG9 = Experiment("Figure 9: INRR against fixed Laplacians", fig9_cells, fig9_report)
