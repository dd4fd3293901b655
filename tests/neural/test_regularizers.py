"""Properties of all regularisers in the table, and each energy against an explicit form."""

import pytest
import torch

from inrr_cli.methods import NETWORK_REGULARIZERS, load_regularizer
from inrr_cli.neural.coordinates import pixel_centres
from inrr_cli.neural.regularizers.base import DirichletEnergy
from inrr_cli.neural.regularizers.inrr import exp_energy, softmax_energy

ADJACENCIES = ("softmax", "exp")
METHODS = [name for name in NETWORK_REGULARIZERS if name not in ("none", "inrr")]
METHODS += [f"inrr {adjacency}" for adjacency in ADJACENCIES]
OF_IMAGES = [method for method in METHODS if method != "l2"]
DIRICHLET = [method for method in METHODS if issubclass(load_regularizer(method.split()[0]), DirichletEnergy)]
WEIGHTS = tuple(torch.randn(n, 4, 3, dtype=torch.double, generator=torch.Generator().manual_seed(n)) for n in (1, 2))


@pytest.fixture
def build(build_regularizer):
    """A function from a method, the image's shape and options to the regulariser in float64."""

    def build(method, shape, **options):
        name, *adjacency = method.split()
        options = {"weight": 1.0} | ({"adjacency": adjacency[0]} if adjacency else {}) | options
        return build_regularizer(name, shape if len(shape) == 3 else (*shape, 1), **options).double()

    return build


def centres(rows, columns):
    return pixel_centres(rows).double(), pixel_centres(columns).double()


def random_image(rows, columns, channels=1, seed=0):
    return torch.rand(rows, columns, channels, dtype=torch.double, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(12, 9), (5, 20, 3), (1, 7)])
def test_energies_are_not_negative_and_ignore_a_constant(build, method, shape):
    regularizer, (y, x), image = build(method, shape), centres(*shape[:2]), random_image(*shape)
    energy = regularizer(image, y, x, WEIGHTS)
    assert energy.item() > 1e-4
    assert regularizer(image + 0.7, y, x, WEIGHTS).item() == pytest.approx(energy.item(), rel=1e-6)
    if method in OF_IMAGES:
        assert regularizer(torch.full_like(image, 0.3), y, x, WEIGHTS).item() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_energies_are_linear_in_their_weight(build, method):
    (y, x), image = centres(8, 11), random_image(8, 11, 3)
    once, twice = (build(method, (8, 11, 3), weight=w)(image, y, x, WEIGHTS).item() for w in (1.0, 2.0))
    assert twice == pytest.approx(2 * once)


@pytest.mark.parametrize("method", OF_IMAGES)
def test_energies_are_summed_over_channels_and_scale_with_contrast(build, method):
    regularizer, (y, x), image = build(method, (8, 11, 3)), centres(8, 11), random_image(8, 11, 3)
    energy = regularizer(image, y, x, WEIGHTS).item()
    power = 2 if method in DIRICHLET else 1
    assert regularizer(3 * image, y, x, WEIGHTS).item() == pytest.approx(3**power * energy)
    assert sum(regularizer(image[..., [k]], y, x, WEIGHTS).item() for k in range(3)) == pytest.approx(energy)


@pytest.mark.parametrize("method", METHODS)
def test_gradients_are_exact(build, method):
    regularizer, (y, x) = build(method, (4, 5, 2)), centres(4, 5)
    image = random_image(4, 5, 2).requires_grad_(method in OF_IMAGES)
    weights = [weight.clone().requires_grad_(method == "l2") for weight in WEIGHTS]
    assert torch.autograd.gradcheck(lambda image, *weights: regularizer(image, y, x, weights), (image, *weights))
    regularizer(image, y, x, weights).backward()
    learned = list(regularizer.parameters())
    assert all(p.grad is not None and p.grad.isfinite().all() for p in learned)
    assert all(p.grad.abs().max() > 0 for p in learned[-1:])


@pytest.mark.parametrize("method", DIRICHLET)
def test_energies_are_traces_with_laplacians(build, method):
    regularizer, (y, x), image = build(method, (10, 7, 2), weight=0.7), centres(10, 7), random_image(10, 7, 2)
    rows, columns = regularizer.laplacians(y, x)
    for laplacian in (rows, columns):
        assert torch.allclose(laplacian, laplacian.T)
        assert torch.allclose(laplacian.sum(1), torch.zeros(len(laplacian), dtype=torch.double), atol=1e-12)
        assert torch.linalg.eigvalsh(laplacian).min() > -1e-12
    total = sum(
        torch.trace(channel.T @ rows @ channel) + torch.trace(channel @ columns @ channel.T)
        for channel in image.unbind(2)
    )
    assert regularizer(image, y, x, WEIGHTS).item() == pytest.approx(0.7 * total.item() / 70)


