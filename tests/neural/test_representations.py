"""Properties of all representations in the table, and the formula of each at a point."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import linear

from inrr_cli.engine import InpaintingProblem
from inrr_cli.methods import NETWORKS
from inrr_cli.neural.coordinates import pixel_centres
from inrr_cli.neural.fit import NetworkFit
from inrr_cli.neural.presets import PRESETS
from inrr_cli.neural.rendering import render

EXACT = replace(PRESETS["paper"], steps=300, decay=True)
SLOW_RECIPES = {
    "dmf": replace(EXACT, steps=2000, lr=3e-3),  # its initial factors are almost zero
    "gabor": replace(EXACT, steps=1000),
    "inr-z": replace(EXACT, steps=1000),
}
BOUNDED = [name for name in NETWORKS if name != "dmf"]
POINT = torch.tensor([0.6, -0.4])


def at_point(net):
    return net(POINT[1:], POINT[:1])[0, 0]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("channels", [1, 3])
def test_they_render_any_grid(build_representation, name, channels):
    net = build_representation(name, (256, 256, channels))
    image = net(pixel_centres(7), pixel_centres(5))
    assert image.shape == (7, 5, channels)
    if name in BOUNDED:
        assert (image > 0).all()
        assert (image < 1).all()
    assert torch.allclose(render(net, pixel_centres(7), pixel_centres(5)), image.detach(), rtol=1e-4)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_pixel_does_not_depend_on_the_other_pixels_rendered(build_representation, name):
    net, y, x = build_representation(name, (24, 16, 2)), pixel_centres(24), pixel_centres(16)
    rows, columns = torch.tensor([0, 3, 23]), torch.tensor([1, 15])
    assert torch.allclose(net(y[rows], x[columns]), net(y, x)[rows][:, columns], rtol=1e-4)


def wave(rows, columns):
    y, x = pixel_centres(rows), pixel_centres(columns)
    return (0.5 + 0.3 * torch.sin(4 * y[:, None] + 3 * x))[..., None]


def fit_error(net, image, recipe):
    """Fit all pixels of an image and return the mean squared error in dB."""
    rows, columns = image.shape[:2]
    problem = InpaintingProblem(image, torch.ones_like(image, dtype=torch.bool))
    NetworkFit(net, None, problem, recipe, torch.Generator().manual_seed(0)).run()
    return 10 * (render(net, pixel_centres(rows), pixel_centres(columns)) - image).square().mean().log10()


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_they_interpolate_a_small_image(build_representation, name):
    net = build_representation(name, (24, 16, 1))
    assert fit_error(net, wave(24, 16), SLOW_RECIPES.get(name, EXACT)) < -50


@pytest.mark.parametrize("name", NETWORKS)
def test_they_learn_a_small_image(build_representation, name):
    lr = 3e-2 if name == "dmf" else 3e-3
    net = build_representation(name, (12, 8, 1), width=32)
    assert fit_error(net, wave(12, 8), replace(EXACT, steps=250, lr=lr)) < -25


@pytest.mark.parametrize("name", NETWORKS)
def test_a_copy_with_hidden_layers_in_bfloat16_is_near_and_shares_the_rest(build_representation, name):
    net, y, x = build_representation(name), pixel_centres(9), pixel_centres(7)
    rounded = net.with_hidden_in(torch.bfloat16)
    hidden = {id(parameter) for parameter in net.hidden_parameters()}
    for exact, other in zip(net.parameters(), rounded.parameters(), strict=True):
        assert (other.dtype == torch.bfloat16) if id(exact) in hidden else (other is exact)
    assert rounded(y, x).dtype == torch.float32
    assert torch.allclose(rounded(y, x), net(y, x), atol=0.05)


@pytest.mark.parametrize("name", NETWORKS)
def test_muon_weights_are_weights(build_representation, name):
    net = build_representation(name)
    weights = {id(weight) for weight in net.weights()}
    assert all(id(matrix) in weights for matrix in net.muon_weights())


@pytest.mark.parametrize("layers", [1, 3])
def test_siren_is_its_formula(build_representation, layers):
    siren = build_representation("siren", omega=20.0, width=8, layers=layers)
    net = siren.net
    assert net.hidden_weight.shape == (layers - 1, 8, 8)
    z = torch.sin(20 * linear(POINT, net.first_weight, net.first_bias))
    for weight, bias in zip(net.hidden_weight, net.hidden_bias, strict=True):
        z = torch.sin(linear(z, weight, bias))
    assert torch.allclose(at_point(siren), torch.sigmoid(linear(z, net.last_weight, net.last_bias)), atol=1e-6)
    assert net.first_weight.abs().max() <= 1 / 2
    assert net.last_weight.abs().max() <= (6 / 8) ** 0.5


@pytest.mark.parametrize("layers", [1, 3])
def test_relu_is_its_formula(build_representation, layers):
    relu = build_representation("relu", width=8, layers=layers)
    net = relu.net
    assert net.hidden_weight.shape == (layers - 1, 8, 8)
    z = torch.relu(linear(POINT, net.first_weight, net.first_bias))
    for weight, bias in zip(net.hidden_weight, net.hidden_bias, strict=True):
        z = torch.relu(linear(z, weight, bias))
    assert torch.allclose(at_point(relu), torch.sigmoid(linear(z, net.last_weight, net.last_bias)), atol=1e-6)


@pytest.mark.parametrize("name", ["fourier", "gabor"])
@pytest.mark.parametrize("filters", [1, 3])
def test_filter_networks_are_their_formulas(build_representation, name, filters):
    net = build_representation(name, width=8, filters=filters)

    def g(k):
        filtered = torch.sin(net.frequency[k] @ POINT + net.phase[k])
        if name == "gabor":
            filtered = filtered * torch.exp(-net.gamma[k] / 2 * (POINT - net.centre[k]).square().sum(1))
        return filtered

    assert net.frequency.shape == (filters, 8, 2)
    z = g(0)
    for k in range(1, filters):
        z = (net.hidden_weight[k - 1] @ z + net.hidden_bias[k - 1]) * g(k)
    assert torch.allclose(at_point(net), torch.sigmoid(linear(z, net.last_weight, net.last_bias)), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("siren", 10.0, 60.0), ("inr-z", 30.0, 240.0), ("fourier", 30.0, 240.0), ("gabor", 30.0, 240.0)],
)
def test_a_higher_omega_gives_higher_frequencies(build_representation, name, low, high):
    """The mean frequency of the power spectrum of the initial image, without its mean."""

    def mean_frequency(omega):
        with torch.no_grad():
            image = build_representation(name, omega=omega, width=64)(pixel_centres(96), pixel_centres(96))[..., 0]
        window = torch.hann_window(96)
        power = torch.fft.rfft2((image - image.mean()) * window * window[:, None]).abs().square()
        radius = torch.hypot(torch.fft.fftfreq(96)[:, None], torch.fft.rfftfreq(96))
        return (power * radius).sum() / power.sum()

    assert mean_frequency(high) > 1.5 * mean_frequency(low)


@pytest.mark.parametrize("factors", [1, 2, 3])
def test_dmf_is_a_product_of_its_factors(build_representation, factors):
    net = build_representation("dmf", (6, 5, 2), factors=factors)
    assert len(net.factors) == factors
    with torch.no_grad():
        for factor in net.factors:
            factor *= 1e3
    product = net.factors[0]
    for factor in net.factors[1:]:
        product = product @ factor
    y, x = pixel_centres(6), pixel_centres(5)
    image = product.reshape(6, 5, 2)
    assert torch.allclose(net(y, x), image, atol=1e-4)
    between = net(y[2:4].mean(0, keepdim=True), x)[0]
    assert torch.allclose(between, image[2:4].mean(0), atol=1e-4)


@pytest.mark.parametrize("neighbours", [1, 3])
def test_inr_z_sees_the_neighbourhood_in_the_first_image(build_representation, neighbours):
    net = build_representation("inr-z", (9, 8, 2), neighbours=neighbours)
    y, x = pixel_centres(9), pixel_centres(8)
    before = net(y, x)
    image = torch.full((9, 8, 2), 0.5)
    net.set_first_image(image)
    assert torch.equal(net(y, x), before)
    image[4, 3] = 0.9
    net.set_first_image(image)
    changed = ((net(y, x) - before).abs() > 1e-5).any(2).nonzero()
    assert len(changed) == neighbours**2
    assert ((changed - torch.tensor([4, 3])).abs() <= 1).all()
    assert not any(parameter.requires_grad for parameter in net.first_stage.parameters())
