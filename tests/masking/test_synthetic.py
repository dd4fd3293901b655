from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inrr_cli import InputError, make_mask
from inrr_cli.masking.synthetic import Pattern

SIZES = st.tuples(st.integers(16, 120), st.integers(16, 120))


@pytest.mark.parametrize("pattern", list(Pattern))
@settings(max_examples=15, deadline=None)
@given(shape=SIZES, seed=st.integers(0, 9))
def test_every_pattern_drops_some_pixels_and_keeps_some(pattern, shape, seed):
    mask = make_mask(shape, pattern, seed=seed)
    assert mask.shape == shape
    assert mask.dtype == bool
    assert 0 < mask.mean() < 1


@pytest.mark.parametrize("pattern", list(Pattern))
def test_masks_depend_on_the_seed_alone(pattern):
    first, again = make_mask((60, 80), pattern, seed=1), make_mask((60, 80), pattern, seed=1)
    assert (first == again).all()
    drawn = {Pattern.RANDOM, Pattern.TEXTURAL, Pattern.MIXTURE}
    assert (first != make_mask((60, 80), pattern, seed=2)).any() == (pattern in drawn)


@given(shape=SIZES, rate=st.floats(0.01, 0.99))
def test_the_rate_of_random_is_exact_to_the_pixel(shape, rate):
    assert abs(make_mask(shape, "random", rate=rate).sum() - rate * shape[0] * shape[1]) <= 0.5 + 1e-9


@pytest.mark.parametrize("rate", [0.02, 0.125, 0.3])
@pytest.mark.parametrize("shape", [(256, 256), (200, 480)])
def test_the_rate_of_text_is_exact_to_about_a_word(shape, rate):
    assert make_mask(shape, "textural", rate=rate).mean() == pytest.approx(rate, abs=0.012)


def test_patch_gives_the_two_rectangles_of_the_paper():
    mask = make_mask((256, 256), "patch")
    expected = np.zeros((256, 256), bool)
    expected[70:100, 150:190] = expected[200:230, 200:230] = True
    assert (mask == expected).all()
    assert (make_mask((512, 512), "patch") == expected.repeat(2, 0).repeat(2, 1)).all()


def test_patch_places_as_many_rectangles_as_asked():
    mask = make_mask((400, 400), "patch", count=1, patch_size=(7, 11))
    assert mask.sum() == 77
    rows, columns = mask.any(1), mask.any(0)
    assert (rows.sum(), columns.sum()) == (7, 11)


def test_downsample_keeps_every_kth_pixel():
    mask = make_mask((9, 12), "downsample", factor=3)
    assert (~mask).sum() == 12
    assert not mask[::3, ::3].any()


def test_mixture_drops_random_pixels_in_the_left_half_only():
    mask = make_mask((256, 256), "mixture", rate=0.9)
    assert mask[:, :128].mean() > 0.85
    assert mask[:, 128:].mean() < 0.4


def test_the_text_changes_the_mask():
    assert (make_mask((99, 99), "textural", text="a") != make_mask((99, 99), "textural", text="W")).any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pattern": "stars"}, "unknown pattern"),
        ({"pattern": "random", "rate": 0.0}, "rate"),
        ({"pattern": "random", "rate": float("nan")}, "rate"),
        ({"pattern": "random", "text": "x"}, "no meaning"),
        ({"pattern": "downsample", "rate": 0.5}, "no meaning"),
        ({"pattern": "downsample", "factor": 1}, "factor"),
        ({"pattern": "patch", "count": 0}, "count"),
        ({"pattern": "patch", "patch_size": (99, 9)}, "does not fit"),
        ({"pattern": "textural", "text": " "}, "word"),
        ({"pattern": "textural", "rate": 0.99}, "lower rate"),
    ],
)
def test_bad_values_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        make_mask((40, 40), **options)


@pytest.mark.parametrize("pattern", ["random", "patch", "textural", "mixture"])
@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 2)])
def test_a_mask_always_leaves_known_and_missing_pixels(pattern, shape):
    with suppress(InputError):
        mask = make_mask(shape, pattern)
        assert 0 < mask.sum() < mask.size


def test_a_mask_without_a_known_or_a_missing_pixel_is_an_error():
    with pytest.raises(InputError, match="a random mask of 3 x 3 leaves no pixel missing; give a larger size"):
        make_mask((3, 3), "random", rate=0.01)
    with pytest.raises(InputError, match="leaves no pixel known"):
        make_mask((3, 3), "random", rate=0.99)


def test_words_outside_the_picture_are_not_drawn(monkeypatch):
    from PIL import ImageDraw

    drawn = []
    text = ImageDraw.ImageDraw.text
    monkeypatch.setattr(
        ImageDraw.ImageDraw, "text", lambda pen, at, word, **more: (drawn.append(word), text(pen, at, word, **more))
    )
    mask = make_mask((400, 30), "textural")
    assert 0.1 < mask.mean() < 0.2
    draws = len(drawn)
    monkeypatch.setattr("inrr_cli.masking.synthetic._may_show", lambda *arguments: True)
    assert (make_mask((400, 30), "textural") == mask).all()
    assert draws < 0.4 * (len(drawn) - draws)
