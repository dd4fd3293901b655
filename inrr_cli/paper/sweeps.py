"""Figure 3: PSNR against omega of a SIREN and delta of the neural tangent kernel."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.masking.synthetic import make_mask
from inrr_cli.paper.experiment import Cell, Experiment, GreyImage, Report, Results, Setup
from inrr_cli.paper.report import markdown_table, mean_over_seeds, result_rows, verdict
from inrr_cli.paper.tables import measure_restoration

MISSING_RATES = (0.3, 0.5, 0.7, 0.9)
SWEEPS = {"siren": ("omega", (5, 10, 20, 30, 45, 60, 90)), "ntk": ("delta", (5, 10, 20, 40, 80, 160, 320, 900))}


def _random_mask(image: GreyImage, rate: float) -> NDArray[np.bool_]:
    return make_mask((image.shape[0], image.shape[1]), "random", rate=rate)


def fig3_cells(setup: Setup) -> list[Cell]:
    """Return a cell for each value of each parameter at each missing rate."""
    name, image = setup.named_image("cameraman")
    return [
        Cell(
            {"image": name, "net": net, "value": value, "rate": rate, "preset": setup.preset, "seed": seed},
            partial(
                measure_restoration, image, _random_mask(image, rate), net, "none", setup, seed, {parameter: value}
            ),
        )
        for net, (parameter, values) in SWEEPS.items()
        for value in values
        for rate in MISSING_RATES
        for seed in setup.seeds
    ]


def fig3_report(setup: Setup, results: Results) -> Report:
    """Report the PSNR and the best value of each parameter at each missing rate."""
    means = mean_over_seeds(results, "psnr_missing")
    image = str(results[0][0]["image"])
    parts = []
    for net, (parameter, values) in SWEEPS.items():
        lines, best = [], []
        for rate in MISSING_RATES:
            line = [means[image, net, value, rate] for value in values]
            best.append(values[int(np.argmax(line))])
            lines.append([f"{rate:.0%}", *(f"{v:.2f}" for v in line), f"{best[-1]}"])
        parts.append(f"{net}: PSNR in dB of the missing pixels by {parameter} and missing rate.")
        parts.append(markdown_table(["missing", *map(str, values), "best"], lines))
        falls = all(a >= b for a, b in pairwise(best)) and best[0] > best[-1]
        parts.append(
            f'The paper: the best {parameter} "decreases with the increase of missing rate". Here: '
            f"{', '.join(map(str, best))}: {verdict(falls)}."
        )

    def plot(figure: Any) -> None:
        axes = figure.subplots(1, 2)
        figure.set_size_inches(10, 4)
        for axis, (net, (parameter, values)) in zip(axes, SWEEPS.items(), strict=True):
            for rate in MISSING_RATES:
                line = [means[image, net, value, rate] for value in values]
                axis.semilogx(values, line, "o-", label=f"{rate:.0%} missing")
            axis.set(title=net, xlabel=parameter, ylabel="PSNR of missing pixels, dB")
            axis.legend()

    return Report(result_rows(results), "\n\n".join(parts), {"fig3": plot})


FIG3 = Experiment("Figure 3: PSNR against omega and delta", fig3_cells, fig3_report)
