"""How values become colours."""

import numpy as np
import pytest

from inrr_cli.imaging import colour_maps
from inrr_cli.report.contrast import choose_contrast, robust_limits

RNG = np.random.default_rng(0)


def known(pixels):
    return np.ones(pixels.shape, bool)


def test_8_bits_are_shown_as_they_are(colour):
    contrast = choose_contrast(colour, known(colour))
    assert (contrast.view(colour) == colour).all()
    assert contrast.is_exact
    assert contrast.caption == "Shown as stored."


def test_a_few_bright_samples_do_not_darken_the_rest():
    pixels = RNG.uniform(100, 200, (50, 50)).astype(np.float32)
    pixels[3, 3] = 1e6
    contrast = choose_contrast(pixels, known(pixels))
    assert 95 < contrast.scale.low < contrast.scale.high < 205
    assert contrast.view(pixels)[..., 0].std() > 60
    assert "middle 99 % of the known samples" in contrast.caption


def test_missing_samples_have_no_say():
    pixels = RNG.uniform(0, 1, (40, 40))
    is_known = known(pixels)
    pixels[:20], is_known[:20] = 1e5, False
    assert choose_contrast(pixels, is_known).scale.high <= 1


def test_what_is_no_number_is_hatched():
    pixels = RNG.uniform(0, 1, (12, 12))
    pixels[4:8, 4:8] = np.nan
    view = choose_contrast(pixels, np.isfinite(pixels)).view(pixels)
    hatched = view[4:8, 4:8].reshape(-1, 3)
    assert len(np.unique(hatched, axis=0)) == 2
    assert (view[0, 0] == view[0, 0, 0]).all()  # grey elsewhere
    assert (hatched[:, 2] > hatched[:, 1]).all()  # and no grey here


def test_an_8_bit_image_of_few_levels_is_stretched():
    pixels = np.arange(16, dtype=np.uint8).reshape(4, 4)
    view = choose_contrast(pixels, known(pixels)).view(pixels)
    assert (view.min(), view.max()) == (0, 255)


def test_a_constant_image_has_a_range():
    pixels = np.full((4, 4), 7.5)
    assert choose_contrast(pixels, known(pixels)).view(pixels).max() == 0


def test_of_many_channels_the_one_that_misses_most_is_shown():
    pixels = RNG.uniform(0, 1, (6, 6, 5)).astype(np.float32)
    missing = np.zeros(pixels.shape, bool)
    missing[:2, :, 3] = True
    contrast = choose_contrast(pixels, ~missing, missing=missing)
    assert contrast.channel == 3
    assert "channel 4 of 5, which misses most" in contrast.caption
    assert contrast.view(pixels).shape == (6, 6, 3)


def test_the_lowest_value_may_be_white(grey):
    view = choose_contrast(grey, known(grey), inverted=True).view(grey)
    assert (view[..., 0] == 255 - grey).all()


def test_angles_that_differ_by_the_period_look_the_same():
    angles = RNG.uniform(0, 360, (8, 8))
    contrast = choose_contrast(angles, known(angles), values="angle=360")
    assert (contrast.view(angles) == contrast.view(angles + 360)).all()
    assert contrast.scale.high == 360


def test_labels_have_a_colour_each():
    labels = np.array([[1, 2], [2, 900]], np.uint16)
    view = choose_contrast(labels, known(labels), values="labels").view(labels)
    assert (view[0, 1] == view[1, 0]).all()
    assert (view[1, 1] == colour_maps.categories(np.array(900))).all()


def test_a_transparent_pixel_shows_a_chequered_ground(colour):
    contrast = choose_contrast(colour, known(colour))
    opacity = np.ones(colour.shape[:2], np.float32)
    opacity[:16, :16] = 0
    view = contrast.view(colour, opacity)
    assert (view[16:] == colour[16:]).all()
    assert {int(level) for level in np.unique(view[:16, :16])} == {214, 255}


@pytest.mark.parametrize("samples", [np.zeros(0), np.array([np.nan, np.inf])])
def test_without_a_finite_sample_there_are_limits_all_the_same(samples):
    assert robust_limits(samples) == (0.0, 1.0)
