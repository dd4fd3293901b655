"""What a report says: plain data, without files, HTML or the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.imaging.value_range import Pixels

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Pane:
    """A picture beside the others of its page, on the same pixels.

    Attributes
    ----------
    name : str
        Heading, as "Restored" or the name of a method.
    pixels : (M, N[, C]) ndarray
        In the units of the page's image, and of its type.
    note : str
        A line beneath, as "28.1 dB".
    opacity : (M, N) ndarray of float32, optional
        From 0 to 1; opaque by default.
    is_filled : bool
        Whether the missing samples were filled: not in the input, nor in a truth.
    """

    name: str
    pixels: Pixels
    note: str = ""
    opacity: NDArray[np.float32] | None = None
    is_filled: bool = True


@dataclass(frozen=True)
class Map:
    """A measure of each pixel, shown by colours with a bar.

    Attributes
    ----------
    name : str
    values : (M, N) ndarray of float
        NaN where there is none.
    note : str
        What is measured, in which unit.
    kind : {"error bar", "residual", "probability"}
        From 0 to a robust maximum, around 0, or from 0 to 1.
    """

    name: str
    values: NDArray[np.floating]
    note: str
    kind: str = "error bar"


@dataclass(frozen=True)
class Curve:
    """A measure against the steps of a fit.

    Attributes
    ----------
    name, unit : str
    steps, values : sequence of numbers
        Values that are None are left out.
    group : str
        Curves of one group share a diagram.
    logarithmic : bool
        Whether the values are shown on a logarithmic scale.
    """

    name: str
    unit: str
    steps: Sequence[int]
    values: Sequence[float | None]
    group: str
    logarithmic: bool = False


@dataclass(frozen=True)
class Matrix:
    """A square matrix, as a Laplacian that was learned."""

    name: str
    values: NDArray[np.floating]


@dataclass(frozen=True)
class Table:
    """A table; its first column names the rows. Numbers are aligned on the right."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | int | float | None]]
    note: str = ""


@dataclass(frozen=True)
class ReportPage:
    """One restored image, or one page of a stack.

    Attributes
    ----------
    title : str
    panes : list of Pane
        The input, the restored image, and others: the slider compares the first two at first. All have one shape.
    missing : (M, N[, C]) ndarray of bool, optional
        Samples that were filled; None where the whole image is new.
    known : (M, N[, C]) ndarray of bool, optional
        Samples of the restored image that the contrast is chosen from; by default those not missing that are finite.
    made : (M, N) ndarray of bool, optional
        Pixels that are made up, not measured and not expected.
    maps : list of Map
    truth : (M, N[, C]) ndarray, optional
        Of the histogram; the pane and the map of the residual are given like the others.
    values : str
        As `inrr_cli.settings.Settings.values`.
    inverted : bool
        Whether the lowest value is white.
    facts : dict of str to str
        Numbers in large print, few: "missing", "PSNR of the missing samples", ...
    notes : list of str
        Sentences.
    curves, matrices : list
        Of a network's fit.
    """

    title: str
    panes: Sequence[Pane]
    missing: Mask | None = None
    known: Mask | None = None
    made: Mask | None = None
    maps: Sequence[Map] = ()
    truth: Pixels | None = None
    values: str = "linear"
    inverted: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    curves: Sequence[Curve] = ()
    matrices: Sequence[Matrix] = ()

    @property
    def restored(self) -> Pane:
        """The restored image: the second pane, or the only one."""
        return self.panes[min(1, len(self.panes) - 1)]


@dataclass(frozen=True)
class Report:
    """A report on one run.

    Attributes
    ----------
    title : str
        The name of the image, or what the report is of.
    subtitle : str
        A sentence.
    pages : list of ReportPage
        In the order in which they are shown.
    tables : list of Table
        Before the pages.
    further : Table, optional
        After the pages: others, that are not shown in full.
    notes : list of str
        Sentences on the whole report.
    command : str
        What was typed; empty if nobody typed.
    files : list of (str, str, str)
        Role, name and SHA-256 of each file that was read or written.
    record : dict
        The record of the run; values that are None are left out.
    """

    title: str
    subtitle: str
    pages: Sequence[ReportPage]
    tables: Sequence[Table] = ()
    further: Table | None = None
    notes: Sequence[str] = ()
    command: str = ""
    files: Sequence[tuple[str, str, str]] = ()
    record: Mapping[str, Any] = field(default_factory=dict)
