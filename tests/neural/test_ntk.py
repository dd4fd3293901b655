"""The kernel regression against its dense form and the paper's statements."""

import pytest
import torch

from inrr_cli import InputError
from inrr_cli.methods import NtkOptions
from inrr_cli.neural import ntk
from inrr_cli.neural.ntk import kernel, regress


def case(rows=9, columns=7, channels=2):
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(rows, columns, channels, generator=generator)
    return image, torch.rand(rows, columns, generator=generator) > 0.4


def test_the_kernel_is_that_of_a_wide_network():
    """Gradients of a random ReLU network of width 4096 with one hidden layer, standard normal weights."""
    generator = torch.Generator().manual_seed(1)
    a, b = torch.tensor([1.0, 0.0]), torch.tensor([0.6, 0.8])
    w = torch.randn(200_000, 2, generator=generator)
    v = torch.randn(200_000, generator=generator)
    active = (w @ a > 0) & (w @ b > 0)
    last_layer = 2 * (torch.relu(w @ a) * torch.relu(w @ b)).mean()
    first_layer = 2 * (v.square() * active).mean() * (a @ b)
    expected = (last_layer + first_layer) / 2
    assert kernel(torch.tensor(0.6), 1).item() == pytest.approx(expected.item(), rel=0.02)
    assert kernel(torch.tensor(1.0), 3).item() == pytest.approx(1)
    assert kernel(torch.tensor(0.0), 3) > 0.1


@pytest.mark.parametrize("delta", [3.0, 20.0])
def test_it_is_the_dense_solution(delta):
    image, known = case()
    y, x = torch.meshgrid(torch.arange(9.0) / 9, torch.arange(7.0) / 7, indexing="ij")
    points = torch.stack([y, x], 2).reshape(-1, 2).double()
    all_pairs = kernel(torch.exp(-(delta**2) * torch.cdist(points, points).square()), 2)
    there = known.flatten()
    coefficients = torch.linalg.solve(all_pairs[there][:, there], image.reshape(-1, 2)[there].double())
    expected = (all_pairs[:, there] @ coefficients).reshape(9, 7, 2)
    result = regress(torch.where(known[..., None], image, torch.nan), known, NtkOptions(delta=delta))
    assert torch.allclose(result.double(), expected, atol=2e-3)


def test_known_pixels_are_met_and_others_tend_to_one_mean():
    """Corollary 1: with delta towards infinity every missing pixel is the same weighted mean of the known ones."""
    image, known = case()
    result = regress(image, known, NtkOptions(delta=1e4))
    assert torch.allclose(result[known], image[known], atol=1e-3)
    away, at = kernel(torch.tensor(0.0), 2), 1.0
    truth = image[known]
    mean = away * truth.sum(0) / ((len(truth) - 1) * away + at)
    assert torch.allclose(result[~known], mean.expand(int((~known).sum()), 2), atol=1e-3)


def test_what_does_not_fit_in_memory_is_refused_with_what_would(monkeypatch):
    monkeypatch.setattr(ntk.os, "sysconf", lambda name: {"SC_AVPHYS_PAGES": 100, "SC_PAGE_SIZE": 4096}[name])
    image, known = case(40, 30)
    with pytest.raises(InputError, match=r"30 x 40 pixels needs .* GB .* pixels would fit"):
        regress(image, known, NtkOptions())


def test_a_caller_is_told_of_progress():
    reports = []
    image, known = case()
    regress(image, known, NtkOptions(), lambda *report: reports.append(report))
    assert [report[0] for report in reports] == list(range(len(reports)))
    assert reports[0][2] == pytest.approx(1)
    assert reports[-1][2] <= ntk.TOLERANCE
