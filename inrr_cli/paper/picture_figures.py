"""Figures 2 and 4: pictures of fits with and without INRR, and of the residuals of every method."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.metrics import psnr
from inrr_cli.paper.experiment import Experiment, GreyImage, Key, Measurement, Report, Results, Setup
from inrr_cli.paper.published import TABLE1_MASKS, TABLE1_METHODS, TABLE2, TABLE2_NETS
from inrr_cli.paper.report import markdown_table, mean_over_seeds, result_rows, verdict
from inrr_cli.paper.snapshots import fit_with_snapshots, snapshot_settings, step_at
from inrr_cli.paper.tables import restore

FIG2_METHODS = {"SIREN": "none", "SIREN + INRR": "inrr"}
PERFECT = 1.0  # grey level, below which a mean residual counts as a perfect fit: the step of 8-bit pictures
SEED_SPREAD = 0.55  # dB, the most by which the seeds of a cell of table 1 differ: a smaller gain may be chance
SHOWN = 99  # percent of the residuals of missing pixels within the colour scale: the largest few would darken the rest


def _measure_output(image: GreyImage, missing: NDArray[np.bool_], output: NDArray[np.floating[Any]]) -> Measurement:
    """Measure a network's own output (H, W), 0 to 1, which is what the paper shows, and keep it."""
    truth = image / np.float32(255)
    residual = 255 * np.abs(output - truth)
    values = {
        "psnr_known": psnr(output, truth, ~missing),
        "psnr_missing": psnr(output, truth, missing),
        "psnr_raw": psnr(output, truth),
        "residual_known": float(residual[~missing].mean()),
        "residual_missing": float(residual[missing].mean()),
    }
    pixels = (output * 255).round().astype(np.uint8)
    return Measurement(values, {"truth": image, "missing": missing, "output": pixels})


def fig2_keys(setup: Setup) -> list[Key]:
    """Return the keys of one image without and with INRR, mixture mask."""
    return setup.keys(image=setup.choose_images("baboon")[:1], mask=["mixture"], method=FIG2_METHODS)


def measure_fig2(setup: Setup, key: Key) -> Measurement:
    """Measure the end of the fit of a SIREN, without or with INRR."""
    image, missing = setup.images[key["image"]], setup.mask(key["mask"], key["image"])
    settings = snapshot_settings(setup, key, "siren", FIG2_METHODS[key["method"]])
    outputs: list[NDArray[Any]] = []
    fit_with_snapshots(image, missing, settings, [step_at(settings, 1)], lambda state, _: outputs.append(state.image()))
    constant = np.full(image.shape, image[~missing].mean() / 255)
    measurement = _measure_output(image, missing, outputs[0])
    return replace(measurement, values=measurement.values | {"psnr_constant": psnr(constant, image / 255, missing)})


def fig2_report(results: Results) -> Report:
    """Report how well known and missing pixels are fitted without INRR and with it."""
    image = str(results[0][0]["image"])
    measures = ("psnr_known", "psnr_missing", "psnr_raw", "residual_known")
    means = {
        name: [mean_over_seeds(results, name)[image, "mixture", method] for method in FIG2_METHODS] for name in measures
    }
    paper = TABLE2[image][list(TABLE2_NETS).index("SIREN")] if image in TABLE2 else None
    lines = [
        [method, *(f"{means[name][k]:.2f}" for name in measures[:3]), f"{paper[k]:.1f}" if paper else "-"]
        for k, method in enumerate(FIG2_METHODS)
    ]
    constant = results[0][1].values["psnr_constant"]
    plain, regularised = means["psnr_missing"]
    residual = means["residual_known"][0]
    text = (
        f"PSNR in dB of the network's own output: {image}, mixture mask. The paper's, in table 2, is of all pixels.\n\n"
        f"{markdown_table(['', 'known pixels', 'missing pixels', 'all pixels', 'the paper, all pixels'], lines)}\n\n"
        'The paper: the plain network "fits training data perfectly". Here its mean residual at known pixels is '
        f"{residual:.1f} grey levels, and perfect is below {PERFECT:g}: {verdict(residual < PERFECT)}.\n\n"
        'The paper: "its prediction outside training data is unreasonable". Here it has '
        f"{plain:.2f} dB at missing pixels, and unreasonable is below the mean of the known pixels as a constant, "
        f"{constant:.2f} dB: {verdict(plain < constant)}.\n\n"
        'The paper: "INRR significantly improves the performance". Here INRR adds '
        f"{regularised - plain:+.2f} dB at missing pixels, and up to {SEED_SPREAD:g} may be chance: "
        f"{verdict(regularised > plain + SEED_SPREAD)}."
    )
    return Report(result_rows(results), text, {"fig2": partial(_draw_fig2, results)})


def _draw_fig2(results: Results, figure: Any) -> None:
    """Draw the samples and both fits, with the whole image and both residuals below."""
    fits = {str(key["method"]): measurement for key, measurement in reversed(results)}
    arrays = results[0][1].arrays
    figure.set_size_inches(11, 7.6)
    panels = figure.subplots(2, 3)
    _draw_picture(panels[0, 0], _sampled(arrays), "sampled data")
    _draw_picture(panels[1, 0], arrays["truth"], "the image")
    drawn = []
    limit = _residual_limit(results)
    for (fit, below), method in zip(panels[:, 1:].T, FIG2_METHODS, strict=True):
        _draw_picture(fit, fits[method].arrays["output"], f"{method}: {fits[method].values['psnr_missing']:.2f} dB")
        drawn.append(_draw_residual(below, fits[method], limit, f"{method}: residual"))
    _draw_scale(figure, drawn[0], panels[1, 1:])
    figure.supxlabel("dB: PSNR of missing pixels", fontsize="medium")


