"""The whole engine through the API: better than bicubic, consistent, without seams."""

import numpy as np
import pytest
from PIL import Image
from skimage.data import camera

from inrr_cli import InputError, make_settings, make_target, psnr, run_superres, superres
from inrr_cli.imaging.lossy import coding_error
from inrr_cli.imaging.metadata import Metadata
from inrr_cli.imaging.picture import Picture

FEW = {"lessons": 80, "device": "cpu"}
BICUBIC = Image.Resampling.BICUBIC


def resize(pixels, size, kind=BICUBIC):
    made = np.asarray(Image.fromarray(pixels.astype(np.float32)).resize(size[::-1], kind))
    return np.round(made.clip(0, 255)).astype(np.uint8)


@pytest.fixture(scope="module")
def truth():
    """A photograph, (96, 120) uint8."""
    return resize(camera(), (256, 256))[20:116, 80:200]


def gain(truth, low, made):
    """PSNR over bicubic's in dB, without the border."""
    inner = np.s_[4:-4, 4:-4]
    plain = resize(low, truth.shape)
    return psnr(made[inner] / 255, truth[inner] / 255) - psnr(plain[inner] / 255, truth[inner] / 255)


@pytest.mark.parametrize(("size", "least"), [((48, 60), 1.2), ((64, 80), 1.5), ((32, 40), 0.7)])
def test_better_than_bicubic_and_consistent(truth, size, least):
    low = resize(truth, size)
    result = run_superres(low, make_target(size, size=truth.shape), make_settings(task="superres", **FEW))
    assert gain(truth, low, result.image) > least
    assert result.consistency_max < 0.5
    assert np.abs(resize(result.image, size).astype(int) - low).max() <= 1
    assert result.noise_sigma == 0


def test_noise_is_not_amplified(truth):
    low = resize(truth, (48, 60))
    noisy = (low + np.random.default_rng(0).normal(0, 5, low.shape)).round().clip(0, 255).astype(np.uint8)
    for noise in (5, "auto"):
        result = run_superres(noisy, 2, make_settings(task="superres", noise=noise, **FEW))
        assert gain(truth, noisy, result.image) > 0.8
        assert result.noise_sigma == pytest.approx(5, rel=0.5)
    assert gain(truth, noisy, superres(noisy, 2, noise=0, **FEW)) < 0.8


def test_blocks_of_a_jpeg_are_not_amplified(truth, tmp_path):
    low = resize(truth, (48, 60))
    Image.fromarray(low).save(tmp_path / "low.jpg", quality=60)
    with Image.open(tmp_path / "low.jpg") as image:
        damaged = np.asarray(image)
        metadata = Metadata("JPEG", details={"qtables": [table for _, table in sorted(image.quantization.items())]})
    known = coding_error(Picture([damaged], [None], metadata))
    assert 2 < known < 6
    assert coding_error(Picture.of(damaged)) == 0
    settings = make_settings(task="superres", **FEW)
    aware = gain(truth, damaged, run_superres(damaged, 2, settings, least_noise=known).image)
    assert aware > 0
    assert aware > 0.1 + gain(
        truth, damaged, run_superres(damaged, 2, make_settings(task="superres", noise=0, **FEW)).image
    )


@pytest.mark.parametrize("scale", [2, 2.5])
def test_tiles_do_not_show(truth, scale):
    settings = make_settings(task="superres", lessons=20, device="cpu")
    low = truth[:80, :90]
    whole, tiled = (run_superres(low, scale, settings, tile=tile).image.astype(int) for tile in (None, 110))
    difference = np.abs(whole - tiled)
    assert difference.max() <= 1
    assert np.mean(difference == 0) > 0.995
    # at the cuts the step from row to row is no larger than it is without cuts
    cut = whole.shape[0] // 2
    for picture in (whole, tiled):
        steps = np.abs(np.diff(picture, axis=0)).mean(1)
        assert steps[cut - 3 : cut + 3] == pytest.approx(
            np.abs(np.diff(whole, axis=0)).mean(1)[cut - 3 : cut + 3], abs=0.2
        )


