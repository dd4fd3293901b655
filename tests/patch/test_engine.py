"""The patch engine as a whole, on scikit-image's images and computed ones."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.data import astronaut, brick, camera, clock
from skimage.restoration import inpaint_biharmonic

from inrr_cli import make_mask, make_settings, psnr
from inrr_cli.engine import Control, InpaintingProblem
from inrr_cli.patch import level
from inrr_cli.patch.block_matching import References
from inrr_cli.patch.engine import PatchPrior, estimate
from inrr_cli.patch.level import Level, PatchSettings
from inrr_cli.patch.options import PatchOptions
from inrr_cli.patch.pyramid import LevelProblem
from inrr_cli.solvers.distance import chessboard_distance
from inrr_cli.solvers.polyharmonic import solve_polyharmonic

QUICK = PatchOptions(rounds=2, similar=20, radius=5)
FULL = PatchOptions()


def fill(image, missing, *, noise=0.0, denoise=False, seed=0, options=QUICK, control=None):
    """Values and sigma, in the shape of the image, and the whole estimate; missing samples are NaN before."""
    values, known = torch.from_numpy(np.atleast_3d(image).astype(np.float32)), torch.from_numpy(~missing)
    problem = InpaintingProblem(
        torch.where(known[..., None], values, float("nan")), known[..., None].expand_as(values), noise
    )
    settings = make_settings(denoise=denoise, seed=seed, **dataclasses.asdict(options))
    filled = estimate(problem, settings, control or Control())
    return filled.values.numpy().reshape(image.shape), filled.sigma.numpy().reshape(image.shape), filled


def crop(image, size):
    return np.asarray(Image.fromarray(image).convert("L").crop((100, 100, 100 + size, 100 + size))) / 255


def pattern_mask(shape, pattern, patch_size):
    return make_mask(shape, pattern, **({"patch_size": patch_size} if pattern == "patch" else {}))


def computed_image(name, size):
    y, x = np.mgrid[:size, :size]
    if name == "gradient":
        return (y * 1.5 + x) / (3 * size)
    if name == "checkerboard":
        return 0.1 + 0.8 * ((y // 8 + x // 8) % 2)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size))) + 1 / size
    field = np.fft.ifft2(np.fft.fft2(np.random.default_rng(0).standard_normal((size, size))) * frequency**-2.5).real
    return (field - field.min()) / (field.max() - field.min())


@pytest.mark.parametrize("channels", [1, 2, 3, 14])
@pytest.mark.parametrize("pattern", ["random", "patch", "textural", "mixture", "downsample"])
def test_missing_pixels_are_filled_and_known_ones_unchanged(pattern, channels):
    image = np.random.default_rng(0).random((36, 44, channels)).astype(np.float32)
    missing = pattern_mask(image.shape[:2], pattern, (9, 7))
    values, sigma, filled = fill(image, missing)
    assert filled.completed
    assert (values[~missing] == image[~missing]).all()
    assert np.isfinite(values).all()
    assert values.min() >= 0
    assert values.max() <= 1
    assert (sigma[~missing] == 0).all()
    assert (sigma[missing] > 0).all()


@pytest.mark.parametrize("shape", [(16, 16), (7, 7), (8, 8), (5, 40), (1, 30), (2, 2), (17, 3)])
@pytest.mark.parametrize("rate", [0.1, 0.9])
def test_small_images_are_filled_at_any_rate(shape, rate):
    rng = np.random.default_rng(1)
    missing = rng.random(shape) < rate
    missing.flat[0], missing.flat[1] = True, False
    values, sigma, _ = fill(rng.random(shape), missing)
    assert np.isfinite(values).all()
    assert np.isfinite(sigma).all()


@pytest.mark.parametrize("known", [1, 2, 3])
def test_images_with_hardly_a_known_pixel_are_filled(known):
    missing = np.ones((11, 13), bool)
    missing.flat[[17, 60, 131][:known]] = False
    for image in (np.random.default_rng(known).random(missing.shape), np.zeros(missing.shape)):
        values, sigma, _ = fill(image, missing, denoise=True)
        assert np.isfinite(values).all()
        assert np.isfinite(sigma).all()


def test_a_constant_is_continued_however_few_pixels_are_known():
    missing = np.ones((13, 11), bool)
    missing[6, 2:9] = False
    for seed in range(4):
        values, sigma, _ = fill(np.full(missing.shape, 0.4), missing, seed=seed, options=FULL)
        assert values == pytest.approx(0.4, abs=1e-4)
        assert np.isfinite(sigma).all()


def test_holes_at_borders_and_corners_are_filled_better_than_by_a_smooth_fill():
    image = crop(brick(), 96)
    missing = np.zeros(image.shape, bool)
    missing[:12, :12] = missing[-3:] = missing[30:50, -9:] = True
    values, _, _ = fill(image, missing)
    assert psnr(values, image, missing) > psnr(smooth_fill(image, missing), image, missing)


def smooth_fill(image, missing):
    return inpaint_biharmonic(np.where(missing, 0, image), missing)


@pytest.mark.parametrize(
    ("image", "pattern", "gain"), [(camera, "random", 1.5), (brick, "random", 3.5), (camera, "textural", 0.5)]
)
def test_photographs_are_filled_better_than_by_a_smooth_fill_with_calibrated_error_bars(image, pattern, gain):
    truth = crop(image(), 128)
    missing = make_mask(truth.shape, pattern)
    values, sigma, _ = fill(truth, missing, options=FULL)
    assert psnr(values, truth, missing) > psnr(smooth_fill(truth, missing), truth, missing) + gain
    assert 0.5 < (np.abs(values - truth) <= sigma)[missing].mean() < 0.85


@pytest.mark.slow
def test_the_error_bars_hold_deep_in_holes():
    within = []
    for image, seed in itertools.product((camera, brick, astronaut, clock), range(2)):
        truth, missing = crop(image(), 160), np.zeros((160, 160), bool)
        for y, x in np.random.default_rng(seed).integers(0, 136, (4, 2)):
            missing[y : y + 24, x : x + 24] = True
        values, sigma, _ = fill(truth, missing, options=FULL)
        depth = chessboard_distance(torch.from_numpy(missing)).numpy()
        within.append((np.abs(values - truth) <= sigma)[depth > 8].mean())
    assert 0.65 < np.mean(within) < 0.9


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gradient", "checkerboard", "field"])
@pytest.mark.parametrize("pattern", ["random", "patch", "mixture"])
def test_computed_images_are_filled_no_worse_than_by_a_smooth_fill(name, pattern):
    image = np.round(computed_image(name, 160) * 65535) / 65535
    missing = pattern_mask(image.shape, pattern, (12, 14))
    values, _, _ = fill(image, missing, options=FULL)
    assert psnr(values, image, missing) > psnr(smooth_fill(image, missing), image, missing) - 0.1


def test_a_plane_is_continued_beyond_the_known_pixels_to_rounding():
    plane = computed_image("gradient", 96)
    missing = make_mask(plane.shape, "random")
    missing[:20, :20] = missing[-1] = True
    values, sigma, _ = fill(plane, missing, options=FULL)
    assert psnr(values, plane, missing) > 130
    assert (np.abs(values - plane.astype(np.float32)) <= sigma)[missing].mean() > 0.5


@pytest.mark.slow
def test_the_right_noise_makes_a_better_fill_and_can_be_removed():
    clean = crop(camera(), 128)
    noisy = np.clip(clean + np.random.default_rng(0).normal(0, 0.06, clean.shape), 0, 1)
    missing = make_mask(clean.shape, "random")
    without, informed = (fill(noisy, missing, noise=noise, options=FULL)[0] for noise in (0.0, 0.06))
    assert psnr(informed, clean, missing) > psnr(without, clean, missing) + 0.1
    assert (informed[~missing] == noisy[~missing].astype(np.float32)).all()
    denoised, sigma, _ = fill(noisy, missing, noise=0.06, denoise=True, options=FULL)
    assert psnr(denoised, clean, ~missing) > psnr(noisy, clean, ~missing) + 3
    assert (sigma > 0).all()


def test_the_seed_decides_every_byte():
    image, missing = crop(astronaut(), 48), make_mask((48, 48), "mixture")
    first, again, other = (fill(image, missing, seed=seed)[:2] for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_threads_do_not_change_the_result():
    image, missing = crop(astronaut(), 64), make_mask((64, 64), "random")
    one, _, _ = fill(image, missing)
    torch.set_num_threads(2)
    try:
        two, _, _ = fill(image, missing)
    finally:
        torch.set_num_threads(1)
    assert np.abs(one - two).max() < 1e-3


def test_only_patches_around_missing_pixels_are_computed(monkeypatch):
    counts = []

    def counted(rows, *rest, **more):
        counts.append(len(rows))
        return References(rows, *rest, **more)

    monkeypatch.setattr(level, "References", counted)
    missing = np.zeros((300, 300), bool)
    missing[::100, ::100] = True
    fill(np.random.default_rng(0).random((300, 300)), missing)
    few = sum(counts)
    counts.clear()
    missing[::50, ::50] = True
    fill(np.random.default_rng(0).random((300, 300)), missing)
    assert 0 < few < 5000  # of 90,000 patches in each iteration
    assert 2 * few < sum(counts) < 8 * few  # four times the missing pixels


def test_the_progress_goes_from_0_to_1000():
    reports = []
    image, missing = crop(camera(), 48), make_mask((48, 48), "mixture")
    fill(image, missing, control=Control(progress=lambda *report: reports.append(report)))
    done = [report[0] for report in reports]
    assert done == sorted(done)
    assert done[0] < 300
    assert done[-1] == 1000
    assert {report[1] for report in reports} == {1000}
    assert 0 < reports[-1][2] < 1


@pytest.mark.parametrize("after", [0, 2])
def test_an_interrupted_run_raises_or_returns_the_estimate_so_far(after):
    image, missing = crop(camera(), 64), make_mask((64, 64), "random")
    calls = []

    def interrupt(*_):
        calls.append(1)
        if len(calls) > after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill(image, missing, control=Control(progress=interrupt))
    calls.clear()
    values, sigma, filled = fill(image, missing, control=Control(progress=interrupt, keep_partial=True))
    assert not filled.completed
    assert (values[~missing] == image[~missing].astype(np.float32)).all()
    assert psnr(values, image, missing) > 15
    assert (sigma == 0).all()


def test_the_prior_draws_a_prediction_to_the_image():
    image = torch.from_numpy(crop(camera(), 64)).float()[..., None]
    known = torch.from_numpy(~make_mask((64, 64), "random"))
    prior = PatchPrior(InpaintingProblem(image, known[..., None].expand_as(image), 0.0), QUICK)
    first = prior(None, 0)
    prediction = first + 0.1 * torch.randn(first.shape, generator=torch.Generator().manual_seed(0))
    again = prior(prediction, 1)
    assert torch.equal(first[known], image[known])
    assert torch.equal(again[known], image[known])
    errors = [(result - image)[~known].square().mean() for result in (prediction, again)]
    assert errors[1] < 0.5 * errors[0]
    assert torch.equal(PatchPrior(InpaintingProblem(image, known[..., None], 0.0), QUICK)(prediction, 1), again)


def estimate_by_graph(image, known, start):
    result = Level(
        LevelProblem(image, known[..., None], ~known[..., None], image),
        start,
        PatchSettings((7, 11, 15), 80, 12),
        0.003,
    )
    result.iterate_graph()
    return result.image


def every_second_row(size):
    return (torch.arange(size) % 2 == 0)[:, None].expand(size, size)


@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_that_the_graph_joins_to_no_known_one_keep_their_value(channels):
    image = torch.arange(40.0)[:, None, None].expand(40, 40, channels) / 40  # alike along rows only
    result = estimate_by_graph(image, every_second_row(40), image)
    assert (result - image)[4:-4].abs().max() < 1e-3


def test_the_graph_does_not_turn_slopes_into_steps():
    image = torch.from_numpy(clock()[86:214, 136:264] / np.float32(255))[..., None]
    known = every_second_row(128)
    result = estimate_by_graph(image, known, solve_polyharmonic(image, known))
    assert psnr(result.numpy(), image.numpy(), ~known.numpy()) > 34.5  # 32.5 if similar pixels had to be equal


def test_the_quality_decides_the_iterations_that_are_not_asked_for():
    rounds = [PatchOptions(quality=quality).effort.rounds for quality in ("draft", "normal", "best")]
    assert rounds == sorted(set(rounds))
    assert PatchOptions(quality="best", rounds=2).effort.rounds == 2
    assert f"rounds={rounds[2]}" in str(PatchOptions(quality="best"))


@pytest.mark.parametrize("pattern", ["random", "patch"])
def test_a_draft_takes_less_time_and_is_not_far_from_the_normal_fill(pattern):
    image = crop(camera(), 64)
    missing = pattern_mask(image.shape, pattern, (12, 12))
    draft, normal = (
        fill(image, missing, options=dataclasses.replace(QUICK, quality=quality, rounds=None))[0]
        for quality in ("draft", "normal")
    )
    assert (draft[~missing] == image[~missing].astype(np.float32)).all()
    assert not np.array_equal(draft, normal)
    assert psnr(draft, image, missing) > psnr(normal, image, missing) - 1.5
