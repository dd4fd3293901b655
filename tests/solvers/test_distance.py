"""Chessboard distances and the morphology of masks."""

import torch

from inrr_cli.solvers.distance import any_in_window, chessboard_distance, dilate, distance_class, erode


def hole():
    missing = torch.zeros(9, 12, dtype=torch.bool)
    missing[1:8, 2:9] = True
    return missing


def test_the_distance_is_that_of_the_nearest_known_pixel():
    missing, distance = hole(), chessboard_distance(hole())
    assert distance.max() == distance[4, 5] == 4
    assert (distance[1, 2:9] == 1).all()
    assert (distance[~missing] == 0).all()
    border = torch.ones(5, 5, dtype=torch.bool)
    border[0] = False
    assert chessboard_distance(border)[:, 2].tolist() == [0, 1, 2, 3, 4]


def test_distances_are_limited_and_have_classes_by_octaves():
    missing = torch.ones(40, 3, dtype=torch.bool)
    missing[0] = False
    distance = chessboard_distance(missing)[:, 1].contiguous()
    assert distance.tolist() == [min(row, 17) for row in range(40)]
    assert distance_class(distance).tolist()[1:12] == [0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4]
    assert (chessboard_distance(torch.ones(3, 4, dtype=torch.bool)) == 17).all()


def test_erosion_removes_the_rim_and_dilation_is_erosion_of_the_rest():
    missing = hole()
    assert (erode(missing) == (chessboard_distance(missing) > 1)).all()
    assert (dilate(missing, 2) == ~erode(~missing, 2)).all()
    assert erode(torch.ones(4, 4, dtype=torch.bool)).all()


def test_windows_with_a_true_pixel_are_marked():
    mask = torch.zeros(6, 7, dtype=torch.bool)
    mask[2, 5] = True
    assert any_in_window(mask, 3).nonzero().tolist() == [[row, column] for row in range(3) for column in (3, 4)]
