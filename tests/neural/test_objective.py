import pytest
import torch

from inrr_cli.neural.coordinates import pixel_centres
from inrr_cli.neural.objective import Objective

Y, X = pixel_centres(10), pixel_centres(8)


def test_missing_pixels_count_by_their_weight(build_representation):
    objective = Objective(build_representation(), None, False)
    target, known = torch.rand(10, 8, 1), torch.zeros(10, 8, 1, dtype=torch.bool)
    half = torch.full((10, 8, 1), 0.5)
    assert sum(objective.terms(target + 0.1, target, known, Y, X)).item() == 0
    assert sum(objective.terms(target + 0.1, target, known, Y, X, half)).item() == pytest.approx(0.005, rel=1e-4)
    assert sum(objective.terms(target + 0.1, target, ~known, Y, X, half)).item() == pytest.approx(0.01, rel=1e-4)
