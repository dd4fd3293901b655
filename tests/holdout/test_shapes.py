import numpy as np
import pytest
from scipy import ndimage

from inrr_cli import make_mask
from inrr_cli.holdout.shapes import find_scattered, hide_like_holes

SHAPE = (160, 200)


def rectangles():
    mask = np.zeros(SHAPE, bool)
    mask[30:50, 40:70] = mask[100:112, 120:150] = True
    return mask


MASKS = {
    "random": make_mask(SHAPE, "random"),
    "sparse": make_mask(SHAPE, "random", rate=0.9),
    "text": make_mask(SHAPE, "textural"),
    "mixture": make_mask(SHAPE, "mixture"),
    "rectangles": rectangles(),
}


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_only_known_samples_are_hidden_and_few_enough_and_by_the_seed(mask):
    ignored = np.zeros_like(mask)
    ignored[:, 150:] = True
    missing = mask & ~ignored
    known = ~(mask | ignored)
    hidden = hide_like_holes(missing, known, 3)
    assert hidden.any()
    assert not hidden[~known].any()
    assert hidden.sum() <= 0.2 * known.sum()
    assert np.array_equal(hidden, hide_like_holes(missing, known, 3))
    assert not np.array_equal(hidden, hide_like_holes(missing, known, 4))


def test_holes_are_moved_whole():
    missing = rectangles()
    hidden = hide_like_holes(missing, ~missing, 0)
    _, count = ndimage.label(hidden)
    assert count >= 3
    for box in ndimage.find_objects(ndimage.label(hidden)[0]):
        size = hidden[box].shape
        touches = any(span.start == 0 or span.stop == side for span, side in zip(box, SHAPE, strict=True))
        assert touches or sorted(size) in ([20, 30], [12, 30])
        assert hidden[box].all()


def test_hidden_letters_keep_a_distance_from_what_is_missing():
    missing = MASKS["text"]
    hidden = hide_like_holes(missing, ~missing, 0)
    around = ndimage.binary_dilation(hidden, np.ones((3, 3))) & ~hidden
    assert missing[around].mean() < 0.1


def test_scattered_samples_are_told_from_strokes_and_holes():
    assert scattered("random") > 0.98
    assert scattered("text") < 0.05
    assert scattered("rectangles") == 0
    hidden = hide_like_holes(MASKS["random"], ~MASKS["random"], 0)
    assert 0.03 < hidden.sum() / (~MASKS["random"]).sum() < 0.09


def scattered(name):
    mask = MASKS[name]
    distance = ndimage.distance_transform_cdt(mask, "chessboard")
    return find_scattered(mask, distance)[mask].mean()


def test_channels_with_one_mask_hide_the_same_and_others_their_own():
    same = np.repeat(rectangles()[..., None], 2, 2)
    hidden = hide_like_holes(same, ~same, 0)
    assert np.array_equal(hidden[..., 0], hidden[..., 1])
    own = same.copy()
    own[..., 1] = False
    hidden = hide_like_holes(own, ~own, 0)
    assert hidden[..., 0].any()
    assert not hidden[..., 1].any()


def test_nothing_is_hidden_where_nothing_is_missing_or_known():
    nothing, everything = np.zeros((20, 20), bool), np.ones((20, 20), bool)
    assert not hide_like_holes(nothing, everything, 0).any()
    assert not hide_like_holes(everything, nothing, 0).any()


@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (2, 2), (3, 40)])
def test_tiny_images_end(shape):
    missing = np.zeros(shape, bool)
    missing.flat[0] = True
    assert hide_like_holes(missing, ~missing, 0).shape == shape
