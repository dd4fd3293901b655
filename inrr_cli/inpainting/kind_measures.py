"""Measure filled labels and angles against the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from inrr_cli.result import Measurement, Result
from inrr_cli.value_kind import parse_values


def suit_to_kind(measurement: Measurement, results: list[Result], values: str) -> Measurement:
    """Return a measurement whose differences mean something for the kind of ``values``.

    A truth of angles is turned by whole periods to the nearest of the result. Labels have no differences: the truths
    are left out.
    """
    kind = parse_values(values)
    if measurement.truths is None or kind.name == "linear":
        return measurement
    if kind.name == "labels":
        return replace(measurement, truths=None)
    turned = []
    for result, truth in zip(results, measurement.truths, strict=True):
        turns = np.round((result.image.astype(np.float64) - truth) / kind.period)
        turned.append(truth + kind.period * turns)
    return replace(measurement, truths=turned)


def accuracy(results: list[Result], measurement: Measurement, values: str) -> float | None:
    """Return the fraction of filled labels that equal the truth; None for other kinds, or without a truth."""
    if values != "labels" or measurement.truths is None or measurement.missing is None:
        return None
    triples = zip(results, measurement.truths, measurement.missing, strict=True)
    right = [(result.image[missing] == truth[missing]).ravel() for result, truth, missing in triples]
    return float(np.concatenate(right).mean())
