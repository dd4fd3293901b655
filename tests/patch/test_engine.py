"""The patch engine as a whole, on scikit-image's pictures and made ones."""

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.data import astronaut, brick, camera, clock
from skimage.restoration import inpaint_biharmonic

from inrr_cli import make_mask, make_settings, psnr, run_inpainting
from inrr_cli.holdout.fit import BIHARMONIC, TRIHARMONIC
from inrr_cli.methods import PatchOptions
from inrr_cli.patch import part
from inrr_cli.patch import scale as scale_module
from inrr_cli.patch import trials as trials_module
from inrr_cli.patch.block_matching import References
from inrr_cli.patch.engine import PatchPrior, restore
from inrr_cli.solvers.polyharmonic import solve_polyharmonic

QUICK = PatchOptions(rounds=2, similar=20, radius=5)
FULL = PatchOptions()


def fill(image, missing, *, noise=0.0, denoise=False, seed=0, options=QUICK, **more):
    tensor = torch.from_numpy(np.atleast_3d(image).astype(np.float32))
    spoiled = torch.where(torch.from_numpy(missing)[..., None], float("nan"), tensor)
    filled = restore(spoiled, torch.from_numpy(~missing), options, noise=noise, denoise=denoise, seed=seed, **more)
    values, sigma = filled.values.numpy().reshape(image.shape), filled.sigma.numpy().reshape(image.shape)
    return values, sigma, filled


def part_of(picture, size):
    return np.asarray(Image.fromarray(picture).convert("L").crop((100, 100, 100 + size, 100 + size))) / 255


def smooth_field(size, seed=0):
    rng = np.random.default_rng(seed)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size))) + 1 / size
    field = np.fft.ifft2(np.fft.fft2(rng.standard_normal((size, size))) * frequency**-2.5).real
    return (field - field.min()) / (field.max() - field.min())


@pytest.mark.parametrize("channels", [1, 2, 3, 14])
@pytest.mark.parametrize("pattern", ["random", "patch", "textural", "mixture", "downsample"])
def test_it_fills_what_is_missing_and_nothing_else(pattern, channels):
    image = np.random.default_rng(0).random((36, 44, channels)).astype(np.float32)
    missing = make_mask(image.shape[:2], pattern, **({"patch_size": (9, 7)} if pattern == "patch" else {}))
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
def test_small_pictures_at_any_rate(shape, rate):
    rng = np.random.default_rng(1)
    missing = rng.random(shape) < rate
    missing.flat[0], missing.flat[1] = True, False
    values, sigma, _ = fill(rng.random(shape), missing)
    assert np.isfinite(values).all()
    assert np.isfinite(sigma).all()


@pytest.mark.parametrize("known", [1, 2, 3])
def test_next_to_nothing_known(known):
    missing = np.ones((11, 13), bool)
    missing.flat[[17, 60, 131][:known]] = False
    for image in (np.random.default_rng(known).random(missing.shape), np.zeros(missing.shape)):
        values, sigma, _ = fill(image, missing, denoise=True)
        assert np.isfinite(values).all()
        assert np.isfinite(sigma).all()


def test_holes_at_borders_and_corners():
    image = part_of(camera(), 64)
    missing = np.zeros(image.shape, bool)
    missing[:12, :12] = missing[-3:] = missing[20:40, -9:] = True
    values, _, _ = fill(image, missing)
    assert psnr(values, image, missing) > psnr(np.full_like(image, image[~missing].mean()), image, missing)


def test_what_it_is_for():
    for picture, pattern, gain in ((camera(), "random", 1.5), (brick(), "random", 4.0), (camera(), "textural", 0.5)):
        image = part_of(picture, 128)
        missing = make_mask(image.shape, pattern)
        values, sigma, _ = fill(image, missing, options=FULL)
        simple = inpaint_biharmonic(np.where(missing, 0, image), missing)
        assert psnr(values, image, missing) > psnr(simple, image, missing) + gain
        assert 0.5 < (np.abs(values - image) <= sigma)[missing].mean() < 0.85


