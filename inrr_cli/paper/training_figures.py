"""Figures 6 and 7: errors and ranks along training."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.masking.synthetic import make_mask
from inrr_cli.paper.published import TABLE1_MASKS
from inrr_cli.paper.study import Cell, Experiment, Measured, Picture, Report, Results, Setup, markdown_table
from inrr_cli.paper.training import View, effective_rank, spread, watch

REGULARIZERS = ("none", "tv", "l2", "air", "inrr")
NETS: dict[str, tuple[str, dict[str, Any]]] = {
    "DMF-1": ("dmf", {"factors": 1}),
    "DMF-3": ("dmf", {"factors": 3}),
    "ReLU": ("relu", {}),
    "SIREN": ("siren", {}),
}
RISE = 1.02  # a mean squared error above its least by more than this has risen


def _errors(image: Picture, missing: NDArray[np.bool_], reg: str, setup: Setup, seed: int) -> Measured:
    """Mean squared errors of known and of missing pixels along a fit."""
    steps = spread(setup.preset, "siren", reg)
    truth = image / np.float32(255)
    curve: list[tuple[float, float]] = []

    def look(view: View) -> None:
        squared = (view.picture.cpu().numpy() - truth) ** 2
        curve.append((float(squared[~missing].mean()), float(squared[missing].mean())))

    watch(image, missing, "siren", reg, setup.preset, seed, setup.device, steps, look)
    observed, unobserved = np.array(curve).T
    values = {
        "observed_last": observed[-1],
        "unobserved_last": unobserved[-1],
        "unobserved_least": unobserved.min(),
        "rise": unobserved[-1] / unobserved.min(),
    }
    arrays = {"steps": np.array(steps), "observed": observed, "unobserved": unobserved}
    return Measured({name: float(value) for name, value in values.items()}, arrays)


def fig6_cells(setup: Setup) -> list[Cell]:
    """Five regularisers and three masks."""
    name, image = setup.one("baboon")
    return [
        Cell(
            {"image": name, "mask": mask, "reg": reg, "preset": setup.preset, "seed": seed},
            partial(_errors, image, setup.masks[mask]((image.shape[0], image.shape[1])), reg, setup, seed),
        )
        for mask in TABLE1_MASKS
        for reg in REGULARIZERS
        for seed in setup.seeds
    ]


def fig6_report(setup: Setup, results: Results) -> Report:
    """Who overfits."""
    rows: list[dict[str, Any]] = [{**key, **measured.values} for key, measured in results]
    lines = [
        [str(r["mask"]), str(r["reg"]), *(f"{r[k]:.2e}" for k in ("observed_last", "unobserved_least")),
         f"{r['unobserved_last']:.2e}", f"{r['rise']:.2f}"]
        for r in rows
    ]  # fmt: skip
    parts = [markdown_table(["mask", "regulariser", "observed", "least unobserved", "last unobserved", "rise"], lines)]
    for mask in TABLE1_MASKS:
        rise = {reg: np.mean([r["rise"] for r in rows if (r["mask"], r["reg"]) == (mask, reg)]) for reg in REGULARIZERS}
        up = [reg for reg in REGULARIZERS if rise[reg] > RISE]
        holds = {"none", "tv", "l2"} <= set(up) and not {"air", "inrr"} & set(up)
        parts.append(
            f"{mask}: the error of missing pixels rises above {RISE} times its least with "
            f"{', '.join(up) or 'nothing'}. "
            'The paper: it rises with none, TV and L2 and "keeps the decaying trend" with AIR and INRR: '
            f"{'holds' if holds else 'does not hold'}."
        )

    def plot(figure: Any) -> None:
        figure.set_size_inches(14, 4.4)
        for axis, mask in zip(figure.subplots(1, len(TABLE1_MASKS)), TABLE1_MASKS, strict=True):
            for reg in REGULARIZERS:
                kept = next(m.arrays for key, m in results if (key["mask"], key["reg"]) == (mask, reg))
                axis.loglog(kept["observed"], kept["unobserved"], ".-", label=reg)
            axis.set(title=mask, xlabel="MSE of known pixels", ylabel="MSE of missing pixels")
            axis.invert_xaxis()
            axis.legend()

    return Report(rows, "\n\n".join(parts), {"fig6": plot})


def synthetic(length: int = 256) -> Picture:
    """s(x, y) = sin(25 pi sin(pi / 3 sqrt(x^2 + y^2))) on [-1, 1]^2, its [-1, 1] as 0 to 255: (length, length)."""
    axis = np.linspace(-1, 1, length)
    radius = np.hypot(axis[:, None], axis)
    wave = np.sin(25 * np.pi * np.sin(np.pi / 3 * radius))
    return np.asarray(np.round((wave + 1) * 127.5), np.uint8)


def _ranks(net: str, options: dict[str, Any], setup: Setup, seed: int) -> Measured:
    """Effective rank of the prediction along a fit of the synthetic picture, half of it missing at random."""
    image = synthetic()
    missing = make_mask(image.shape, "random", rate=0.5, seed=seed)
    ranks: list[float] = []
    shown: list[NDArray[Any]] = []

    def look(view: View) -> None:
        picture = view.picture.cpu().numpy()
        ranks.append(effective_rank(picture))
        shown.append((picture * 255).round().astype(np.uint8))

    steps = spread(setup.preset, net, "none")
    watch(image, missing, net, "none", setup.preset, seed, setup.device, steps, look, options=options)
    middle = [shown[round(part * (len(shown) - 1))] for part in (0.6, 0.8, 1.0)]
    values = {"first_rank": ranks[0], "least_rank": min(ranks), "last_rank": ranks[-1]}
    return Measured(values, {"steps": np.array(steps), "ranks": np.array(ranks), "pictures": np.stack(middle)})


def fig7_cells(setup: Setup) -> list[Cell]:
    """Four representations of the synthetic picture."""
    return [
        Cell({"net": name, "preset": setup.preset, "seed": seed}, partial(_ranks, net, options, setup, seed))
        for name, (net, options) in NETS.items()
        for seed in setup.seeds
    ]


def fig7_report(setup: Setup, results: Results) -> Report:
    """Whose rank grows."""
    rows = [{**key, **measured.values} for key, measured in results]
    truth = effective_rank(synthetic() / np.float32(255))
    lines, grows = [], {}
    for name in NETS:
        curves = [measured.arrays["ranks"] for key, measured in results if key["net"] == name]
        curve = np.mean(curves, axis=0)
        share = float((np.diff(curve) > 0).mean())
        grows[name] = curve[-1] > 2 * curve.min() and curve.argmin() < len(curve) / 2
        lines.append([name, *(f"{v:.1f}" for v in (curve[0], curve.min(), curve[-1])), f"{share:.0%}"])
    holds = not grows["DMF-1"] and all(grows[name] for name in NETS if name != "DMF-1")
    text = (
        f"Effective rank of the prediction; that of the true picture is {truth:.1f}.\n\n"
        f"{markdown_table(['', 'at first', 'least', 'at last', 'steps that rise'], lines)}\n\n"
        "The paper: all but a single matrix go from low complexity to high, their effective rank increases gradually. "
        f"Here it does with {', '.join(name for name in NETS if grows[name])}: {'holds' if holds else 'does not hold'}."
    )

    def plot(figure: Any) -> None:
        figure.set_size_inches(11, 9)
        grid = figure.add_gridspec(len(NETS), 5)
        line = figure.add_subplot(grid[:, 3:])
        for number, name in enumerate(NETS):
            kept = next(measured.arrays for key, measured in results if key["net"] == name)
            line.semilogx(kept["steps"], kept["ranks"], label=name)
            for column, picture in enumerate(kept["pictures"]):
                axis = figure.add_subplot(grid[number, column])
                axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
                axis.set(xticks=[], yticks=[], ylabel=name if column == 0 else "")
        line.set(xlabel="step", ylabel="effective rank")
        line.legend()

    return Report(rows, text, {"fig7": plot})


FIG6 = Experiment("Figure 6: errors of known and missing pixels along training", fig6_cells, fig6_report)
FIG7 = Experiment("Figure 7: effective rank along training", fig7_cells, fig7_report)
