"""The whole engine through the Python functions: better than bicubic, consistent, without seams."""

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut, camera

from inrr_cli import Control, InputError, make_settings, make_target, psnr, run_superres, superres
from inrr_cli.solvers.blend_tiles import blended_tiles

CPU = {"device": "cpu"}
SHORT, SHORTEST = CPU | {"train_steps": 80}, CPU | {"train_steps": 20}


def settings(**options):
    return make_settings(task="superres", **options)


def resize(pixels, size):
    resized = np.asarray(Image.fromarray(pixels.astype(np.float32)).resize(size[::-1], Image.Resampling.BICUBIC))
    return np.round(resized.clip(0, 255)).astype(np.uint8)


@pytest.fixture(scope="module")
def truth():
    """A photograph, (96, 120) uint8."""
    return resize(camera(), (256, 256))[20:116, 80:200]


def gain(truth, low, enlarged):
    """PSNR over that of bicubic in dB, without the border."""
    inner = np.s_[4:-4, 4:-4]
    bicubic = resize(low, truth.shape)
    return psnr(enlarged[inner] / 255, truth[inner] / 255) - psnr(bicubic[inner] / 255, truth[inner] / 255)


@pytest.mark.parametrize(("size", "least"), [((48, 60), 1.2), ((64, 80), 1.5), ((32, 40), 0.7)])
def test_better_than_bicubic_and_consistent(truth, size, least):
    low = resize(truth, size)
    result = run_superres(low, make_target(size, size=truth.shape), settings(**SHORT))
    assert gain(truth, low, result.image) > least
    assert result.consistency_max < 0.505
    assert np.abs(resize(result.image, size).astype(int) - low).max() <= 1
    assert result.noise_sigma == 0


def test_noise_is_not_amplified(truth):
    low = resize(truth, (48, 60))
    noisy = (low + np.random.default_rng(0).normal(0, 5, low.shape)).round().clip(0, 255).astype(np.uint8)
    for noise in (5, "auto"):
        result = run_superres(noisy, 2, settings(noise=noise, **SHORT))
        assert gain(truth, noisy, result.image) > 0.8
        assert result.noise_sigma == pytest.approx(5, rel=0.5)
    assert gain(truth, noisy, superres(noisy, 2, noise=0, **SHORT)) < 0.8


@pytest.mark.parametrize("scale", [2, pytest.param(2.5, marks=pytest.mark.slow)])
def test_tiles_have_no_seams(truth, scale):
    low = truth[:80, :90]
    whole, tiled = (run_superres(low, scale, settings(tile=tile, **SHORTEST)).image.astype(int) for tile in (None, 110))
    difference = np.abs(whole - tiled)
    assert difference.max() <= 1
    assert np.mean(difference == 0) > 0.995
    # at a cut the steps from row to row are no larger than without the cut
    around = slice(whole.shape[0] // 2 - 3, whole.shape[0] // 2 + 3)
    steps = [np.abs(np.diff(image, axis=0)).mean(1)[around] for image in (whole, tiled)]
    assert steps[1] == pytest.approx(steps[0], abs=0.2)


def test_weights_of_tiles_sum_to_one():
    total = np.zeros((150, 90))
    tiles = list(blended_tiles(((30, 180), (5, 95)), 64, 16))
    for (rows, columns), weights in tiles:
        total[rows[0] - 30 : rows[1] - 30, columns[0] - 5 : columns[1] - 5] += weights
    assert len(tiles) == 2
    assert total == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("scale", [2, 1.7])
def test_a_crop_is_a_part_of_the_whole(truth, scale):
    truth, crop = truth[:, :90], (100, 60, 40, 30)
    whole = superres(truth, scale, **SHORTEST).astype(int)
    result = run_superres(truth, make_target(truth.shape, scale, crop=crop), settings(**SHORTEST))
    assert result.image.shape == (30, 40)
    assert np.abs(result.image - whole[60:90, 100:140]).max() <= 2
    assert result.consistency_max < 0.5
    assert (result.image == superres(truth, scale, crop=crop, **SHORTEST)).all()


def test_colours_are_kept_and_channels_do_not_mix(colour):
    enlarged = superres(colour, 2, **SHORT)
    assert enlarged.shape == (80, 64, 3)
    assert np.abs(enlarged.mean((0, 1)) - colour.mean((0, 1))).max() < 0.5
    five = np.stack([colour[..., 0], *[np.full_like(colour[..., 0], level) for level in (0, 80, 160, 255)]], 2)
    assert superres(five, 2, **SHORT)[..., 1:].reshape(-1, 4).tolist() == [[0, 80, 160, 255]] * 5120


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.float32, np.float64])
def test_types_and_ranges(truth, dtype):
    image = resize(truth, (48, 60)).astype(dtype) * 100 - (9000 if dtype in (np.int16, np.float32) else 0)
    result = run_superres(image, 1.5, settings(noise=0, train_steps=10, **CPU))
    assert result.image.dtype == dtype
    assert result.image.shape == (72, 90)
    assert result.consistency_max < 0.002 * np.ptp(image)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (2, 3), (5, 4), (7, 40), (33, 32)])
