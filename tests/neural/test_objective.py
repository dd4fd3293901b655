import pytest
import torch

from inrr_cli.neural.coordinates import pixel_centres
from inrr_cli.neural.objective import Objective

Y, X = pixel_centres(10), pixel_centres(8)


@pytest.fixture
def objective(build_representation, build_regularizer):
    """A function from ``adapt`` to a loss with INRR, half of the pixels missing."""
    regularizer = build_regularizer("inrr", (10, 8, 1))
    return lambda adapt: Objective(build_representation(), regularizer, False, 0.5, adapt)


@pytest.mark.parametrize("adapt", [True, False])
def test_only_an_adapting_regulariser_leaves_known_pixels_alone(objective, adapt):
    target = torch.rand(10, 8, 1, generator=torch.Generator().manual_seed(0))
    known = torch.rand(10, 8, 1, generator=torch.Generator().manual_seed(1)) > 0.5
    prediction = (target + 0.01 * known).requires_grad_()
    sum(objective(adapt).terms(prediction, target, known, Y, X)).backward()
    assert (prediction.grad[~known].abs() > 0).all()
    gradient_of_error = torch.tensor(2 * 0.01 / 80)
    assert torch.allclose(prediction.grad[known], gradient_of_error) == adapt


def test_an_adapted_weight_follows_the_squared_error_up_to_a_limit(objective):
    target, known = torch.full((10, 8, 1), 0.5), torch.ones(10, 8, 1, dtype=torch.bool)
    known[::2] = False

    def energy(error):
        prediction = torch.where(known, target + error**0.5, torch.linspace(0, 1, 8)[None, :, None])
        return (sum(objective(True).terms(prediction, target, known, Y, X)) - error / 2).item()

    assert energy(2e-3) == pytest.approx(4 * energy(1e-3), rel=1e-3)
    assert energy(1e-1) == pytest.approx(10 * energy(1e-3), rel=1e-2)


def test_missing_pixels_count_by_their_weight(build_representation):
    objective = Objective(build_representation(), None, False, 0.5, False)
    target, known = torch.rand(10, 8, 1), torch.zeros(10, 8, 1, dtype=torch.bool)
    half = torch.full((10, 8, 1), 0.5)
    assert sum(objective.terms(target + 0.1, target, known, Y, X)).item() == 0
    assert sum(objective.terms(target + 0.1, target, known, Y, X, half)).item() == pytest.approx(0.005, rel=1e-4)
    assert sum(objective.terms(target + 0.1, target, ~known, Y, X, half)).item() == pytest.approx(0.01, rel=1e-4)
