from dataclasses import replace

import pytest
import torch

from inrr_cli import DivergedError
from inrr_cli.methods import (
    NETWORK_REGULARIZERS,
    REGULARIZERS,
    REPRESENTATIONS,
    load_regularizer,
    load_representation,
    make_options,
)
from inrr_cli.neural import fit as fit_module
from inrr_cli.neural import objective as objective_module
from inrr_cli.neural.muon import Muon, orthogonalize
from inrr_cli.neural.objective import Objective, render
from inrr_cli.neural.presets import PRESETS, Recipe
from inrr_cli.neural.training import fit, pixel_centres

EXACT = Recipe(
    steps=300,
    lr=1e-3,
    lr_regularizer=1e-3,
    optimizer="adam",
    spacing=None,
    decay=True,
    average=0,
    warm_start=0,
    bfloat16=False,
    adapt=False,
)


def build(name="siren", channels=1, seed=0, size=(256, 256), **options):
    return load_representation(name)(
        make_options(name, REPRESENTATIONS[name], options),
        (*size, channels),
        generator=torch.Generator().manual_seed(seed),
    )


def learn_inrr(options, seed):
    options = make_options("inrr", REGULARIZERS["inrr"], options)
    return load_regularizer("inrr")(options, (10, 8, 1), generator=torch.Generator().manual_seed(seed))


def wave(rows=24, columns=16, channels=1):
    y, x = pixel_centres(rows), pixel_centres(columns)
    image = 0.5 + 0.3 * torch.sin(4 * y[:, None] + 3 * x[None])
    return image[..., None] * torch.linspace(1, 0.5, channels)


def test_pixel_centres_of_a_finer_grid_cover_the_same_extent():
    assert pixel_centres(3).tolist() == [-1, 0, 1]
    assert pixel_centres(1).tolist() == [0]
    fine = pixel_centres(4, 8)
    assert torch.allclose(fine.view(4, 2).mean(1), pixel_centres(4))
    assert torch.allclose(fine.diff(), fine.diff()[0].expand(7))


@pytest.mark.parametrize("reg", NETWORK_REGULARIZERS)
@pytest.mark.parametrize("adapt", [True, False])
def test_blocks_give_the_gradient_of_the_whole(monkeypatch, reg, adapt):
    image, known = wave(20, 12, 3), torch.rand(20, 12, generator=torch.Generator().manual_seed(1)) > 0.5
    one_step = replace(EXACT, steps=1, adapt=adapt)

    def gradients(block, kept=0):
        monkeypatch.setattr(objective_module, "BLOCK_POINTS", block)
        monkeypatch.setattr(objective_module, "KEPT_POINTS", kept)
        net = build(channels=3)
        kind = load_regularizer(reg)
        options = make_options(reg, REGULARIZERS[reg], {"weight": 1.0})
        regularizer = None if kind is None else kind(options, (20, 12, 3), generator=torch.Generator().manual_seed(2))
        fit(net, regularizer, image, known, one_step, generator=torch.Generator())
        learned = [] if regularizer is None else list(regularizer.parameters())
        return [p.grad for p in [*net.parameters(), *learned]]

    whole, rendered_twice, kept = gradients(10_000), gradients(30), gradients(30, kept=10_000)
    for expected, *others in zip(whole, rendered_twice, kept, strict=True):
        assert all(torch.allclose(expected, other, rtol=1e-3, atol=1e-7) for other in others)


def test_missing_pixels_have_no_say():
    image, known = wave(), torch.ones(24, 16, dtype=torch.bool)
    known[4:9, 3:11] = False
    spoiled = torch.where(known[..., None], image, torch.nan)
    recipe = replace(EXACT, steps=5, optimizer="muon", spacing=4)

    def result(picture):
        net = build()
        fit(net, None, picture, known, recipe, generator=torch.Generator().manual_seed(0))
        return render(net, pixel_centres(24), pixel_centres(16))

    assert torch.equal(result(image), result(spoiled))


@pytest.mark.parametrize("length", [1, 5, 64, 101, 256])
@pytest.mark.parametrize("spacing", [1, 4, 7, 300])
def test_every_row_is_drawn_equally_often(length, spacing):
    generator = torch.Generator().manual_seed(0)
    drawn = torch.zeros(length)
    rounds = 2000
    for _ in range(rounds):
        rows = fit_module._draw(length, spacing, generator)
        assert len(rows) == max(1, round(length / spacing))
        assert (rows.diff() >= 0).all()
        drawn[rows] += 1
    expected = rounds * len(rows) / length
    assert (drawn - expected).abs().max() < 6 * expected**0.5


def test_a_fit_that_diverges_says_so():
    recipe = replace(EXACT, lr=3e38)
    with pytest.raises(DivergedError, match="diverged at step"):
        fit(build(), None, wave(), torch.ones(24, 16, dtype=torch.bool), recipe, generator=torch.Generator())


@pytest.mark.parametrize("keep_partial", [True, False])
def test_interruption(keep_partial):
    def stop(step, steps, loss):
        if step == 3:
            raise KeyboardInterrupt

    def attempt():
        return fit(
            build(), None, wave(), torch.ones(24, 16, dtype=torch.bool), EXACT, generator=torch.Generator(),
            progress=stop, keep_partial=keep_partial,
        )  # fmt: skip

    if keep_partial:
        fitted = attempt()
        assert (fitted.steps, fitted.completed) == (3, False)
    else:
        with pytest.raises(KeyboardInterrupt):
            attempt()


