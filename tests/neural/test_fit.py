from dataclasses import replace

import pytest
import torch

from inrr_cli import Control, DivergedError
from inrr_cli.engine import InpaintingProblem
from inrr_cli.methods import NETWORK_REGULARIZERS
from inrr_cli.neural import objective as objective_module
from inrr_cli.neural import rendering
from inrr_cli.neural.coordinates import pixel_centres
from inrr_cli.neural.fit import NetworkFit
from inrr_cli.neural.presets import PRESETS
from inrr_cli.neural.rendering import render

SMALL = {"width": 32, "layers": 3}
EXACT = replace(PRESETS["paper"], steps=300, lr_regularizer=1e-3, decay=True)


def wave(rows=24, columns=16, channels=1):
    """Return a smooth image."""
    y, x = pixel_centres(rows), pixel_centres(columns)
    image = 0.5 + 0.3 * torch.sin(4 * y[:, None] + 3 * x[None])
    return image[..., None] * torch.linspace(1, 0.5, channels)


def all_known(image):
    return InpaintingProblem(image, torch.ones_like(image, dtype=torch.bool))


def fit(net, regularizer, problem, recipe, control=Control()):  # noqa: B008
    result = NetworkFit(net, regularizer, problem, recipe, torch.Generator().manual_seed(0))
    result.run(control)
    return result


def render_all(net, image):
    return render(net, pixel_centres(image.shape[0]), pixel_centres(image.shape[1]))


@pytest.mark.parametrize("reg", NETWORK_REGULARIZERS)
def test_blocks_give_the_gradient_of_the_whole(monkeypatch, build_representation, build_regularizer, reg):
    known = torch.rand(20, 12, generator=torch.Generator().manual_seed(1)) > 0.5
    problem = InpaintingProblem(wave(20, 12, 3), known[..., None].expand(-1, -1, 3))

    def gradients(block_points, kept_points=0):
        monkeypatch.setattr(rendering, "BLOCK_POINTS", block_points)
        monkeypatch.setattr(objective_module, "KEPT_POINTS", kept_points)
        net, regularizer = build_representation(shape=(256, 256, 3)), build_regularizer(reg, (20, 12, 3), 2, weight=1.0)
        fit(net, regularizer, problem, replace(EXACT, steps=1))
        learned = [] if regularizer is None else list(regularizer.parameters())
        return [p.grad for p in [*net.parameters(), *learned]]

    whole, rendered_twice, kept = gradients(10_000), gradients(30), gradients(30, kept_points=10_000)
    for expected, *others in zip(whole, rendered_twice, kept, strict=True):
        assert all(torch.allclose(expected, other, rtol=1e-3, atol=1e-7) for other in others)


def test_values_of_missing_pixels_are_not_used(build_representation):
    image, known = wave(), torch.ones(24, 16, dtype=torch.bool)
    known[4:9, 3:11] = False
    spoiled = torch.where(known[..., None], image, torch.nan)

    def result(values):
        net = build_representation(**SMALL)
        fit(
            net, None, InpaintingProblem(values, known[..., None]), replace(EXACT, steps=5, optimizer="muon", spacing=4)
        )
        return render_all(net, image)

    assert torch.equal(result(image), result(spoiled))


def test_a_loss_that_is_not_finite_is_an_error(build_representation):
    with pytest.raises(DivergedError, match="diverged at step 2"):
        fit(build_representation(**SMALL), None, all_known(wave()), replace(EXACT, lr=3e38))


def test_a_loss_that_rises_is_noticed(build_representation):
    steps = replace(EXACT, steps=20)
    calm, wild = (
        fit(build_representation(**SMALL), None, all_known(wave()), replace(steps, lr=lr)) for lr in (1e-3, 1)
    )
    assert (calm.loss_rose, wild.loss_rose) == (False, True)


@pytest.mark.parametrize("keep_partial", [True, False])
def test_interruption(build_representation, keep_partial):
    def interrupt(step, steps, loss):
        if step == 3:
            raise KeyboardInterrupt

    network_fit = NetworkFit(build_representation(**SMALL), None, all_known(wave()), EXACT, torch.Generator())
    if keep_partial:
        network_fit.run(Control(interrupt, keep_partial=True))
    else:
        with pytest.raises(KeyboardInterrupt):
            network_fit.run(Control(interrupt))
    assert (network_fit.steps, network_fit.completed) == (3, False)


@pytest.mark.parametrize("reg", ["none", "tv", "inrr"])
def test_a_warm_start_begins_with_a_smooth_fill(build_representation, build_regularizer, reg):
    """After a few steps the hole continues the ramp around it; a fit without a warm start does not."""
    ramp = torch.linspace(0.1, 0.9, 24)[:, None, None].expand(24, 16, 1).contiguous()
    known = torch.ones(24, 16, dtype=torch.bool)
    known[6:18, 3:13] = False

    def error(warm_start):
        net = build_representation(omega=60.0, width=64)
        regularizer = None if reg == "none" else build_regularizer(reg, (24, 16, 1), weight=0.0)
        recipe = replace(EXACT, steps=60, warm_start=warm_start, warm_part=1.0, decay=False)
        fit(net, regularizer, InpaintingProblem(ramp, known[..., None]), recipe)
        return (render_all(net, ramp) - ramp)[~known].square().mean().item()

    assert error("smooth") < 0.2 * error("none")


def test_the_prediction_is_drawn_to_the_image_of_the_prior_at_missing_pixels(build_representation):
    image, known = wave(), torch.zeros(24, 16, dtype=torch.bool)
    known[::2] = True
    received = []

    def prior(prediction, number):
        received.append((prediction is None, number))
        return torch.full_like(image, 0.9)

    net = build_representation(**SMALL)
    NetworkFit(net, None, InpaintingProblem(image, known[..., None]), EXACT, torch.Generator(), prior).run()
    assert received == [(True, 0), (False, 1), (False, 2), (False, 3)]
    error = (render_all(net, image) - torch.where(known[..., None], image, 0.9)).square().mean()
    assert error < 0.5 * (image - 0.9)[~known].square().mean() * (~known).float().mean()
