"""Tables 1 and 2 of the paper."""

from __future__ import annotations

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
    preset = None if net == "ntk" else setup.preset
    settings = make_settings(net=net, reg=reg, preset=preset, seed=key["seed"], device=setup.device, **options)
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
    """Report the PSNR of the whole restored image beside the paper's, and the order of the methods."""
    full, missing = (mean_over_seeds(results, value) for value in ("psnr_full", "psnr_missing"))
    methods = list(TABLE1_METHODS)
    images = list(dict.fromkeys(str(key["image"]) for key, _ in results))
    lines, reached = [], 0
    for image in images:
        for mask in TABLE1_MASKS:
            paper = TABLE1.get((image, mask))
            ours = [full[image, mask, method] for method in methods]
            reached += paper is not None and ours[-1] >= paper[-1]
            printed = [f"{value:.1f}" for value in paper] if paper else ["-"] * len(methods)
            lines.append([image, mask, *(f"{a:.2f} ({b})" for a, b in zip(ours, printed, strict=True))])
    parts = [
        "PSNR in dB of the restored picture, known pixels included; in brackets the paper's, of the network's output.",
        markdown_table(["image", "mask", *methods], lines),
    ]
    if any((image, mask) in TABLE1 for image in images for mask in TABLE1_MASKS):
        parts.append(f"INRR is at least the paper's INRR in {reached} cells.")
    means = {mask: [np.mean([missing[i, mask, method] for i in images]) for method in methods] for mask in TABLE1_MASKS}
    parts.append("Missing pixels only, mean over pictures:")
    parts.append(
        markdown_table(["mask", *methods], [[mask, *(f"{v:.2f}" for v in line)] for mask, line in means.items()])
    )
    for mask, line in means.items():
        paper_means = np.mean([TABLE1[image, mask] for image in TABLE1_IMAGES], axis=0)
        parts.append(f"Order with {mask}: {_order(methods, line)}. The paper: {_order(methods, paper_means)}.")
    return Report(result_rows(results), "\n\n".join(parts), {})


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
    full, missing = (mean_over_seeds(results, value) for value in ("psnr_full", "psnr_missing"))
    images = list(dict.fromkeys(str(key["image"]) for key, _ in results))
    names = list(TABLE2_NETS)
    head = ["image", *(f"{name}{plus}" for name in names for plus in ("", "+"))]
    lines = []
    for image in images:
        paper = [f"{v:.1f}" for pair in TABLE2[image] for v in pair] if image in TABLE2 else ["-"] * (len(head) - 1)
        ours = [full[image, "mixture", name] for name in head[1:]]
        lines.append([image, *(f"{a:.2f} ({b})" for a, b in zip(ours, paper, strict=True))])
    gains = {name: [missing[i, "mixture", f"{name}+"] - missing[i, "mixture", name] for i in images] for name in names}
    gain_lines = [[image, *(f"{gains[name][k]:+.2f}" for name in names)] for k, image in enumerate(images)]
    gain_lines.append(["mean", *(f"{np.mean(gains[name]):+.2f}" for name in names)])
    count = sum(gain >= 0 for each in gains.values() for gain in each)
    parts = [
        "PSNR in dB of the restored picture, mixture mask, without and with (+) INRR; in brackets the paper's, of the "
        "network's own output.",
        markdown_table(head, lines),
        "What INRR adds on missing pixels, in dB:",
        markdown_table(["image", *names], gain_lines),
        f"INRR is at least as good as nothing in {count} of {len(names) * len(images)} pairs.",
    ]
    return Report(result_rows(results), "\n\n".join(parts), {})


TABLE1_EXPERIMENT = Experiment("Table 1: regularisers of a SIREN", table1_keys, measure_table1, table1_report)
TABLE2_EXPERIMENT = Experiment(
    "Table 2: representations without and with INRR", table2_keys, measure_table2, table2_report
)
