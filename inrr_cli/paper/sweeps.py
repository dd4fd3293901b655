"""Figure 3: PSNR against omega of a SIREN and delta of the neural tangent kernel."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from inrr_cli.masking.synthetic import make_mask
from inrr_cli.paper.experiment import Experiment, Key, Measurement, Report, Results, Setup
from inrr_cli.paper.report import markdown_table, mean_over_seeds, result_rows, verdict
from inrr_cli.paper.tables import measure_restoration

MISSING_RATES = (0.3, 0.5, 0.7, 0.9)
SWEEPS = {"siren": ("omega", (5, 10, 20, 30, 45, 60, 90)), "ntk": ("delta", (5, 10, 20, 40, 80, 160, 320, 900))}


def fig3_keys(setup: Setup) -> list[Key]:
    """Return a key for each value of each parameter at each missing rate."""
    image = setup.choose_images("cameraman")[:1]
    return [
        key
        for net, (_, values) in SWEEPS.items()
        for key in setup.keys(image=image, net=[net], value=values, rate=MISSING_RATES)
    ]


def measure_fig3(setup: Setup, key: Key) -> Measurement:
    """Measure the restoration of an image with pixels missing at random."""
    rows, columns = setup.images[key["image"]].shape
    missing = make_mask((rows, columns), "random", rate=key["rate"])
    parameter, _ = SWEEPS[key["net"]]
    return measure_restoration(setup, key, missing, key["net"], "none", **{parameter: key["value"]})


def fig3_report(results: Results) -> Report:
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


FIG3 = Experiment("Figure 3: PSNR against omega and delta", fig3_keys, measure_fig3, fig3_report)
