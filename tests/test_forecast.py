"""Forecasts of time: right in what they depend on; `examples/forecast.py` measures how right."""

import numpy as np
import pytest

from inrr_cli import make_mask, make_settings
from inrr_cli.forecast import inpainting_seconds, machine_speed, superres_seconds

PATCHES = make_settings()
FITS = ("siren", "fast"), ("siren", "paper"), ("inr-z", "fast")


def test_more_missing_takes_longer_and_scattered_pixels_longest():
    few, many = (make_mask((256, 256), "random", rate=rate) for rate in (0.01, 0.5))
    together = np.zeros((256, 256), bool)
    together.flat[: few.sum()] = True
    seconds = [inpainting_seconds(mask, PATCHES) for mask in (together, few, many)]
    assert seconds == sorted(seconds)
    assert seconds[1] > 2 * seconds[0]


def test_channels_rounds_and_sizes_count():
    mask = make_mask((300, 400), "random")
    grey = inpainting_seconds(mask, PATCHES)
    colour = np.repeat(mask[..., None], 3, 2)
    assert 1.5 * grey < inpainting_seconds(colour, PATCHES) < 3 * grey
    assert inpainting_seconds(mask, make_settings(rounds=1)) < 0.7 * grey
    enlarging = make_settings(task="superres")
    assert superres_seconds(400, 300, enlarging) > superres_seconds(200, 150, enlarging)


def test_the_quality_counts():
    mask = make_mask((300, 400), "random")
    for seconds in (
        [inpainting_seconds(mask, make_settings(quality=quality)) for quality in ("draft", "normal", "best")],
        [superres_seconds(99, 99, make_settings(task="superres", quality=q)) for q in ("draft", "normal", "best")],
    ):
        assert seconds == sorted(seconds)
        assert seconds[2] > 1.5 * seconds[1]


@pytest.mark.parametrize("side", [1, 16, 17])
def test_any_size_has_a_forecast(side):
    assert inpainting_seconds(np.ones((side, side), bool), PATCHES) > 0


def test_a_fit_takes_its_steps():
    mask = make_mask((64, 64), "random")
    one, two = (inpainting_seconds(mask, make_settings(reg="inrr", steps=steps)) for steps in (100, 200))
    assert two == pytest.approx(2 * one)


def test_a_fit_takes_the_points_of_its_steps():
    """As many as `Recipe.spacing_for` has them: 4 times as many for 16 times the pixels; all with the paper preset."""
    fast, paper, twice = (make_settings(net=net, preset=preset) for net, preset in FITS)
    small, large = np.ones((256, 256), bool), np.ones((1024, 1024), bool)
    assert inpainting_seconds(large, fast) == pytest.approx(4 * inpainting_seconds(small, fast))
    assert inpainting_seconds(large, paper) == pytest.approx(16 * inpainting_seconds(small, paper))
    assert inpainting_seconds(small, twice) == pytest.approx(2 * inpainting_seconds(small, fast))


def test_the_speed_of_a_machine_is_a_plausible_factor():
    assert 0.02 < machine_speed() < 50
