"""Properties that every regulariser has, over the whole registry, and the closed forms against explicit ones."""

import pytest
import torch

from inrr_cli.neural.fit import pixel_centres
from inrr_cli.neural.regularizers.inrr import exp_energy, softmax_energy
from inrr_cli.registry import REGULARIZERS, load_regularizer, make_options

ADJACENCIES = ("softmax", "exp")
METHODS = [(name, adjacency) for name in REGULARIZERS if name not in ("none", "patch") for adjacency in ADJACENCIES]


def build(name, adjacency, seed=0, weight=1.0):
    options = make_options(name, REGULARIZERS[name], {"weight": weight, "adjacency": adjacency})
    return load_regularizer(name)(options, generator=torch.Generator().manual_seed(seed)).double()


def grids(rows, columns):
    return pixel_centres(rows).double(), pixel_centres(columns).double()


def picture(rows, columns, channels=1, seed=0):
    return torch.rand(rows, columns, channels, dtype=torch.double, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("name", "adjacency"), METHODS)
@pytest.mark.parametrize("shape", [(12, 9), (5, 20, 3), (1, 7)])
def test_energies_are_not_negative_and_ignore_a_constant(name, adjacency, shape):
    regularizer, (y, x), image = build(name, adjacency), grids(*shape[:2]), picture(*shape)
    energy = regularizer(image, y, x)
    assert energy.item() > 1e-4
    assert regularizer(image + 0.7, y, x).item() == pytest.approx(energy.item(), rel=1e-6)
    assert regularizer(torch.full_like(image, 0.3), y, x).item() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("name", "adjacency"), METHODS)
def test_energies_are_quadratic_summed_over_channels_and_linear_in_the_weight(name, adjacency):
    regularizer, (y, x), image = build(name, adjacency), grids(8, 11), picture(8, 11, 3)
    energy = regularizer(image, y, x).item()
    assert regularizer(3 * image, y, x).item() == pytest.approx(9 * energy)
    assert sum(regularizer(image[..., [k]], y, x).item() for k in range(3)) == pytest.approx(energy)
    assert build(name, adjacency, weight=2.0)(image, y, x).item() == pytest.approx(2 * energy)


@pytest.mark.parametrize(("name", "adjacency"), METHODS)
def test_gradients_are_exact(name, adjacency):
    regularizer, (y, x) = build(name, adjacency), grids(4, 5)
    image = picture(4, 5, 2).requires_grad_()
    assert torch.autograd.gradcheck(lambda image: regularizer(image, y, x), image)
    regularizer(image, y, x).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in regularizer.parameters())
    assert any(p.grad.abs().max() > 0 for p in regularizer.parameters())


@pytest.mark.parametrize(("name", "adjacency"), METHODS)
@pytest.mark.parametrize("factor", [2, 4])
def test_the_same_picture_has_the_same_energy_at_any_size(name, adjacency, factor):
    regularizer = build(name, adjacency)

    def energy(rows, columns):
        y, x = grids(rows, columns)
        smooth = torch.sin(3 * y)[:, None, None] + torch.cos(2 * x)[None, :, None]
        return regularizer(smooth, y, x).item()

    assert energy(128 * factor, 96 * factor) == pytest.approx(energy(128, 96), rel=0.25)


@pytest.mark.parametrize(("name", "adjacency"), METHODS)
def test_a_subset_of_rows_and_columns_estimates_the_whole(name, adjacency):
    regularizer, (y, x), image = build(name, adjacency), grids(96, 80), picture(96, 80)
    generator = torch.Generator().manual_seed(0)

    def sample():
        rows = torch.randperm(96, generator=generator)[:32].sort().values
        columns = torch.randperm(80, generator=generator)[:32].sort().values
        return regularizer(image[rows][:, columns], y[rows], x[columns])

    estimate = torch.stack([sample() for _ in range(60)]).mean().item()
    assert estimate == pytest.approx(regularizer(image, y, x).item(), rel=0.06)


@pytest.mark.parametrize("form", ADJACENCIES)
def test_closed_forms_equal_the_trace_with_an_explicit_laplacian(form):
    generator = torch.Generator().manual_seed(3)
    g = torch.randn(10, 6, dtype=torch.double, generator=generator)
    nodes = torch.randn(10, 7, dtype=torch.double, generator=generator)
    if form == "softmax":
        s = torch.softmax(g, 1)
        adjacency, energy = s @ s.T, softmax_energy(g, nodes) * 10 / 6
    else:
        adjacency = torch.exp(g @ g.T / 6).fill_diagonal_(0)
        adjacency, energy = adjacency / adjacency.sum(), exp_energy(g, nodes) / 10
    laplacian = torch.diag(adjacency.sum(1)) - adjacency
    assert torch.allclose(laplacian, laplacian.T)
    assert torch.allclose(laplacian.sum(1), torch.zeros(10, dtype=torch.double), atol=1e-12)
    assert torch.linalg.eigvalsh(laplacian).min() > -1e-12
    assert torch.allclose(energy, torch.trace(nodes.T @ laplacian @ nodes))
    pairs = (nodes[:, None] - nodes[None]).square().sum(-1)
    assert torch.allclose(energy, (adjacency * pairs).sum() / 2)


def test_a_flat_network_weighs_every_pair_of_rows_alike():
    """Rows 0 and 1: half the pairs differ by one, so the mean degree times a half is the energy of a pixel."""
    nodes = torch.tensor([0.0, 0.0, 1.0, 1.0])[:, None]
    g = torch.zeros(4, 256)
    assert softmax_energy(g, nodes).item() == pytest.approx(1.0)  # 4 pairs of weight 1/256, times 256 / 4
    assert exp_energy(g, nodes).item() == pytest.approx(4 / 3)  # 4 pairs of weight 1/12, times 4
