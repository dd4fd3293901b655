"""Channels that miss different samples: their other channels, then their neighbourhood."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from inrr_cli import make_settings, run_inpainting
from inrr_cli.engine import Control


def field(rng, size, scale):
    x = gaussian_filter(rng.standard_normal((size, size)), scale)
    return x / x.std()


def spectral_cube(bands=24, size=40, noise=1e-3, seed=0):
    rng = np.random.default_rng(seed)
    spectra = np.abs(rng.standard_normal((3, bands))).cumsum(1)
    x = np.stack([field(rng, size, 2) for _ in range(3)], 2) @ (spectra / spectra.max()) + 3
    x = (x - x.min()) / np.ptp(x) + noise * rng.standard_normal(x.shape)
    return x.astype(np.float32), rng


def rms(error):
    return float(np.sqrt(np.mean(np.square(error))))


def test_dead_samples_of_bands_are_told_by_the_other_bands():
    image, rng = spectral_cube()
    dead = rng.random(image.shape) < 0.05
    result = run_inpainting(np.where(dead, np.nan, image), dead, make_settings())
    assert (result.image[~dead] == image[~dead]).all()
    error = (result.image - image)[dead]
    assert rms(error) < 1.2e-3  # the noise is 1e-3
    assert 0.6 < (np.abs(error) <= result.sigma[dead]).mean() < 0.76
    assert (result.sigma[~dead] == 0).all()


def test_pixels_without_any_band_are_filled_from_their_neighbourhood():
    image, rng = spectral_cube()
    dead = rng.random(image.shape) < 0.05
    dead[10:16, 20:26] = True
    result = run_inpainting(np.where(dead, np.nan, image), dead, make_settings())
    hole = np.s_[10:16, 20:26]
    assert rms(result.image[hole] - image[hole]) < 0.3 * image.std()
    assert result.sigma[hole].mean() > 3 * result.sigma[dead].min()
    assert (np.abs(result.image - image) <= 2 * result.sigma)[hole].mean() > 0.6


@pytest.mark.slow
def test_what_the_other_bands_leave_is_filled_from_the_neighbourhood():
    """Each band has a smooth field of its own besides the common ones, as haze on each date."""
    rng = np.random.default_rng(1)
    common = field(rng, 64, 2)
    image = np.stack([common * (1 + 0.1 * k) + 0.5 * field(rng, 64, 5) for k in range(6)], 2).astype(np.float32)
    missing = np.stack([field(rng, 64, 4) > 1.2 for _ in range(6)], 2)
    result = run_inpainting(np.where(missing, np.nan, image), missing, make_settings())
    alone = np.stack([run_inpainting(image[..., k], missing[..., k], make_settings()).image for k in range(6)], 2)
    assert rms((result.image - image)[missing]) < 0.7 * rms((alone - image)[missing])
    assert "6 of which" in result.summary


def test_denoising_changes_known_samples_and_reduces_their_noise():
    image, rng = spectral_cube(noise=0)
    noisy = (image + 0.02 * rng.standard_normal(image.shape)).astype(np.float32)
    dead = rng.random(image.shape) < 0.05
    result = run_inpainting(noisy, dead, make_settings(denoise=True))
    assert rms((result.image - image)[~dead]) < 0.6 * 0.02


@pytest.mark.parametrize("keep_partial", [False, True])
def test_an_interruption_leaves_what_the_other_bands_tell(keep_partial):
    rng = np.random.default_rng(1)
    image = np.stack([field(rng, 64, 3) for _ in range(6)], 2).astype(np.float32)
    missing = rng.random(image.shape) < 0.3

    def interrupt(*_):
        raise KeyboardInterrupt

    control = Control(progress=interrupt, keep_partial=keep_partial)
    if not keep_partial:
        with pytest.raises(KeyboardInterrupt):
            run_inpainting(image, missing, make_settings(), control)
        return
    result = run_inpainting(image, missing, make_settings(), control)
    assert not result.completed
    assert (result.image[~missing] == image[~missing]).all()
    assert np.isfinite(result.image).all()


def test_a_hot_sample_does_not_spoil_the_other_bands_of_its_pixel():
    image, rng = spectral_cube()
    dead, hot = rng.random(image.shape) < 0.2, rng.random(image.shape) < 0.002
    hot &= ~dead
    damaged = np.where(dead, np.nan, np.where(hot, 1000, image)).astype(np.float32)
    result = run_inpainting(damaged, dead, make_settings())
    assert (result.image[~dead] == damaged[~dead]).all()
    assert (result.sigma[~dead] == 0).all()
    beside = dead & hot.any(2)[..., None]
    assert beside.sum() > 100
    assert rms((result.image - image)[beside]) < 2e-3  # the noise is 1e-3


@pytest.mark.parametrize("own_masks", [False, True])
def test_bands_that_are_faint_beside_one_are_filled_too(own_masks):
    """An elevation of some thousand metres beside reflectances."""
    rng = np.random.default_rng(0)
    scales = np.array([3000, 0.5, 0.5, 0.02, 0.5])
    image = (np.stack([field(rng, 48, 3) for _ in scales], 2) * scales).astype(np.float32)
    gone = rng.random(image.shape) < 0.3
    gone = gone if own_masks else np.repeat(gone[..., :1], 5, 2)
    result = run_inpainting(np.where(gone, np.nan, image), gone, make_settings())
    for channel, scale in enumerate(scales):
        error = (result.image - image)[..., channel][gone[..., channel]]
        assert rms(error) < 0.2 * image[..., channel].std(), scale


def test_a_band_with_next_to_nothing_known_has_wide_error_bars():
    image, _ = spectral_cube(bands=8)
    gone = np.zeros(image.shape, bool)
    gone[..., 3] = True
    gone[2, 2, 3] = False
    result = run_inpainting(np.where(gone, np.nan, image), gone, make_settings())
    assert (np.abs(result.image - image) <= result.sigma)[gone].mean() > 0.6
