import pytest
import torch

from inrr_cli.texture import search


def _hole(rows, columns, *boxes):
    mask = torch.zeros(rows, columns, dtype=torch.bool)
    for box in boxes:
        mask[box] = True
    return mask


def _noise(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="session")
def hole():
    """A function from rows, columns and boxes to a mask that is True in the boxes."""
    return _hole


@pytest.fixture(scope="session")
def noise():
    """A function from a shape and a seed to white noise in [0, 1]."""
    return _noise


@pytest.fixture
def many_patches(monkeypatch):
    """Let the search behave as with too many patches to compare them all."""
    monkeypatch.setattr(search, "EXHAUSTIVE", 0)


@pytest.fixture
def small_pieces(monkeypatch):
    """Share out work in pieces of 100 patches or pixels."""
    monkeypatch.setattr(search.in_chunks, "__defaults__", (100,))
