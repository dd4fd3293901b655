"""Tables 1 and 2 of the paper."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inrr_cli.inpainting.image import run_inpainting
from inrr_cli.metrics import psnr
from inrr_cli.paper.published import PAPERS_TABLE1, TABLE1, TABLE1_MASKS, TABLE1_METHODS, TABLE2, TABLE2_NETS
from inrr_cli.paper.study import (
    Cell,
    Experiment,
    Key,
    Measured,
    Picture,
    Report,
    Results,
    Setup,
    markdown_table,
    mean_over_seeds,
)
from inrr_cli.settings import make_settings


def measure(
    image: Picture,
    missing: NDArray[np.bool_],
    net: str,
    reg: str,
    setup: Setup,
    seed: int,
    options: dict[str, Any] | None = None,
) -> Measured:
    """Restore a picture and measure the result against it."""
    preset = None if net == "ntk" else setup.preset
    settings = make_settings(net=net, reg=reg, preset=preset, seed=seed, device=setup.device, **(options or {}))
    result = run_inpainting(image, missing, settings)
    truth, written = image / np.float32(255), result.image / np.float32(255)
    assert result.raw is not None
    values = {
        "psnr_missing": psnr(written, truth, missing),
        "psnr_full": psnr(written, truth),
        "psnr_raw": psnr(result.raw / np.float32(255), truth),
        "psnr_known": result.psnr_known,
        "seconds": round(result.seconds, 2),
    }
    return Measured(values, {})


def _cell(image: str, mask: str, method: str, net: str, reg: str, setup: Setup, seed: int) -> Cell:
    picture = setup.images[image]
    missing = setup.masks[mask]((picture.shape[0], picture.shape[1]))
    key: Key = {"image": image, "mask": mask, "method": method, "preset": setup.preset, "seed": seed}
    return Cell(key, partial(measure, picture, missing, net, reg, setup, seed))


def _rows(results: Results) -> list[dict[str, object]]:
    return [{**key, **measured.values} for key, measured in results]


def table1_cells(setup: Setup) -> list[Cell]:
    """Six methods on four pictures and three masks."""
    return [
        _cell(image, mask, method, net, reg, setup, seed)
        for image in setup.choose(PAPERS_TABLE1)
        for mask in TABLE1_MASKS
        for method, (net, reg) in TABLE1_METHODS.items()
        for seed in setup.seeds
    ]


def table1_report(setup: Setup, results: Results) -> Report:
    """PSNR of the whole restored picture beside the paper's."""
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
        printed = np.mean([TABLE1[image, mask] for image in PAPERS_TABLE1], axis=0)
        parts.append(f"Order with {mask}: {_order(methods, line)}. The paper: {_order(methods, printed)}.")
    return Report(_rows(results), "\n\n".join(parts), {})


def _order(methods: list[str], values: ArrayLike) -> str:
    """Methods from the best to the worst."""
    return " > ".join(methods[k] for k in np.argsort(values)[::-1])


def table2_cells(setup: Setup) -> list[Cell]:
    """Five representations without and with INRR, mixture mask."""
    return [
        _cell(image, "mixture", f"{name}{'+' if reg == 'inrr' else ''}", net, reg, setup, seed)
        for image in setup.choose(tuple(TABLE2))
        for name, net in TABLE2_NETS.items()
        for reg in ("none", "inrr")
        for seed in setup.seeds
    ]


def table2_report(setup: Setup, results: Results) -> Report:
    """PSNR without and with INRR beside the paper's."""
    full, missing = (mean_over_seeds(results, value) for value in ("psnr_full", "psnr_missing"))
    images = list(dict.fromkeys(str(key["image"]) for key, _ in results))
    names = list(TABLE2_NETS)
    head = ["image", *(f"{name}{plus}" for name in names for plus in ("", "+"))]
    whole, parts = [], []
    gains = {name: [missing[i, "mixture", f"{name}+"] - missing[i, "mixture", name] for i in images] for name in names}
    for image in images:
        paper = [f"{v:.1f}" for pair in TABLE2[image] for v in pair] if image in TABLE2 else ["-"] * (len(head) - 1)
        ours = [full[image, "mixture", name] for name in head[1:]]
        whole.append([image, *(f"{a:.2f} ({b})" for a, b in zip(ours, paper, strict=True))])
    parts.append(
        "PSNR in dB of the restored picture, mixture mask, without and with (+) INRR; in brackets the paper's, of the "
        "network's own output."
    )
    parts.append(markdown_table(head, whole))
    parts.append("What INRR adds on missing pixels, in dB:")
    lines = [[image, *(f"{gains[name][k]:+.2f}" for name in names)] for k, image in enumerate(images)]
    lines.append(["mean", *(f"{np.mean(gains[name]):+.2f}" for name in names)])
    parts.append(markdown_table(["image", *names], lines))
    count = sum(gain >= 0 for each in gains.values() for gain in each)
    parts.append(f"INRR is at least as good as nothing in {count} of {len(names) * len(images)} pairs.")
    return Report(_rows(results), "\n\n".join(parts), {})


TABLE1_EXPERIMENT = Experiment("Table 1: regularisers of a SIREN", table1_cells, table1_report)
TABLE2_EXPERIMENT = Experiment("Table 2: representations without and with INRR", table2_cells, table2_report)
