"""Tables 1 and 2 of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inrr_cli.inpainting.image import run_inpainting
from inrr_cli.metrics import psnr
from inrr_cli.paper.experiment import Experiment, Key, Measurement, Report, Results, Setup
from inrr_cli.paper.published import TABLE1, TABLE1_IMAGES, TABLE1_MASKS, TABLE1_METHODS, TABLE2, TABLE2_NETS
from inrr_cli.paper.report import markdown_table, mean_over_seeds, result_rows
from inrr_cli.result import Result
from inrr_cli.settings import make_settings


def restore(setup: Setup, key: Key, missing: NDArray[np.bool_], net: str, reg: str, **options: Any) -> Result:
    """Restore the image of a key with the seed of the key."""
    if net != "ntk":  # which is solved, not fitted
        options |= setup.recipe
    settings = make_settings(net=net, reg=reg, seed=key["seed"], device=setup.device, **options)
    return run_inpainting(setup.images[key["image"]], missing, settings)


def measure_restoration(
    setup: Setup, key: Key, missing: NDArray[np.bool_], net: str, reg: str, **options: Any
) -> Measurement:
    """Restore the image of a key with the seed of the key, and measure the PSNR of the result."""
    image = setup.images[key["image"]]
    result = restore(setup, key, missing, net, reg, **options)
    truth, restored = image / np.float32(255), result.image / np.float32(255)
    assert result.raw is not None
    values = {
        "psnr_missing": psnr(restored, truth, missing),
        "psnr_full": psnr(restored, truth),
        "psnr_raw": psnr(result.raw / np.float32(255), truth),
        "psnr_known": result.psnr_known,
        "seconds": round(result.seconds, 2),
    }
    return Measurement(values, {})


def table1_keys(setup: Setup) -> list[Key]:
    """Return the keys of six methods on four images and three masks."""
    return setup.keys(image=setup.choose_images(*TABLE1_IMAGES), mask=TABLE1_MASKS, method=TABLE1_METHODS)


def measure_table1(setup: Setup, key: Key) -> Measurement:
    """Measure the restoration by a method of table 1."""
    return measure_restoration(setup, key, setup.mask(key["mask"], key["image"]), *TABLE1_METHODS[key["method"]])


def table1_report(results: Results) -> Report:
    """Report the PSNR of the network's output beside the paper's, that of missing pixels, and the order of methods."""
    raw, missing = (mean_over_seeds(results, value) for value in ("psnr_raw", "psnr_missing"))
    methods = list(TABLE1_METHODS)
    images = list(dict.fromkeys(str(key["image"]) for key, _ in results))
    lines, missing_lines = [], []
    for image, mask in product(images, TABLE1_MASKS):
        ours = [raw[image, mask, method] for method in methods]
        lines.append([image, mask, *_beside_paper(ours, TABLE1.get((image, mask)))])
        missing_lines.append([image, mask, *(f"{missing[image, mask, method]:.2f}" for method in methods)])
    parts = [
        "PSNR in dB of the network's own output (`psnr_raw`); in brackets the paper's.",
        markdown_table(["image", "mask", *methods], lines),
        "PSNR in dB of missing pixels only (`psnr_missing`), which the paper does not print:",
        markdown_table(["image", "mask", *methods], missing_lines),
        *_compare_methods(images, {"psnr_raw": raw, "psnr_missing": missing}),
    ]
    return Report(result_rows(results), "\n\n".join(parts), {})


def _compare_methods(images: list[str], means: dict[str, dict[tuple[Any, ...], float]]) -> list[str]:
    """Return the order of the methods of table 1 by each measure and mask, and what INRR adds to the plain network."""
    methods = list(TABLE1_METHODS)
    orders, gains = [], []
    for mask in TABLE1_MASKS:
        values = {name: [[mean[i, mask, m] for m in methods] for i in images] for name, mean in means.items()}
        values["the paper"] = [list(TABLE1[image, mask]) for image in TABLE1_IMAGES]
        orders += [[mask, name, _order(methods, np.mean(table, axis=0))] for name, table in values.items()]
        gains.append([mask, *(_mean_and_least(np.array(table)[:, [0, -1]]) for table in values.values())])
    return [
        "Order of the methods by their mean over pictures:",
        markdown_table(["mask", "measure", "order"], orders),
        "What INRR adds to the plain network (INR), in dB: mean over pictures, in brackets the least:",
        markdown_table(["mask", *means, "the paper"], gains),
    ]


def _mean_and_least(pairs: NDArray[np.floating[Any]]) -> str:
    """Return the mean gain, and in brackets the least, of pairs (pictures, 2) of PSNR without and with INRR."""
    gain = pairs[:, 1] - pairs[:, 0]
    return f"{gain.mean():+.2f} ({gain.min():+.2f})"


def _beside_paper(ours: list[float], paper: Sequence[float] | None) -> list[str]:
    """Return our numbers with the paper's in brackets, if there are any."""
    printed = ["-"] * len(ours) if paper is None else [f"{value:.1f}" for value in paper]
    return [f"{a:.2f} ({b})" for a, b in zip(ours, printed, strict=True)]