@pytest.mark.parametrize(
    "method", [method for method in OF_IMAGES if method != "air"]
)  # its matrices have a fixed size
@pytest.mark.parametrize("factor", [2, 4])
def test_the_same_image_has_the_same_energy_at_any_size(build, method, factor):
    def energy(rows, columns):
        y, x = centres(rows, columns)
        smooth = torch.sin(3 * y)[:, None, None] + torch.cos(2 * x)[None, :, None]
        return build(method, (rows, columns))(smooth, y, x, WEIGHTS).item()

    assert energy(128 * factor, 96 * factor) == pytest.approx(energy(128, 96), rel=0.25)


@pytest.mark.parametrize("method", METHODS)
def test_a_subset_of_rows_and_columns_estimates_the_whole(build, method):
    regularizer, (y, x) = build(method, (96, 80)), centres(96, 80)
    image = torch.exp(y)[:, None, None] * x[None, :, None] if method == "tv" else random_image(96, 80)
    generator = torch.Generator().manual_seed(0)

    def sample():
        rows = torch.randperm(96, generator=generator)[:32].sort().values
        columns = torch.randperm(80, generator=generator)[:32].sort().values
        return regularizer(image[rows][:, columns], y[rows], x[columns], WEIGHTS)

    estimate = torch.stack([sample() for _ in range(60)]).mean().item()
    assert estimate == pytest.approx(regularizer(image, y, x, WEIGHTS).item(), rel=0.06)


def test_tv_is_the_mean_step_and_a_row_drawn_twice_counts_as_no_change(build):
    y, x = centres(256, 3)
    image = (torch.arange(256.0, dtype=torch.double)[:, None, None] / 255).expand(256, 3, 1)
    tv = build("tv", (256, 3))
    assert tv(image, y, x, WEIGHTS).item() == pytest.approx(1 / 255)
    rows = torch.tensor([0, 10, 10, 30])
    assert tv(image[rows], y[rows], x, WEIGHTS).item() == pytest.approx(2 / 3 / 255)


def test_l2_is_the_sum_of_the_norms_of_the_layers(build):
    y, x = centres(3, 3)
    layers = [torch.full((4, 9), 2.0), torch.ones(2, 5, 5)]
    assert build("l2", (3, 3))(random_image(3, 3), y, x, layers).item() == pytest.approx(12 + 5 + 5)


def test_the_laplacian_of_air_is_its_formula(build):
    air, (y, x) = build("air", (6, 4)), centres(6, 4)
    s = torch.softmax(-air.rows, 1)
    adjacency = ((s + s.T) / 2).fill_diagonal_(0)
    assert torch.allclose(air.laplacians(y, x)[0], torch.diag(adjacency.sum(1)) - adjacency)


@pytest.mark.parametrize("adjacency", ADJACENCIES)
def test_inrr_energies_are_sums_over_pairs(adjacency):
    generator = torch.Generator().manual_seed(3)
    g = torch.randn(10, 6, dtype=torch.double, generator=generator)
    nodes = torch.randn(10, 7, dtype=torch.double, generator=generator)
    if adjacency == "softmax":
        s = torch.softmax(g, 1)
        a, energy = s @ s.T, softmax_energy(g, nodes) * 10 / 6
    else:
        exponentials = torch.exp(g @ g.T / 6).fill_diagonal_(0)
        a, energy = exponentials / exponentials.sum(), exp_energy(g, nodes) / 10
    squared_distances = (nodes[:, None] - nodes[None]).square().sum(-1)
    assert torch.allclose(energy, (a * squared_distances).sum() / 2)


def test_a_constant_network_weighs_every_pair_of_rows_alike():
    """Rows 0 and 1: half the pairs differ by one, so the mean degree times a half is the energy of a pixel."""
    nodes = torch.tensor([0.0, 0.0, 1.0, 1.0])[:, None]
    g = torch.zeros(4, 256)
    assert softmax_energy(g, nodes).item() == pytest.approx(1.0)  # 4 pairs of weight 1/256, times 256 / 4
    assert exp_energy(g, nodes).item() == pytest.approx(4 / 3)  # 4 pairs of weight 1/12, times 4


def similarities(regularizer, rows=128, columns=96):
    """Return the adjacency of rows without its diagonal."""
    laplacian = regularizer.laplacians(*centres(rows, columns))[0].detach()
    return (-laplacian).fill_diagonal_(0)


def test_a_higher_omega_of_inrr_makes_similarities_more_local(build):
    def decay(omega):
        """Return the part of the similarity of neighbours that rows four apart have not."""
        a = similarities(build("inrr softmax", (128, 96), reg_omega=omega))
        return 1 - a.diagonal(4).mean() / a.diagonal(1).mean()

    assert decay(60.0) > 1.3 * decay(20.0) > 1.3 * 1.3 * decay(5.0)
