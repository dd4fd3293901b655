"""Figures 6 and 7: errors and ranks during training."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import FitState
from inrr_cli.masking.synthetic import make_mask
from inrr_cli.neural.regularizers.base import Regularizer
from inrr_cli.paper.experiment import Experiment, GreyImage, Key, Measurement, Report, Results, Setup
from inrr_cli.paper.measures import effective_rank
from inrr_cli.paper.published import TABLE1_MASKS
from inrr_cli.paper.report import markdown_table, result_rows, verdict
from inrr_cli.paper.snapshots import fit_with_snapshots, logarithmic_steps, snapshot_settings

FIG6_REGULARIZERS = ("none", "tv", "l2", "air", "inrr")
FIG7_NETS: dict[str, tuple[str, dict[str, Any]]] = {
    "DMF-1": ("dmf", {"factors": 1}),
    "DMF-3": ("dmf", {"factors": 3}),
    "ReLU": ("relu", {}),
    "SIREN": ("siren", {}),
}
ERROR_RISE = 1.02  # times the least mean squared error, above which the error counts as risen


def fig6_keys(setup: Setup) -> list[Key]:
    """Return the keys of five regularisers and three masks."""
    return setup.keys(image=setup.choose_images("baboon")[:1], mask=TABLE1_MASKS, reg=FIG6_REGULARIZERS)


def measure_fig6(setup: Setup, key: Key) -> Measurement:
    """Measure the mean squared errors of known and of missing pixels during a fit."""
    image, missing = setup.images[key["image"]], setup.mask(key["mask"], key["image"])
    settings = snapshot_settings(setup, key, "siren", key["reg"])
    steps = logarithmic_steps(settings)
    truth = image / np.float32(255)
    curve: list[tuple[float, float]] = []

    def measure(state: FitState, _: Regularizer | None) -> None:
        squared = (state.image() - truth) ** 2
        curve.append((float(squared[~missing].mean()), float(squared[missing].mean())))

    fit_with_snapshots(image, missing, settings, steps, measure)
    observed, unobserved = np.array(curve).T
    values = {
        "observed_last": observed[-1],
        "unobserved_last": unobserved[-1],
        "unobserved_least": unobserved.min(),
        "rise": unobserved[-1] / unobserved.min(),
    }
    arrays = {"steps": np.array(steps), "observed": observed, "unobserved": unobserved}
    return Measurement({name: float(value) for name, value in values.items()}, arrays)


def fig6_report(results: Results) -> Report:
    """Report with which regularisers the error of missing pixels rises."""
    rows = result_rows(results)
    head = ["mask", "regulariser", "observed", "least unobserved", "last unobserved", "rise"]
    errors = ("observed_last", "unobserved_least", "unobserved_last")
    lines = [
        [str(row["mask"]), str(row["reg"]), *(f"{row[error]:.2e}" for error in errors), f"{row['rise']:.2f}"]
        for row in rows
    ]
    parts = [markdown_table(head, lines)]
    for mask in TABLE1_MASKS:
        rises = {
            reg: np.mean([row["rise"] for row in rows if (row["mask"], row["reg"]) == (mask, reg)])
            for reg in FIG6_REGULARIZERS
        }
        risen = [reg for reg, rise in rises.items() if rise > ERROR_RISE]
        holds = {"none", "tv", "l2"} <= set(risen) and not {"air", "inrr"} & set(risen)
        parts.append(
            f"{mask}: the error of missing pixels rises above {ERROR_RISE} times its least with "
            f"{', '.join(risen) or 'nothing'}. "
            'The paper: it rises with none, TV and L2 and "keeps the decaying trend" with AIR and INRR: '
            f"{verdict(holds)}."
        )

    def plot(figure: Any) -> None:
        figure.set_size_inches(14, 4.4)
        for axis, mask in zip(figure.subplots(1, len(TABLE1_MASKS)), TABLE1_MASKS, strict=True):
            for reg in FIG6_REGULARIZERS:
                arrays = next(m.arrays for key, m in results if (key["mask"], key["reg"]) == (mask, reg))
                axis.loglog(arrays["observed"], arrays["unobserved"], ".-", label=reg)
            axis.set(title=mask, xlabel="MSE of known pixels", ylabel="MSE of missing pixels")
            axis.invert_xaxis()
            axis.tick_params(axis="x", which="both", labelrotation=30)
            axis.legend()

    return Report(rows, "\n\n".join(parts), {"fig6": plot})


def synthetic_image(length: int) -> GreyImage:
    """Return s(x, y) = sin(25 pi sin(pi / 3 sqrt(x^2 + y^2))) on [-1, 1]^2, with [-1, 1] as 0 to 255."""
    axis = np.linspace(-1, 1, length)
    radius = np.hypot(axis[:, None], axis)
    wave = np.sin(25 * np.pi * np.sin(np.pi / 3 * radius))
    return np.asarray(np.round((wave + 1) * 127.5), np.uint8)


def fig7_keys(setup: Setup) -> list[Key]:
    """Return the keys of four representations of the synthetic image, which is as high as the first image."""
    return setup.keys(side=[len(next(iter(setup.images.values())))], net=FIG7_NETS)


def measure_fig7(setup: Setup, key: Key) -> Measurement:
    """Measure the effective rank of the prediction during a fit of the synthetic image with 50 % missing."""
    image = synthetic_image(key["side"])
    missing = make_mask(image.shape, "random", rate=0.5, seed=key["seed"])
    net, options = FIG7_NETS[key["net"]]
    settings = snapshot_settings(setup, key, net, "none", **options)
    steps = logarithmic_steps(settings)
    ranks: list[float] = []
    predictions: list[NDArray[Any]] = []

    def measure(state: FitState, _: Regularizer | None) -> None:
        prediction = state.image()
        ranks.append(effective_rank(prediction))
        predictions.append((prediction * 255).round().astype(np.uint8))

    fit_with_snapshots(image, missing, settings, steps, measure)
    shown = [round(part * (len(predictions) - 1)) for part in (0.6, 0.8, 1.0)]
    values = {"first_rank": ranks[0], "least_rank": min(ranks), "most_rank": max(ranks), "last_rank": ranks[-1]}
    arrays = {"steps": steps, "ranks": ranks, "shown_steps": np.array(steps)[shown]}
    pictures = np.stack([predictions[number] for number in shown])
    return Measurement(values, {name: np.array(array) for name, array in arrays.items()} | {"pictures": pictures})


def fig7_report(results: Results) -> Report:
    """Report with which representations the effective rank grows."""
    side = results[0][0]["side"]
    true_rank = effective_rank(synthetic_image(side) / np.float32(255))
    lines, grows = [], {}
    for name in FIG7_NETS:
        curves = [measurement.arrays["ranks"] for key, measurement in results if key["net"] == name]
        curve = np.mean(curves, axis=0)
        rising = float((np.diff(curve) > 0).mean())
        grows[name] = curve[-1] > 2 * curve.min() and curve.argmin() < len(curve) / 2
        lines.append([name, *(f"{v:.1f}" for v in (curve[0], curve.min(), curve.max(), curve[-1])), f"{rising:.0%}"])
    holds = not grows["DMF-1"] and all(grows[name] for name in FIG7_NETS if name != "DMF-1")
    text = (
        "Effective rank of the prediction of s(x, y) = sin(25 pi sin(pi / 3 sqrt(x^2 + y^2))), "
        f"{side} x {side}, half of it missing at random; that of the true picture is {true_rank:.1f}.\n\n"
        f"{markdown_table(['', 'at first', 'least', 'most', 'at last', 'steps that rise'], lines)}\n\n"
        "The paper: all but a single matrix go from low complexity to high, their effective rank increases gradually. "
        f"Here it does with {', '.join(name for name in FIG7_NETS if grows[name]) or 'none of them'}: {verdict(holds)}."
    )

    def plot(figure: Any) -> None:
        figure.set_size_inches(11, 9)
        grid = figure.add_gridspec(len(FIG7_NETS), 5)
        line = figure.add_subplot(grid[:, 3:])
        for number, name in enumerate(FIG7_NETS):
            arrays = next(measurement.arrays for key, measurement in results if key["net"] == name)
            line.semilogx(arrays["steps"], arrays["ranks"], label=name)
            for column, picture in enumerate(arrays["pictures"]):
                axis = figure.add_subplot(grid[number, column])
                axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
                axis.set(xticks=[], yticks=[], ylabel=name if column == 0 else "")
                axis.set_title(f"step {arrays['shown_steps'][column]}", fontsize="small")
        line.set(xlabel="step", ylabel="effective rank")
        line.legend()

    return Report(result_rows(results), text, {"fig7": plot})


FIG6 = Experiment("Figure 6: errors of known and missing pixels along training", fig6_keys, measure_fig6, fig6_report)
FIG7 = Experiment("Figure 7: effective rank along training", fig7_keys, measure_fig7, fig7_report)