def test_the_papers_recipe_is_the_released_one():
    paper = PRESETS["paper"]
    assert (paper.steps, paper.lr, paper.lr_regularizer, paper.optimizer) == (10_001, 1e-3, 1e-4, "adam")
    assert (paper.spacing, paper.decay, paper.average, paper.bfloat16, paper.adapt) == (None, False, 0, False, False)
    assert paper.options["inrr"] == {"weight": 0.065536, "reg_omega": 5.0, "sharpness": 1.0}
    assert {reg: paper.options[reg]["weight"] for reg in ("air", "tv", "l2")} == {
        "air": 0.65536,
        "tv": 1e-3,
        "l2": 1e-3,
    }
    assert (paper.suited_to("siren", "air").lr_regularizer, paper.suited_to("siren", "tv")) == (1e-3, paper)


def test_orthogonalize_evens_out_the_singular_values():
    matrices = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    out = orthogonalize(matrices, 8, torch.float32)
    assert out.shape == matrices.shape
    values = torch.linalg.svdvals(out)
    assert (values > 0.5).all()
    assert (values < 1.3).all()
    u, _, v = torch.linalg.svd(matrices[0, 0])
    assert torch.nn.functional.cosine_similarity(out[0, 0].flatten(), (u @ v).flatten(), dim=0) > 0.95


def test_muon_descends():
    target = torch.randn(2, 8, 8, generator=torch.Generator().manual_seed(0))
    weight = torch.nn.Parameter(torch.zeros(2, 8, 8))
    optimizer = Muon([weight], lr=0.1)
    losses = []
    for _ in range(60):
        loss = (weight - target).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.parametrize("adapt", [True, False])
def test_a_completed_picture_lets_the_regulariser_move_missing_pixels_only(adapt):
    image, known = wave(10, 8), torch.rand(10, 8, 1, generator=torch.Generator().manual_seed(1)) > 0.5
    regularizer = learn_inrr({}, seed=0)
    objective = Objective(build(), regularizer, False, 0.5, adapt)
    prediction = (image + 0.01 * known).requires_grad_()
    y, x = pixel_centres(10), pixel_centres(8)
    objective.loss(prediction, image, known, y, x).backward()
    assert (prediction.grad[~known].abs() > 0).all()
    data_term_alone = 2 * 0.01 / 80
    assert torch.allclose(prediction.grad[known], torch.tensor(data_term_alone)) == adapt


def test_an_adapted_weight_follows_the_error_up_to_a_limit():
    image, known = torch.full((10, 8, 1), 0.5), torch.ones(10, 8, 1, dtype=torch.bool)
    known[::2] = False
    regularizer = learn_inrr({}, seed=0)
    objective = Objective(build(), regularizer, False, 0.5, True)
    y, x = pixel_centres(10), pixel_centres(8)

    def energy(residual):
        prediction = torch.where(known, image + residual**0.5, torch.linspace(0, 1, 8)[None, :, None])
        return (objective.loss(prediction, image, known, y, x) - residual / 2).item()

    assert energy(2e-3) == pytest.approx(4 * energy(1e-3), rel=1e-3)
    assert energy(1e-1) == pytest.approx(10 * energy(1e-3), rel=1e-2)


def test_points_of_a_step_grow_with_the_side():
    fast = PRESETS["fast"]
    assert fast.spacing_for(256, 256) == pytest.approx(4)
    assert fast.spacing_for(1024, 1024) == pytest.approx(8)
    assert fast.spacing_for(64, 64) == pytest.approx(2)
    assert fast.spacing_for(128, 512) == fast.spacing_for(256, 256)
    assert fast.spacing_for(8, 8) == 1
    assert PRESETS["paper"].spacing_for(256, 256) is None


def test_a_guided_fit_starts_from_a_smooth_fill_but_a_plain_one_sees_known_pixels_only():
    """After a few steps the hole already looks like the known ramp around it; a plain fit knows nothing of it."""
    ramp = torch.linspace(0.1, 0.9, 24)[:, None, None].expand(24, 16, 1).contiguous()
    known = torch.ones(24, 16, dtype=torch.bool)
    known[6:18, 3:13] = False
    y, x = pixel_centres(24), pixel_centres(16)

    def error(warm_start, regularized, steps=100):
        net = build(omega=60.0)
        regularizer = None
        if regularized:
            options = make_options("inrr", REGULARIZERS["inrr"], {"weight": 0.0})
            regularizer = load_regularizer("inrr")(options, (24, 16, 1), generator=torch.Generator().manual_seed(0))
        recipe = replace(EXACT, steps=steps, warm_start=warm_start, decay=False)
        fit(net, regularizer, ramp, known, recipe, generator=torch.Generator().manual_seed(0))
        return (render(net, y, x) - ramp)[~known].square().mean().item()

    assert error(1.0, True) < 0.2 * error(0.0, True)
    assert error(1.0, False) == error(0.0, False)


def test_the_pull_counts_missing_pixels_by_its_weight():
    objective = Objective(build(), None, False, 0.5, False)
    image, known = wave(4, 3), torch.zeros(4, 3, 1, dtype=torch.bool)
    prediction = image + 0.1
    y, x = pixel_centres(4), pixel_centres(3)
    pull = torch.full((4, 3, 1), 0.5)
    assert objective.loss(prediction, image, known, y, x, pull).item() == pytest.approx(0.005, rel=1e-4)
    assert objective.loss(prediction, image, ~known, y, x, pull).item() == pytest.approx(0.01, rel=1e-4)
