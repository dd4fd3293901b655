import numpy as np
import pytest

from inrr_cli import psnr, ssim


def test_psnr_of_a_known_error():
    truth = np.full((8, 8), 0.5)
    assert psnr(truth + 0.1, truth) == pytest.approx(20)


def test_psnr_compares_only_the_pixels_of_the_mask():
    truth = np.zeros((4, 4, 3))
    image = truth.copy()
    image[0, 0] = 0.01
    where = np.zeros((4, 4), bool)
    where[0, 0] = True
    assert psnr(image, truth, where) == pytest.approx(40)
    assert psnr(image, truth, ~where) == float("inf")
    assert psnr(image, truth, np.zeros((4, 4), bool)) is None


def test_psnr_clips_nothing():
    assert psnr(np.full((2, 2), 7.0), np.full((2, 2), -3.0)) == pytest.approx(-20)


def test_ssim_is_one_for_the_same_and_less_for_noise(grey):
    truth = grey / 255
    noisy = truth + np.random.default_rng(0).normal(0, 0.1, truth.shape)
    assert ssim(truth, truth) == pytest.approx(1)
    assert ssim(noisy, truth) < 0.9
    assert ssim(truth[:5], truth[:5]) is None
