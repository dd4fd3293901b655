"""Known samples that are hidden in the shape of the holes."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from inrr_cli import make_mask
from inrr_cli.holdout.sampling import sample_holdout
from inrr_cli.solvers.distance import chessboard_distance, distance_class

SHAPE = (160, 200)


def rectangles():
    mask = np.zeros(SHAPE, bool)
    mask[30:50, 40:70] = mask[100:112, 120:150] = True
    return mask


def path():
    """Return a mask of all pixels but a path that winds."""
    mask = np.ones(SHAPE, bool)
    angle = np.linspace(0, 60, 20_000)
    mask[(80 + angle * np.sin(angle)).astype(int), (100 + 1.5 * angle * np.cos(angle)).astype(int)] = False
    return mask


MASKS = {
    "random": make_mask(SHAPE, "random"),
    "sparse": make_mask(SHAPE, "random", rate=0.8),
    "thin": make_mask(SHAPE, "random", rate=0.01),
    "text": make_mask(SHAPE, "textural"),
    "mixture": make_mask(SHAPE, "mixture"),
    "rectangles": rectangles(),
    "path": path(),
}
masks = pytest.mark.parametrize("missing", MASKS.values(), ids=MASKS)


@masks
def test_only_known_samples_are_hidden_and_few_enough_and_by_the_seed(missing):
    ignored = np.zeros_like(missing)
    ignored[:, 150:] = True
    missing = missing & ~ignored
    known = ~(missing | ignored)
    hidden = sample_holdout(missing, known, 3)
    assert hidden.any()
    assert not hidden[~known].any()
    assert hidden.sum() <= 0.2 * known.sum()
    assert np.array_equal(hidden, sample_holdout(missing, known, 3))
    assert not np.array_equal(hidden, sample_holdout(missing, known, 4))


@masks
def test_hidden_samples_are_about_as_far_from_known_ones_as_missing_samples(missing):
    hidden = sample_holdout(missing, ~missing, 0)
    shares = []
    for unknown, where in ((missing, missing), (missing | hidden, hidden)):
        classes = distance_class(chessboard_distance(torch.from_numpy(unknown)))[torch.from_numpy(where)]
        shares.append(np.bincount(classes, minlength=5) / where.sum())
    # large holes are cut, and along a path squares are smaller than the space beside it
    assert np.abs(np.cumsum(shares[0]) - np.cumsum(shares[1])).max() < (
        0.4 if missing is MASKS["path"] or missing is MASKS["mixture"] else 0.15
    )


def test_holes_are_moved_whole():
    missing = np.zeros(SHAPE, bool)
    missing[30:38, 40:50] = True
    hidden = sample_holdout(missing, ~missing, 0)
    labels, _ = ndimage.label(hidden)
    for box in ndimage.find_objects(labels):
        sides = sorted(hidden[box].shape)
        inner = all(span.start > 0 and span.stop < side for span, side in zip(box, SHAPE, strict=True))
        assert not inner or sides == [8, 10]
        assert hidden[box].all()


def test_few_of_the_known_samples_among_scattered_ones_are_hidden():
    missing = MASKS["random"]
    hidden = sample_holdout(missing, ~missing, 0)
    known_around = ndimage.uniform_filter((~missing & ~hidden).astype(float), 9)
    assert known_around[hidden].mean() > 0.4


def test_channels_with_one_mask_hide_the_same_and_others_their_own():
    same = np.repeat(rectangles()[..., None], 2, 2)
    hidden = sample_holdout(same, ~same, 0)
    assert np.array_equal(hidden[..., 0], hidden[..., 1])
    own = same.copy()
    own[..., 1] = np.roll(own[..., 1], 5)
    hidden = sample_holdout(own, ~own, 0)
    assert not np.array_equal(hidden[..., 0], hidden[..., 1])
    own[..., 1] = False
    hidden = sample_holdout(own, ~own, 0)
    assert hidden[..., 0].any()
    assert not hidden[..., 1].any()


def test_nothing_is_hidden_where_nothing_is_missing_or_known():
    nothing, everything = np.zeros((20, 20), bool), np.ones((20, 20), bool)
    assert not sample_holdout(nothing, everything, 0).any()
    assert not sample_holdout(everything, nothing, 0).any()


def test_half_of_the_known_samples_stay_known_however_few_they_are():
    missing = np.ones((13, 11), bool)
    missing[6, 2:9] = False
    for seed in range(20):
        assert sample_holdout(missing, ~missing, seed).sum() <= 3


@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (2, 2), (3, 40)])
def test_tiny_images_end(shape):
    missing = np.zeros(shape, bool)
    missing.flat[0] = True
    assert sample_holdout(missing, ~missing, 0).shape == shape