def _order(methods: list[str], values: ArrayLike) -> str:
    """Return the methods from the best to the worst."""
    return " > ".join(methods[k] for k in np.argsort(values)[::-1])


def table2_keys(setup: Setup) -> list[Key]:
    """Return the keys of five representations without and with INRR (+), mixture mask."""
    methods = [f"{name}{plus}" for name in TABLE2_NETS for plus in ("", "+")]
    return setup.keys(image=setup.choose_images(*TABLE2), mask=["mixture"], method=methods)


def measure_table2(setup: Setup, key: Key) -> Measurement:
    """Measure the restoration by a representation of table 2, with INRR if its name ends in +."""
    net, reg = TABLE2_NETS[key["method"].rstrip("+")], "inrr" if key["method"].endswith("+") else "none"
    return measure_restoration(setup, key, setup.mask(key["mask"], key["image"]), net, reg)


def table2_report(results: Results) -> Report:
    """Report the PSNR without and with INRR beside the paper's, and the gain."""
    raw, missing = (mean_over_seeds(results, value) for value in ("psnr_raw", "psnr_missing"))
    images = list(dict.fromkeys(str(key["image"]) for key, _ in results))
    names = list(TABLE2_NETS)
    head = ["image", *(f"{name}{plus}" for name in names for plus in ("", "+"))]
    lines, missing_lines = [], []
    for image in images:
        paper = [value for pair in TABLE2[image] for value in pair] if image in TABLE2 else None
        lines.append([image, *_beside_paper([raw[image, "mixture", name] for name in head[1:]], paper)])
        missing_lines.append([image, *(f"{missing[image, 'mixture', name]:.2f}" for name in head[1:])])
    pairs = {  # (pictures, networks, 2)
        measure: np.array([[[mean[i, "mixture", f"{n}{plus}"] for plus in ("", "+")] for n in names] for i in images])
        for measure, mean in (("psnr_raw", raw), ("psnr_missing", missing))
    }
    pairs["the paper"] = np.array(list(TABLE2.values()))
    gain_lines = [
        [measure, *(_mean_and_least(table[:, k]) for k in range(len(names)))] for measure, table in pairs.items()
    ]
    count = int((np.diff(pairs["psnr_missing"]) >= 0).sum())
    parts = [
        "PSNR in dB of the network's own output (`psnr_raw`), mixture mask, without and with (+) INRR; in brackets the "
        "paper's.",
        markdown_table(head, lines),
        "PSNR in dB of missing pixels only (`psnr_missing`):",
        markdown_table(head, missing_lines),
        "What INRR adds, in dB: mean over pictures, in brackets the least:",
        markdown_table(["measure", *names], gain_lines),
        f"At missing pixels INRR is at least as good as nothing in {count} of {len(names) * len(images)} pairs.",
    ]
    return Report(result_rows(results), "\n\n".join(parts), {})


TABLE1_EXPERIMENT = Experiment("Table 1: regularisers of a SIREN", table1_keys, measure_table1, table1_report)
TABLE2_EXPERIMENT = Experiment(
    "Table 2: representations without and with INRR", table2_keys, measure_table2, table2_report
)
