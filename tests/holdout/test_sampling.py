"""Known pixels that are hidden."""

import pytest
import torch

from inrr_cli import make_mask
from inrr_cli.holdout.sampling import sample_holdout
from inrr_cli.solvers.distance import chessboard_distance


@pytest.mark.parametrize("pattern", ["random", "patch", "textural", "mixture", "downsample"])
def test_hidden_pixels_are_known_and_few_and_have_the_shape_of_the_mask(pattern):
    known = ~make_mask((96, 120), pattern)
    distance = chessboard_distance(torch.from_numpy(~known)).numpy()
    hidden = sample_holdout(distance, 0)
    assert not (hidden & ~known).any()
    assert 50 < hidden.sum() < 0.2 * known.sum()
    assert 1 <= chessboard_distance(torch.from_numpy(hidden)).max() <= 2 * distance.max()


def test_the_seed_chooses_the_hidden_pixels():
    distance = chessboard_distance(torch.from_numpy(make_mask((96, 120), "mixture"))).numpy()
    hidden = sample_holdout(distance, 0)
    assert (hidden == sample_holdout(distance, 0)).all()
    assert (hidden != sample_holdout(distance, 1)).any()


def test_half_of_the_known_pixels_stay_known_however_few_they_are():
    missing = torch.ones(13, 11, dtype=torch.bool)
    missing[6, 2:9] = False
    distance = chessboard_distance(missing).numpy()
    for seed in range(20):
        assert sample_holdout(distance, seed).sum() <= 3
