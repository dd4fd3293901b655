"""Rows taken out of many tables at once."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def take_rows(tables: Tensor, table: Tensor, row: Tensor) -> Tensor:
    """Take rows of (B, N, d) tables: ``tables[table, row]``, by numbers (...) of int64 that broadcast, as (..., d).

    Whole rows are copied, which is several times faster than indexing or `torch.gather`.
    """
    return F.embedding(table * tables.shape[1] + row, tables.flatten(0, 1))
