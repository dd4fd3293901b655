"""Figures 2 and 4: fits with and without INRR, and the residuals of every method."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.metrics import psnr
from inrr_cli.paper.experiment import Experiment, Key, Measurement, Report, Results, Setup
from inrr_cli.paper.published import TABLE1_MASKS, TABLE1_METHODS, TABLE2, TABLE2_NETS
from inrr_cli.paper.report import markdown_table, mean_over_seeds, result_rows, verdict
from inrr_cli.paper.tables import measure_result, restore

FIG2_METHODS = {"SIREN": "none", "SIREN with INRR": "inrr"}
SHARE_IN_SCALE = 99  # percent of the residuals that are not saturated: a few outliers would leave the rest black


def _measure_picture(setup: Setup, key: Key, net: str, reg: str) -> Measurement:
    """Measure a restoration as the tables do, and keep the network's own output, which the paper's figures show."""
    image, missing = setup.images[key["image"]], setup.mask(key["mask"], key["image"])
    result = restore(setup, key, missing, net, reg)
    assert result.raw is not None
    residual = np.abs(result.raw - image)
    fill = np.full(image.shape, image[~missing].mean() / 255)
    values = {
        **measure_result(image, missing, result),
        "psnr_mean_fill": psnr(fill, image / 255, missing),
        "residual_missing": float(residual[missing].mean()),
        "residual_known": float(residual[~missing].mean()),
        "residual_all": float(residual.mean()),
    }
    return Measurement(values, {"truth": image, "missing": missing, "output": result.raw.round().astype(np.uint8)})


def fig2_keys(setup: Setup) -> list[Key]:
    """Return the keys of one image without and with INRR, mixture mask."""
    return setup.keys(image=setup.choose_images("baboon")[:1], mask=["mixture"], method=FIG2_METHODS)


def measure_fig2(setup: Setup, key: Key) -> Measurement:
    """Measure a SIREN without INRR or with it."""
    return _measure_picture(setup, key, "siren", FIG2_METHODS[key["method"]])


def fig2_report(results: Results) -> Report:
    """Report how closely known and missing pixels are fitted without INRR and with it."""
    image = str(results[0][0]["image"])
    means = {
        value: [mean_over_seeds(results, value)[image, "mixture", method] for method in FIG2_METHODS]
        for value in ("psnr_known", "psnr_missing", "psnr_raw")
    }
    paper = TABLE2[image][list(TABLE2_NETS).index("SIREN")] if image in TABLE2 else None
    lines = [
        [method, *(f"{means[value][k]:.2f}" for value in means), f"{paper[k]:.1f}" if paper else "-"]
        for k, method in enumerate(FIG2_METHODS)
    ]
    constant = float(results[0][1].values["psnr_mean_fill"])
    plain, regularised = means["psnr_missing"]
    text = (
        f"PSNR in dB of the network's own output, {image}, mixture mask; the paper's (table 2) is of all pixels.\n\n"
        f"{markdown_table(['', 'known pixels', 'missing pixels', 'all pixels', 'the paper'], lines)}\n\n"
        'The paper: without INRR "its prediction outside training data is unreasonable", which the PSNR of table 2 '
        "makes worse than a constant, the mean of the known pixels. "
        f"Here that constant has {constant:.2f} dB, the plain network {plain:.2f}: {verdict(plain < constant)}.\n\n"
        'The paper: INRR "significantly improves the performance". '
        f"Here it adds {regularised - plain:+.2f} dB to missing pixels: {verdict(regularised > plain)}."
    )
    return Report(result_rows(results), text, {"fig2": lambda figure: _draw_fig2(figure, results)})
