"""The kernel regression against its dense form and the statements of the paper."""

import pytest
import torch

from inrr_cli import Control, InputError, make_settings, memory
from inrr_cli.engine import InpaintingProblem
from inrr_cli.neural import ntk
from inrr_cli.neural.ntk import estimate, kernel


@pytest.fixture
def problem():
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(9, 7, 2, generator=generator)
    return InpaintingProblem(image, torch.rand(9, 7, 2, generator=generator) > 0.4)


def predict(problem, control=Control(), **options):  # noqa: B008
    return estimate(problem, make_settings(net="ntk", **options), control).values


def test_the_kernel_is_that_of_a_wide_network():
    """Gradients of a random ReLU network with one hidden layer and standard normal weights."""
    generator = torch.Generator().manual_seed(1)
    a, b = torch.tensor([1.0, 0.0]), torch.tensor([0.6, 0.8])
    w = torch.randn(200_000, 2, generator=generator)
    v = torch.randn(200_000, generator=generator)
    active = (w @ a > 0) & (w @ b > 0)
    last_layer = 2 * (torch.relu(w @ a) * torch.relu(w @ b)).mean()
    first_layer = 2 * (v.square() * active).mean() * (a @ b)
    expected = (last_layer + first_layer) / 2
    assert kernel(torch.tensor(0.6), 1).item() == pytest.approx(expected.item(), rel=0.02)
    assert kernel(torch.tensor(1.0), 3).item() == pytest.approx(1)


def test_depth_composes_arc_cosine_kernels():
    u = torch.linspace(0, 1, 11, dtype=torch.double)

    def kappa0(u):
        return 1 - torch.acos(u) / torch.pi

    def kappa1(u):
        return u * kappa0(u) + (1 - u.square()).sqrt() / torch.pi

    theta1 = u * kappa0(u) + kappa1(u)
    theta2 = theta1 * kappa0(kappa1(u)) + kappa1(kappa1(u))
    assert torch.allclose(kernel(u, 1), theta1 / 2)
    assert torch.allclose(kernel(u, 2), theta2 / 3)
    assert (kernel(u[1:-1], 4) > kernel(u[1:-1], 1)).any()


@pytest.mark.parametrize(("delta", "depth"), [(3.0, 2), (20.0, 2), (20.0, 4)])
def test_the_estimate_is_the_dense_solution(problem, delta, depth):
    y, x = torch.meshgrid(torch.arange(9.0) / 9, torch.arange(7.0) / 7, indexing="ij")
    points = torch.stack([y, x], 2).reshape(-1, 2).double()
    matrix = kernel(torch.exp(-(delta**2) * torch.cdist(points, points).square()), depth)
    expected = []
    for values, known in zip(problem.values.reshape(-1, 2).T, problem.known.reshape(-1, 2).T, strict=True):
        coefficients = torch.linalg.solve(matrix[known][:, known], values[known].double())
        expected.append((matrix[:, known] @ coefficients).reshape(9, 7))
    spoiled = torch.where(problem.known, problem.values, torch.nan)
    result = predict(InpaintingProblem(spoiled, problem.known), delta=delta, depth=depth)
    assert torch.allclose(result.double(), torch.stack(expected, 2), atol=2e-3)


def test_with_a_large_delta_known_pixels_are_met_and_others_tend_to_one_mean(problem):
    """Corollary 1: with delta towards infinity every missing pixel is the same weighted mean of the known ones."""
    result = predict(problem, delta=1e4)
    assert torch.allclose(result[problem.known], problem.values[problem.known], atol=1e-3)
    far, near = kernel(torch.tensor(0.0), 2), 1.0
    for values, filled, known in zip(problem.values.unbind(2), result.unbind(2), problem.known.unbind(2), strict=True):
        mean = far * values[known].sum() / ((known.sum() - 1) * far + near)
        assert torch.allclose(filled[~known], mean, atol=1e-3)


def test_an_image_whose_transforms_do_not_fit_in_memory_is_refused(problem, monkeypatch):
    monkeypatch.setattr(memory, "free_resident_memory", lambda: 1e3)
    with pytest.raises(InputError, match=r"restoring 7 x 9 pixels needs about .* GB are free"):
        predict(problem)


def test_progress_is_the_relative_residual(problem):
    reports = []
    predict(problem, Control(lambda *report: reports.append(report)))
    assert [report[0] for report in reports] == list(range(len(reports)))
    assert reports[0][2] == pytest.approx(1)
    assert reports[-1][2] <= ntk.RESIDUAL_TOLERANCE