def fig4_keys(setup: Setup) -> list[Key]:
    """Return the keys of the methods of table 1 on one image and three masks."""
    return setup.keys(image=setup.choose_images("baboon")[:1], mask=TABLE1_MASKS, method=TABLE1_METHODS)


def measure_fig4(setup: Setup, key: Key) -> Measurement:
    """Measure a method of table 1, as the table does."""
    image, missing = setup.images[key["image"]], setup.mask(key["mask"], key["image"])
    result = restore(setup, key, missing, *TABLE1_METHODS[key["method"]])
    assert result.raw is not None
    return _measure_output(image, missing, result.raw / np.float32(255))


def fig4_report(results: Results) -> Report:
    """Report the residuals of every method, and whether those of INRR are the least under every mask."""
    image = str(results[0][0]["image"])
    means = mean_over_seeds(results, "residual_missing")
    residuals = {mask: [means[image, mask, method] for method in TABLE1_METHODS] for mask in TABLE1_MASKS}
    others = list(TABLE1_METHODS)[:-1]
    excess = {mask: np.array(line[:-1]) / line[-1] - 1 for mask, line in residuals.items()}
    best = ", ".join(f"{mask}: {verdict(bool((values > 0).all()))}" for mask, values in excess.items())
    worse = bool((excess["random"] < np.minimum(excess["patch"], excess["textural"])).all())
    lines = [[mask, *(f"{value:.1f}" for value in line)] for mask, line in residuals.items()]
    excess_lines = [[mask, *(f"{value:+.0%}" for value in values)] for mask, values in excess.items()]
    text = (
        f"Mean residual, abs(X - X*), of missing pixels in grey levels of 255: {image}. The plot shows that of the "
        "network's own output at every pixel. The paper's figure has all of these methods but INR-Z.\n\n"
        f"{markdown_table(['mask', *TABLE1_METHODS], lines)}\n\n"
        "How much more than the residual of INRR:\n\n"
        f"{markdown_table(['mask', *others], excess_lines)}\n\n"
        "The paper: INRR is good under every mask. Here it has the least residual of all methods, "
        f"{best}.\n\n"
        'The paper: the others "perform well for random missing cases but poorly for other missing patterns". Here '
        f"each of them is further behind INRR with patch and with textural than with random: {verdict(worse)}."
    )
    return Report(result_rows(results), text, {"fig4": partial(_draw_fig4, results)})


def _draw_fig4(results: Results, figure: Any) -> None:
    """Draw a row for each mask: the samples, and the residual of each method."""
    fits = {(str(key["mask"]), str(key["method"])): measurement for key, measurement in reversed(results)}
    limit = _residual_limit(results)
    figure.set_size_inches(16, 7.6)
    panels = figure.subplots(len(TABLE1_MASKS), 1 + len(TABLE1_METHODS))
    drawn = None
    for line, mask in zip(panels, TABLE1_MASKS, strict=True):
        _draw_picture(line[0], _sampled(fits[mask, "INR"].arrays), "sampled data")
        line[0].set_ylabel(mask)
        for panel, method in zip(line[1:], TABLE1_METHODS, strict=True):
            mean = fits[mask, method].values["residual_missing"]
            drawn = _draw_residual(panel, fits[mask, method], limit, f"{method}: {mean:.1f}")
    _draw_scale(figure, drawn, panels)
    figure.supxlabel("numbers: mean residual of missing pixels, in grey levels", fontsize="medium")


def _sampled(arrays: dict[str, NDArray[Any]]) -> NDArray[Any]:
    """Return the image with its missing pixels masked."""
    return np.ma.masked_array(arrays["truth"], arrays["missing"])


def _residual(measurement: Measurement) -> NDArray[np.float32]:
    """Return |X - X*| of the network's own output, in grey levels."""
    residual: NDArray[np.float32] = measurement.arrays["output"].astype(np.float32) - measurement.arrays["truth"]
    return np.abs(residual)


def _residual_limit(results: Results) -> float:
    """Return the residual that SHOWN percent of missing pixels are below."""
    values = [_residual(measurement)[measurement.arrays["missing"]] for _, measurement in results]
    return float(np.percentile(np.concatenate(values), SHOWN))


def _draw_picture(panel: Any, picture: NDArray[Any], title: str) -> None:
    """Draw a grey picture; its masked pixels have a colour that no grey picture has."""
    panel.set_facecolor("tab:cyan")
    panel.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    panel.set(title=title, xticks=[], yticks=[])


def _draw_residual(panel: Any, measurement: Measurement, limit: float, title: str) -> Any:
    """Draw the residual of a fit from 0 to the limit and return what a colour bar needs."""
    panel.set(title=title, xticks=[], yticks=[])
    return panel.imshow(_residual(measurement), cmap="magma", vmin=0, vmax=limit, interpolation="nearest")


def _draw_scale(figure: Any, drawn: Any, panels: Any) -> None:
    """Draw the colour bar of residuals beside panels."""
    figure.colorbar(drawn, ax=panels, label="residual, grey levels", extend="max", aspect=40, pad=0.01)


FIG2 = Experiment("Figure 2: fits with and without INRR", fig2_keys, measure_fig2, fig2_report)
FIG4 = Experiment("Figure 4: residuals of every method", fig4_keys, measure_fig4, fig4_report)
