import pytest
import torch

from inrr_cli.neural.coordinates import pixel_centres
from inrr_cli.neural.objective import Objective

Y, X = pixel_centres(10), pixel_centres(8)


def test_a_regulariser_moves_known_and_missing_pixels(build_representation, build_regularizer):
    objective = Objective(build_representation(), build_regularizer("inrr", (10, 8, 1)), False)
    target = torch.rand(10, 8, 1, generator=torch.Generator().manual_seed(0))
    known = torch.rand(10, 8, 1, generator=torch.Generator().manual_seed(1)) > 0.5
    prediction = (target + 0.01 * known).requires_grad_()
    sum(objective.terms(prediction, target, known, Y, X)).backward()
    assert (prediction.grad[~known].abs() > 0).all()
    gradient_of_error = torch.tensor(2 * 0.01 / 80)
    assert not torch.allclose(prediction.grad[known], gradient_of_error)


def test_missing_pixels_count_by_their_weight(build_representation):
    objective = Objective(build_representation(), None, False)
    target, known = torch.rand(10, 8, 1), torch.zeros(10, 8, 1, dtype=torch.bool)
    half = torch.full((10, 8, 1), 0.5)
    assert sum(objective.terms(target + 0.1, target, known, Y, X)).item() == 0
    assert sum(objective.terms(target + 0.1, target, known, Y, X, half)).item() == pytest.approx(0.005, rel=1e-4)
    assert sum(objective.terms(target + 0.1, target, ~known, Y, X, half)).item() == pytest.approx(0.01, rel=1e-4)
