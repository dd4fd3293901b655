"""The outline of a mask: on the borders of its pixels, and nowhere else."""

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inrr_cli.report import outline
from inrr_cli.report.outline import outline_path


def pieces(path):
    """Return the unit pieces of a path: the horizontal and the vertical ones, by their left or upper end."""
    horizontal, vertical = set(), set()
    found = re.findall(r"M(\d+) (\d+)([hv])(\d+)", path)
    assert "".join(f"M{x} {y}{way}{length}" for x, y, way, length in found) == path
    for x, y, way, length in ((int(x), int(y), way, int(length)) for x, y, way, length in found):
        for offset in range(length):
            if way == "h":
                horizontal.add((x + offset, y))
            else:
                vertical.add((x, y + offset))
    return horizontal, vertical


def borders(mask):
    """Return the same by looking at each pixel and its neighbours."""
    rows, columns = mask.shape
    at = lambda row, column: 0 <= row < rows and 0 <= column < columns and bool(mask[row, column])  # noqa: E731
    horizontal = {(x, y) for y in range(rows + 1) for x in range(columns) if at(y, x) != at(y - 1, x)}
    vertical = {(x, y) for y in range(rows) for x in range(columns + 1) if at(y, x) != at(y, x - 1)}
    return horizontal, vertical


@given(arrays(bool, st.tuples(st.integers(1, 7), st.integers(1, 7))))
def test_the_outline_is_the_borders_of_the_pixels(mask):
    assert pieces(outline_path(mask)) == borders(mask)


def test_pieces_in_a_line_are_joined():
    mask = np.zeros((5, 9), bool)
    mask[1:4, 2:8] = True
    assert sorted(re.findall(r"M[^M]+", outline_path(mask))) == ["M2 1h6", "M2 1v3", "M2 4h6", "M8 1v3"]


def test_an_outline_of_very_many_pieces_is_not_drawn(monkeypatch):
    monkeypatch.setattr(outline, "LONGEST", 4)
    mask = np.eye(3, dtype=bool)
    assert outline_path(mask) is None
    assert outline_path(np.ones((3, 3), bool)) is not None