def made_pictures(size):
    grid = np.mgrid[:size, :size]
    return {
        "gradient": (grid[0] * 1.5 + grid[1]) / (3 * size),
        "checkerboard": 0.1 + 0.8 * ((grid // 8).sum(0) % 2),
        "field": smooth_field(size),
    }


@pytest.mark.parametrize("name", made_pictures(16))
@pytest.mark.parametrize("pattern", ["random", "patch", "mixture"])
def test_it_is_no_worse_than_a_smooth_fill_of_made_pictures(name, pattern):
    image = np.round(made_pictures(160)[name] * 65535) / 65535
    missing = make_mask(image.shape, pattern, **({"patch_size": (12, 14)} if pattern == "patch" else {}))
    values, _, _ = fill(image, missing, options=FULL)
    simple = inpaint_biharmonic(np.where(missing, 0, image), missing)
    assert psnr(values, image, missing) > psnr(simple, image, missing) - 0.1


def test_a_plane_goes_on_beyond_what_is_known():
    plane = made_pictures(96)["gradient"]
    missing = make_mask(plane.shape, "random")
    missing[:20, :20] = missing[-1] = True
    values, sigma, filled = fill(plane, missing, options=FULL)
    assert psnr(values, plane, missing) > 130
    assert filled.blends[0].limit[0] == torch.inf
    assert 0.5 < (np.abs(values - plane.astype(np.float32)) <= sigma)[missing].mean() < 0.95


def test_the_smoothest_surface_is_no_worse_than_a_plate_when_it_is_stopped_early(monkeypatch):
    monkeypatch.setitem(trials_module.ITERATIONS, 3, 20)
    field = smooth_field(96)
    missing = make_mask(field.shape, "random", rate=0.95)
    image, known = torch.from_numpy(field).float()[..., None], torch.from_numpy(~missing)
    plate, smoothest = (kind.fill(image, known)[..., 0].numpy() for kind in (BIHARMONIC, TRIHARMONIC))
    assert psnr(smoothest, field, missing) > psnr(plate, field, missing)


def test_noise_that_is_known_of_makes_a_better_fill_and_can_be_removed():
    clean = part_of(camera(), 128)
    noisy = np.clip(clean + np.random.default_rng(0).normal(0, 0.06, clean.shape), 0, 1)
    missing = make_mask(clean.shape, "random")
    blind, aware = (fill(noisy, missing, noise=noise, options=FULL)[0] for noise in (0.0, 0.06))
    assert psnr(aware, clean, missing) > psnr(blind, clean, missing) + 0.1
    assert (aware[~missing] == noisy[~missing].astype(np.float32)).all()
    denoised, sigma, _ = fill(noisy, missing, noise=0.06, denoise=True, options=FULL)
    assert psnr(denoised, clean, ~missing) > psnr(noisy, clean, ~missing) + 3
    assert (sigma > 0).all()


def test_the_seed_decides_every_byte():
    image, missing = part_of(astronaut(), 48), make_mask((48, 48), "mixture")
    first, again = (fill(image, missing, seed=3)[0] for _ in range(2))
    assert (first == again).all()


def test_threads_do_not_change_the_result():
    image, missing = part_of(astronaut(), 64), make_mask((64, 64), "random")
    one, _, _ = fill(image, missing)
    torch.set_num_threads(2)
    try:
        two, _, _ = fill(image, missing)
    finally:
        torch.set_num_threads(1)
    assert np.abs(one - two).max() < 1e-3


def test_only_regions_around_missing_pixels_are_worked_on(monkeypatch):
    seen = []

    def counted(rows, *rest, **more):
        seen.append(len(rows))
        return References(rows, *rest, **more)

    monkeypatch.setattr(scale_module, "References", counted)
    monkeypatch.setattr(part, "TURNS", 1)
    missing = np.zeros((300, 300), bool)
    missing[::100, ::100] = True
    fill(np.random.default_rng(0).random((300, 300)), missing)
    few = sum(seen)
    seen.clear()
    missing[::50, ::50] = True
    fill(np.random.default_rng(0).random((300, 300)), missing)
    assert few < 5000  # of 90,000 patches in each of nine rounds
    assert sum(seen) < 8 * few


def test_progress_goes_from_0_to_1000():
    reports = []
    image, missing = part_of(camera(), 48), make_mask((48, 48), "mixture")
    fill(image, missing, progress=lambda *report: reports.append(report))
    done = [report[0] for report in reports]
    assert done == sorted(done)
    assert done[-1] == 1000
    assert {report[1] for report in reports} == {1000}
    assert 0 < reports[-1][2] < 1


@pytest.mark.parametrize("after", [0, 2])
def test_an_interruption_leaves_what_there_is(after):
    image, missing = part_of(camera(), 64), make_mask((64, 64), "random")
    calls = []

    def interrupt(*_):
        calls.append(1)
        if len(calls) > after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill(image, missing, progress=interrupt)
    calls.clear()
    values, sigma, filled = fill(image, missing, progress=interrupt, keep_partial=True)
    assert not filled.completed
    assert (values[~missing] == image[~missing].astype(np.float32)).all()
    assert psnr(values, image, missing) > 15
    assert (sigma == 0).all()


def test_the_prior_repeats_from_a_prediction():
    image = torch.from_numpy(part_of(camera(), 64)).float()[..., None]
    known = torch.from_numpy(~make_mask((64, 64), "random"))
    prior = PatchPrior(image, known, QUICK, noise=0.0)
    first = prior(None)
    again = prior(first * 0.9)
    for picture in (first, again):
        assert torch.equal(picture[known], image[known])
    assert not torch.equal(first, again)
    assert (again - image).square().mean() < 0.01


def test_a_picture_of_which_next_to_nothing_is_known_is_filled():
    image = np.full((13, 11), 100, np.uint8)
    missing = np.ones(image.shape, bool)
    missing[6, 2:9] = False
    for seed in range(4):
        result = run_inpainting(image, missing, make_settings(seed=seed))
        assert (result.image == 100).all()
        assert np.isfinite(result.sigma).all()


def graph_guess(image, known, start):
    settings = scale_module.PatchSettings(7, 80, 13, 120, 12)
    scale = scale_module.Scale(image, known, start, ~known, settings, 0.003)
    scale.graph_round()
    return scale.guess.reshape(image.shape)


def every_second_row(size):
    return (torch.arange(size) % 2 == 0)[:, None].expand(size, size)


@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_that_the_graph_joins_to_nothing_known_stay(channels):
    image = torch.arange(40.0)[:, None, None].expand(40, 40, channels) / 40  # alike along rows only
    guess = graph_guess(image, every_second_row(40), image)
    assert (guess - image)[4:-4].abs().max() < 1e-3


def test_the_graph_makes_few_steps_of_slopes():
    image = torch.from_numpy(clock()[86:214, 136:264] / np.float32(255))[..., None]
    known = every_second_row(128)
    guess = graph_guess(image, known, solve_polyharmonic(image, known))
    assert psnr(guess.numpy(), image.numpy(), ~known.numpy()) > 34.5  # 32.5 if like pixels had to be equal
