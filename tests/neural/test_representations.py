"""Properties of all representations, and each one's formula at a point."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import linear

from inrr_cli.methods import NETWORKS, load_representation, make_options
from inrr_cli.neural.presets import PRESETS
from inrr_cli.neural.training import fit, pixel_centres, render

EXACT = replace(PRESETS["paper"], steps=300, decay=True)
SLOW = {
    "dmf": replace(EXACT, steps=2000, lr=3e-3),  # it starts from almost nothing
    "gabor": replace(EXACT, steps=1000),
    "inr-z": replace(EXACT, steps=1000),
}
BOUNDED = [name for name in NETWORKS if name != "dmf"]
POINT = torch.tensor([0.6, -0.4])


def build(name, channels=1, seed=0, size=(256, 256), **options):
    return load_representation(name)(
        make_options(name, NETWORKS[name], options), (*size, channels), generator=torch.Generator().manual_seed(seed)
    )


def at_point(net):
    return net(POINT[1:], POINT[:1])[0, 0]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("channels", [1, 3])
def test_they_render_any_grid(name, channels):
    net = build(name, channels)
    out = net(pixel_centres(7), pixel_centres(5))
    assert out.shape == (7, 5, channels)
    if name in BOUNDED:
        assert (out > 0).all()
        assert (out < 1).all()
    assert torch.allclose(render(net, pixel_centres(7), pixel_centres(5)), out.detach(), rtol=1e-4)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_pixel_does_not_depend_on_what_else_is_rendered(name):
    net, y, x = build(name, 2, size=(24, 16)), pixel_centres(24), pixel_centres(16)
    rows, columns = torch.tensor([0, 3, 23]), torch.tensor([1, 15])
    assert torch.allclose(net(y[rows], x[columns]), net(y, x)[rows][:, columns], rtol=1e-4)


@pytest.mark.parametrize("name", NETWORKS)
def test_they_interpolate_a_small_image(name):
    y, x = pixel_centres(24), pixel_centres(16)
    image = (0.5 + 0.3 * torch.sin(4 * y[:, None] + 3 * x))[..., None]
    net = build(name, size=(24, 16))
    known = torch.ones(24, 16, dtype=torch.bool)
    fit(net, None, image, known, SLOW.get(name, EXACT), generator=torch.Generator().manual_seed(0))
    assert -10 * torch.log10((render(net, y, x) - image).square().mean()) > 50


@pytest.mark.parametrize("name", NETWORKS)
def test_an_optimiser_of_matrices_takes_parameters_that_are_weights(name):
    net = build(name)
    weights = {id(weight) for weight in net.weights()}
    assert all(id(matrix) in weights for matrix in net.matrices())


def test_siren_is_its_formula():
    net = build("siren", omega=30.0, width=8, layers=3)
    layers = net.net
    z = torch.sin(30 * linear(POINT, layers.first_weight, layers.first_bias))
    for weight, bias in zip(layers.hidden_weight, layers.hidden_bias, strict=True):
        z = torch.sin(linear(z, weight, bias))
    assert torch.allclose(at_point(net), torch.sigmoid(linear(z, layers.last_weight, layers.last_bias)), atol=1e-6)
    assert layers.first_weight.abs().max() <= 1 / 2
    assert layers.hidden_weight.abs().max() <= (6 / 8) ** 0.5


def test_relu_is_its_formula():
    net = build("relu", width=8, layers=2)
    layers = net.net
    z = torch.relu(linear(POINT, layers.first_weight, layers.first_bias))
    z = torch.relu(linear(z, layers.hidden_weight[0], layers.hidden_bias[0]))
    assert torch.allclose(at_point(net), torch.sigmoid(linear(z, layers.last_weight, layers.last_bias)), atol=1e-6)


@pytest.mark.parametrize("name", ["fourier", "gabor"])
def test_filter_networks_are_their_formulas(name):
    net = build(name, width=8, filters=3)

    def g(k):
        filtered = torch.sin(net.frequency[k] @ POINT + net.phase[k])
        if name == "gabor":
            filtered = filtered * torch.exp(-net.gamma[k] / 2 * (POINT - net.centre[k]).square().sum(1))
        return filtered

    z = g(0)
    for k in (1, 2):
        z = (net.hidden_weight[k - 1] @ z + net.hidden_bias[k - 1]) * g(k)
    assert torch.allclose(at_point(net), torch.sigmoid(linear(z, net.last_weight, net.last_bias)), atol=1e-5)


@pytest.mark.parametrize("factors", [1, 2, 3])
def test_dmf_is_a_product_of_its_factors(factors):
    net = build("dmf", channels=2, size=(6, 5), factors=factors)
    assert len(net.factors) == factors
    with torch.no_grad():
        for factor in net.factors:
            factor *= 1e3
    product = net.factors[0]
    for factor in net.factors[1:]:
        product = product @ factor
    y, x = pixel_centres(6), pixel_centres(5)
    picture = product.reshape(6, 5, 2)
    assert torch.allclose(net(y, x), picture, atol=1e-4)
    between = net(y[2:4].mean(0, keepdim=True), x)[0]
    assert torch.allclose(between, picture[2:4].mean(0), atol=1e-4)


@pytest.mark.parametrize("neighbours", [1, 3])
def test_inr_z_sees_the_neighbourhood_of_the_first_picture(neighbours):
    net = build("inr-z", channels=2, size=(9, 8), neighbours=neighbours)
    y, x = pixel_centres(9), pixel_centres(8)
    before = net(y, x)
    picture = torch.full((9, 8, 2), 0.5)
    net.follow(picture)
    assert torch.equal(net(y, x), before)
    picture[4, 3] = 0.9
    net.follow(picture)
    changed = ((net(y, x) - before).abs() > 1e-5).any(2).nonzero()
    assert len(changed) == neighbours**2
    assert ((changed - torch.tensor([4, 3])).abs() <= 1).all()
    assert not any(parameter.requires_grad for parameter in net.first.parameters())
