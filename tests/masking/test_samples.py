import numpy as np
import pytest

from inrr_cli.masking.samples import (
    all_channels,
    any_channel,
    by_channel,
    count,
    describe_count,
    is_of_pixels,
    to_samples,
)

PIXELS = np.eye(4, 5, dtype=bool)
SAMPLES = np.stack([PIXELS, PIXELS, np.zeros_like(PIXELS)], 2)


def test_masks_of_pixels_become_masks_of_samples_and_back():
    spread = to_samples(PIXELS, (4, 5, 2))
    assert spread.shape == (4, 5, 2)
    assert (any_channel(spread) == PIXELS).all()
    assert (all_channels(spread) == PIXELS).all()
    assert to_samples(PIXELS, (4, 5)) is PIXELS
    assert to_samples(SAMPLES, SAMPLES.shape) is SAMPLES
    assert any_channel(PIXELS) is all_channels(PIXELS) is PIXELS
    assert (any_channel(SAMPLES) == PIXELS).all()
    assert not all_channels(SAMPLES).any()


@pytest.mark.parametrize(
    ("mask", "text"), [(PIXELS, "4 pixels"), (to_samples(PIXELS, (4, 5, 3)), "4 pixels"), (SAMPLES, "8 samples")]
)
def test_what_is_the_same_in_all_channels_is_counted_in_pixels(mask, text):
    assert is_of_pixels(mask) == text.endswith("pixels")
    assert describe_count(mask) == text


def test_pages_are_counted_in_samples_if_one_of_them_is():
    assert count([PIXELS, SAMPLES]) == (12, 80, "samples")
    assert count([PIXELS, to_samples(PIXELS, (4, 5, 3))]) == (8, 40, "pixels")
    assert count([]) == (0, 0, "pixels")


def test_equal_channels_are_worked_on_once():
    calls = []

    def turn(mask, other):
        calls.append(mask.shape)
        return mask[::-1] & other

    whole = np.ones_like(SAMPLES)
    assert (by_channel(turn, PIXELS, whole[..., 0]) == PIXELS[::-1]).all()
    assert (by_channel(turn, to_samples(PIXELS, SAMPLES.shape), whole) == PIXELS[::-1, :, None]).all()
    assert calls == [(4, 5)] * 2
    assert (by_channel(turn, SAMPLES, whole) == SAMPLES[::-1]).all()
    assert len(calls) == 5
