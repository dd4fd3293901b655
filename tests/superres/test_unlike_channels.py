"""Channels of unlike scale are enlarged as well as channels of like scale."""

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut, brick, camera, coins

from inrr_cli import make_settings, make_target, run_superres, superres
from inrr_cli.engine import Control


def halve(image):
    planes = [
        Image.fromarray(plane).resize((plane.shape[1] // 2, plane.shape[0] // 2), Image.BICUBIC) for plane in image
    ]
    return np.stack([np.asarray(plane) for plane in planes])


@pytest.mark.parametrize("scales", [(0.5, 3000.0), (3000.0, 0.5, 20.0), (0.5, 3000.0, 2500.0, 0.02)])
def test_the_result_downscales_to_every_channel_and_has_detail_in_each(scales):
    picture = astronaut()[:128, 100:228].astype(np.float32).transpose(2, 0, 1) / 255
    truth = np.stack([scale * picture[number % 3] for number, scale in enumerate(scales)])
    coarse = halve(truth)
    fine = superres(coarse, 2, channel_axis=0, train_steps=40, rounds=1)
    bicubic = np.stack([np.asarray(Image.fromarray(plane).resize((128, 128), Image.BICUBIC)) for plane in coarse])
    for made, plain, small, true in zip(fine, bicubic, coarse, truth, strict=True):
        span = np.ptp(small)
        assert np.abs(halve(made[None])[0] - small).max() < 1e-3 * span
        assert np.square(made - true).mean() < np.square(plain - true).mean()


def test_known_noise_is_in_the_units_of_the_image_in_each_channel():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:64, :64] / 64
    smooth = np.stack([3000 * np.sin(3 * x + y), np.cos(2 * y)])
    noisy = (smooth + 0.1 * rng.standard_normal(smooth.shape)).astype(np.float32)
    _, fine = superres(noisy, 2, channel_axis=0, noise=0.1, train_steps=0)
    _, left_in = superres(noisy, 2, channel_axis=0, noise=0, train_steps=0)
    assert np.diff(fine).std() < 0.5 * np.diff(left_in).std()


def test_three_alike_channels_beside_a_faint_one_are_not_taken_for_colours():
    crops = [image()[100:196, 100:196].astype(np.float32) / 255 for image in (camera, brick, coins)]
    losses = []
    for scale in (1, 0.01):
        truth = np.stack([*crops, scale * crops[0].T])
        fine = superres(halve(truth), 2, channel_axis=0, train_steps=60, rounds=1)
        losses.append(np.square(fine[1] - truth[1]).mean())
    assert losses[1] < 1.3 * losses[0]  # as colours they would be interpolated: 1.6 times the loss


def test_after_an_interrupt_that_keeps_what_is_there_the_rest_is_interpolated():
    calls = []

    def interrupt(done, total, measure):
        calls.append(done)
        if len(calls) == 1:
            raise KeyboardInterrupt

    picture = astronaut()[:64, 100:164].astype(np.float32) * np.array([3000, 0.5, 20], np.float32)
    settings, control = make_settings(task="superres", train_steps=40), Control(interrupt, keep_partial=True)
    result = run_superres(picture, make_target(picture.shape, 2), settings, control)
    assert not result.completed
    assert len(calls) < 5
    assert result.image.shape == (128, 128, 3)
