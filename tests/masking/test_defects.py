"""Lost lines and dead pixels are found, and few others."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage import data

from inrr_cli.masking.defects import dead_pixels, lost_lines

PHOTOGRAPHS = ("astronaut", "camera", "chelsea", "moon", "coins", "grass")


def photograph(name):
    return np.atleast_3d(getattr(data, name)())


def height_map():
    """Return a height map like those of an atomic force microscope, (256, 256, 1): hills, noise, and drifting rows."""
    rng = np.random.default_rng(0)
    hills = gaussian_filter(rng.normal(size=(256, 256)), 6) * 30
    drift = np.cumsum(rng.normal(0, 0.02, 256))
    return (hills + drift[:, None] + rng.normal(0, 0.05, hills.shape)).astype(np.float32)[..., None]


def lose_lines(samples, lines, axis=0):
    """Make lines constant, shifted, saturated or noise, in turn."""
    rng = np.random.default_rng(1)
    spoiled = np.moveaxis(samples.astype(float), axis, 0).copy()
    deviation, mean = samples.std(), samples.mean()
    for number, line in enumerate(lines):
        spoiled[line] = [
            spoiled[line].flat[0],
            spoiled[line] + 2 * deviation,
            samples.max(),
            rng.normal(mean, deviation, spoiled[line].shape),
        ][number % 4]
    if samples.dtype == np.uint8:
        spoiled = spoiled.clip(0, 255)
    return np.moveaxis(spoiled, 0, axis).astype(samples.dtype)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("name", [*PHOTOGRAPHS, "map"])
def test_lost_lines_are_found_and_no_others(name, axis):
    samples = height_map() if name == "map" else photograph(name)
    lines = [7, 40, 41, 90, 133, 170, 171, 200]
    missing, text = lost_lines(lose_lines(samples, lines, axis))
    assert np.flatnonzero(missing.all((1 - axis, 2))).tolist() == lines
    assert text == f"lost {('rows', 'columns')[axis]} {', '.join(map(str, lines))}"
    missing, text = lost_lines(samples)
    assert not missing.any()
    assert text == "no lost rows or columns"


def test_lines_lost_in_one_band_or_not_finite_are_found():
    bands = np.concatenate([photograph("camera"), photograph("grass"), photograph("gravel")], 2)
    bands[60, :, 1] = 0
    assert lost_lines(bands)[1] == "lost rows 60"
    heights = height_map()
    heights[20] = np.nan
    assert lost_lines(heights)[1] == "lost rows 20"


def test_a_border_and_an_overexposed_sky_are_not_lost_lines():
    picture = photograph("camera").copy()
    picture[:20], picture[:, -30:] = 0, 0
    picture[20:60] = 255
    picture[300] = 0
    assert lost_lines(picture)[1] == "lost rows 300"
    picture[300] = picture[299]
    assert lost_lines(picture)[1] == "no lost rows or columns"
    assert lost_lines(np.zeros((30, 30, 1)))[1] == "no lost rows or columns"
    assert lost_lines(np.zeros((2, 30, 1)))[1] == "no lost rows or columns"


@pytest.mark.parametrize("size", [12, 24, 64, 128])
def test_noise_has_no_lost_lines(size):
    for seed in range(20):
        noise = np.random.default_rng(seed).normal(500, 1, (size, size + 5, 1))
        assert lost_lines(noise)[1] == "no lost rows or columns"


@pytest.mark.parametrize("row", [0, 1, 2, 3, 236, 237, 238, 239])
def test_lines_at_the_border_are_found(row):
    heights = height_map()[:240]
    heights[row] += 60
    assert lost_lines(heights)[1] == f"lost rows {row}"


@pytest.mark.parametrize(("name", "least"), [*((name, 0.9) for name in PHOTOGRAPHS if name != "grass"), ("map", 0.99)])
def test_dead_and_hot_pixels_are_found_and_few_others(name, least):
    samples = height_map() if name == "map" else photograph(name)[..., :1]
    rng = np.random.default_rng(2)
    truth = np.zeros(samples.shape[:2], bool)
    truth[rng.integers(1, samples.shape[0] - 1, 200), rng.integers(1, samples.shape[1] - 1, 200)] = True
    spoiled = samples.copy()
    spoiled[truth] = np.where(rng.random((truth.sum(), 1)) < 0.5, samples.min(), samples.max())
    seen = truth & (np.abs(spoiled.astype(float) - samples)[..., 0] > 0.15 * np.ptp(samples.astype(float)))
    assert dead_pixels(spoiled)[..., 0][seen].mean() >= least
    assert dead_pixels(samples).mean() < 0.0012


def test_clipped_pixels_of_a_detector_are_found():
    rng = np.random.default_rng(3)
    frame = rng.poisson(900, (120, 130)).astype(np.uint16)
    frame[10, 20], frame[50, 60], frame[50, 61] = 65535, 0, 65535
    assert np.argwhere(dead_pixels(frame[..., None])[..., 0]).tolist() == [[10, 20], [50, 60], [50, 61]]


@pytest.mark.parametrize("rows", [1, 2, 3, 4])
def test_a_profile_has_no_lost_samples(rows):
    rng = np.random.default_rng(rows)
    profile = np.sin(np.arange(64) / 5) + 0.05 * rng.standard_normal((rows, 64))
    for samples in (profile, profile.T):
        assert not lost_lines(samples[..., None])[0].any()