@pytest.mark.parametrize("scale", [2, 1.7])
def test_a_crop_is_a_part_of_the_whole(truth, scale):
    quick = {"lessons": 20, "device": "cpu"}
    truth = truth[:, :90]
    whole = superres(truth, scale, **quick).astype(int)
    part = superres(truth, scale, crop=(100, 60, 40, 30), **quick)
    assert part.shape == (30, 40)
    assert np.abs(part - whole[60:90, 100:140]).max() <= 2
    result = run_superres(
        truth, make_target(truth.shape, scale, crop=(100, 60, 40, 30)), make_settings(task="superres", **quick)
    )
    assert result.consistency_max < 0.5
    assert (result.image == part).all()


def test_colours_are_kept_and_channels_do_not_mix(colour):
    made = superres(colour, 2, **FEW)
    assert made.shape == (80, 64, 3)
    assert np.abs(made.mean((0, 1)) - colour.mean((0, 1))).max() < 0.5
    five = np.stack([colour[..., 0], *[np.full_like(colour[..., 0], level) for level in (0, 80, 160, 255)]], 2)
    assert superres(five, 2, **FEW)[..., 1:].reshape(-1, 4).tolist() == [[0, 80, 160, 255]] * 5120


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.float32, np.float64])
def test_types_and_ranges(grey, dtype):
    image = grey.astype(dtype) * 100 - (9000 if dtype in (np.int16, np.float32) else 0)
    result = run_superres(image, 1.5, make_settings(task="superres", noise=0, lessons=10, device="cpu"))
    assert result.image.dtype == dtype
    assert result.image.shape == (72, 96)
    assert result.consistency_max < (0.5 if np.issubdtype(dtype, np.integer) else 0.002 * np.ptp(image))


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (2, 3), (5, 4), (7, 40), (33, 32)])
@pytest.mark.parametrize("kernel", ["bicubic", "point", "gaussian:1"])
def test_small_and_thin_pictures(shape, kernel):
    image = (np.arange(np.prod(shape)).reshape(shape) * 37 % 256).astype(np.uint8)
    for scale in (1.3, 2, 5):
        size = tuple(max(round(n * scale), n) for n in shape)
        if size == shape:
            continue
        assert superres(image, scale, kernel=kernel, lessons=5, rounds=1).shape == size
    assert (superres(np.full(shape, 77, np.uint8), 2, lessons=5) == 77).all()


def test_the_seed_decides_every_byte(grey):
    first, again, other = (superres(grey, 2, seed=seed, lessons=20, device="cpu") for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize("at", [0.1, 0.8])
def test_an_interrupted_run_gives_what_there_is(grey, at):
    def stop(done, total, value):
        if done >= at * total:
            raise KeyboardInterrupt

    settings = make_settings(task="superres", lessons=20, device="cpu")
    with pytest.raises(KeyboardInterrupt):
        run_superres(grey, 2, settings, progress=stop)
    result = run_superres(grey, 2, settings, progress=stop, keep_partial=True)
    assert not result.completed
    assert result.image.shape == (96, 128)
    assert result.consistency_max < 0.5


def test_progress_goes_from_nothing_to_all(grey):
    told = []
    run_superres(
        grey, 3, make_settings(task="superres", lessons=20, device="cpu"), progress=lambda *now: told.append(now)
    )
    parts = [done / total for done, total, _ in told]
    assert parts == sorted(parts)
    assert parts[0] < 0.05
    assert 0.9 < parts[-1] <= 1


def test_what_cannot_be_is_refused(grey):
    for options, message in [
        ({"scale": 1}, "scale must be above 1"),
        ({"scale": 2, "size": (96, 128)}, "not both"),
        ({"size": (48, 64)}, "does not enlarge"),
        ({"scale": 2, "rounds": -1}, "rounds of patch must be >= 0"),
        ({"scale": 2, "denoise": True}, "no --denoise"),
    ]:
        with pytest.raises(InputError, match=message):
            superres(grey, **options)
    with pytest.raises(InputError, match='task="superres"'):
        run_superres(grey, 2, make_settings())
    with pytest.raises(InputError, match="not finite"):
        superres(np.where(grey > 200, np.nan, grey), 2)