@pytest.mark.parametrize("kernel", ["bicubic", "point", "gaussian:1"])
def test_small_and_thin_images(shape, kernel):
    image = (np.arange(np.prod(shape)).reshape(shape) * 37 % 256).astype(np.uint8)
    for scale in (1.3, 2, 5):
        size = tuple(max(round(n * scale), n) for n in shape)
        if size != shape:
            assert superres(image, scale, kernel=kernel, train_steps=5, rounds=1).shape == size
    assert (superres(np.full(shape, 77, np.uint8), 2, train_steps=5) == 77).all()


def test_the_seed_decides_every_byte(grey):
    first, again, other = (superres(grey, 2, seed=seed, **SHORTEST) for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize("fraction", [0.1, 0.8])
def test_an_interrupted_run_returns_the_estimate_so_far(grey, fraction):
    def stop(done, total, value):
        if done >= fraction * total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_superres(grey, 2, settings(**SHORTEST), Control(stop))
    result = run_superres(grey, 2, settings(**SHORTEST), Control(stop, keep_partial=True))
    assert not result.completed
    assert result.image.shape == (96, 128)
    assert result.consistency_max < 1


def test_progress_rises_to_the_end(grey):
    calls = []
    run_superres(grey, 3, settings(**SHORTEST), Control(lambda *call: calls.append(call)))
    fractions = [done / total for done, total, _ in calls]
    assert fractions == sorted(fractions)
    assert fractions[0] < 0.05
    assert 0.9 < fractions[-1] <= 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": 1}, "scale must be above 1"),
        ({"scale": 2, "size": (96, 128)}, "not both"),
        ({"size": (48, 64)}, "does not enlarge"),
        ({"size": (96, 600)}, "more than 4 times as much"),
        ({"scale": 2, "crop": (100, 0, 40, 9)}, "not inside the enlarged 128 x 96"),
        ({"scale": 2, "rounds": -1}, "rounds of patch must be >= 0"),
        ({"scale": 2, "quality": "good"}, "quality of patch must be draft or normal or best"),
        ({"scale": 2, "reg": "tv", "quality": "best"}, "quality has no meaning for net siren with reg tv"),
        ({"scale": 2, "denoise": True}, "denoise has no meaning"),
        ({"scale": 2, "per_channel": True}, "no --per-channel"),
    ],
)
def test_an_unusable_option_is_refused(grey, options, message):
    with pytest.raises(InputError, match=message):
        superres(grey, **options)


def test_an_unusable_image_and_settings_for_inpainting_are_refused(grey):
    with pytest.raises(InputError, match='task="superres"'):
        run_superres(grey, 2, make_settings())
    for opacity, message in ((np.ones((3, 3)), "shape"), (2 * grey, "from 0 to 1")):
        with pytest.raises(InputError, match=message):
            superres(grey, 2, opacity=opacity)


def test_the_quality_decides_the_work_that_is_not_asked_for(grey):
    draft, normal, best = (settings(quality=quality).regularizer for quality in ("draft", "normal", "best"))
    assert draft.training_steps < normal.training_steps / 3 < best.training_steps / 9
    asked = {"train_steps": 7, "rounds": 0}
    results = [run_superres(grey[:48, :48], 2, settings(quality=q, **asked, **CPU)) for q in ("draft", "best")]
    assert all("7 training steps" in result.summary for result in results)
    assert (results[0].image == results[1].image).all()


def test_a_draft_is_better_than_lanczos(truth):
    low = resize(truth, (48, 60))
    lanczos = np.asarray(Image.fromarray(low).resize((120, 96), Image.Resampling.LANCZOS))
    result = run_superres(low, 2, settings(quality="draft", **CPU))
    assert gain(truth, low, result.image) > 0.3 + gain(truth, low, lanczos)
    assert f"{settings(quality='draft').regularizer.training_steps} training steps" in result.summary


@pytest.mark.slow
def test_more_time_makes_a_better_image():
    truth = resize(astronaut()[..., 1], (256, 256))[:160, 40:200]
    low = resize(truth, (80, 80))
    draft, normal, best = (gain(truth, low, superres(low, 2, quality=q, **CPU)) for q in ("draft", "normal", "best"))
    assert normal > draft + 0.3
    assert best > normal + 0.05
