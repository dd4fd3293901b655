"""Depths, and known pixels that are hidden."""

import pytest
import torch

from inrr_cli import make_mask
from inrr_cli.holdout.sampling import sample_holdout
from inrr_cli.solvers.distance import chessboard_distance, distance_class
from inrr_cli.solvers.distance import erode


def test_depth_counts_moves_to_the_nearest_known_pixel():
    missing = torch.zeros(9, 12, dtype=torch.bool)
    missing[1:8, 2:9] = True
    assert chessboard_distance(missing).max() == 4
    assert chessboard_distance(missing)[4, 5] == 4
    assert (chessboard_distance(missing)[1, 2:9] == 1).all()
    assert (chessboard_distance(missing)[~missing] == 0).all()
    assert distance_class(chessboard_distance(missing))[4, 5] == 2
    border = torch.ones(5, 5, dtype=torch.bool)
    border[0] = False
    assert chessboard_distance(border)[:, 2].tolist() == [0, 1, 2, 3, 4]
    assert (erode(missing) == (chessboard_distance(missing) > 1)).all()


@pytest.mark.parametrize("pattern", ["random", "patch", "textural", "mixture", "downsample"])
def test_hidden_pixels_are_known_few_and_of_the_masks_shape(pattern):
    known = ~make_mask((96, 120), pattern)
    deep = chessboard_distance(torch.from_numpy(~known)).numpy()
    hidden = sample_holdout(deep, 0)
    assert not (hidden & ~known).any()
    assert 50 < hidden.sum() < 0.2 * known.sum()
    assert (hidden == sample_holdout(deep, 0)).all()
    assert (hidden != sample_holdout(deep, 1)).any()
    assert 1 <= chessboard_distance(torch.from_numpy(hidden)).max() <= 2 * deep.max()


def test_some_pixels_stay_known_however_few_there_are():
    missing = torch.ones(13, 11, dtype=torch.bool)
    missing[6, 2:9] = False
    deep = chessboard_distance(missing).numpy()
    for seed in range(20):
        assert sample_holdout(deep, seed).sum() <= 3
