"""Figure 3: PSNR against omega of a SIREN and delta of the neural tangent kernel."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.masking.synthetic import make_mask
from inrr_cli.paper.study import Cell, Experiment, Picture, Report, Results, Setup, markdown_table, mean_over_seeds
from inrr_cli.paper.tables import measure

RATES = (0.3, 0.5, 0.7, 0.9)
SWEEPS = {"siren": ("omega", (5, 10, 20, 30, 45, 60, 90)), "ntk": ("delta", (5, 10, 20, 40, 80, 160, 320, 900))}


def _missing(image: Picture, rate: float) -> NDArray[np.bool_]:
    return make_mask((image.shape[0], image.shape[1]), "random", rate=rate)


def cells(setup: Setup) -> list[Cell]:
    """Both networks, each parameter at each missing rate."""
    name, image = setup.one("cameraman")
    return [
        Cell(
            {"image": name, "net": net, "value": value, "rate": rate, "preset": setup.preset, "seed": seed},
            partial(measure, image, _missing(image, rate), net, "none", setup, seed, {of: value}),
        )
        for net, (of, values) in SWEEPS.items()
        for value in values
        for rate in RATES
        for seed in setup.seeds
    ]


def report(setup: Setup, results: Results) -> Report:
    """Name the best parameter for each missing rate."""
    found = mean_over_seeds(results, "psnr_missing")
    image = str(results[0][0]["image"])
    parts, best = [], {}
    for net, (of, values) in SWEEPS.items():
        lines = []
        for rate in RATES:
            line = [found[image, net, value, rate] for value in values]
            best[net, rate] = values[int(np.argmax(line))]
            lines.append([f"{rate:.0%}", *(f"{v:.2f}" for v in line), f"{best[net, rate]}"])
        parts.append(f"{net}: PSNR in dB of the missing pixels by {of} and missing rate.")
        parts.append(markdown_table(["missing", *map(str, values), "best"], lines))
        chosen = [best[net, rate] for rate in RATES]
        falls = all(a >= b for a, b in pairwise(chosen)) and chosen[0] > chosen[-1]
        parts.append(
            f'The paper: the best {of} "decreases with the increase of missing rate". Here: '
            f"{', '.join(map(str, chosen))}: {'holds' if falls else 'does not hold'}."
        )

    def plot(figure: Any) -> None:
        axes = figure.subplots(1, 2)
        figure.set_size_inches(10, 4)
        for axis, (net, (of, values)) in zip(axes, SWEEPS.items(), strict=True):
            for rate in RATES:
                axis.semilogx(values, [found[image, net, v, rate] for v in values], "o-", label=f"{rate:.0%} missing")
            axis.set(title=net, xlabel=of, ylabel="PSNR of missing pixels, dB")
            axis.legend()

    rows = [{**key, **measured.values} for key, measured in results]
    return Report(rows, "\n\n".join(parts), {"fig3": plot})


FIG3 = Experiment("Figure 3: PSNR against omega and delta", cells, report)
