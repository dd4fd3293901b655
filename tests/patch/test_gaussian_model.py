"""The Gaussian patch model against the textbook formulas."""

import pytest
import torch

from inrr_cli.patch import gaussian_model


def random_gaussian(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    factor = torch.randn(d, d, dtype=torch.double, generator=generator)
    return torch.randn(d, dtype=torch.double, generator=generator), factor @ factor.T / d


@pytest.mark.parametrize("known", [[0], [1, 4, 5], [0, 1, 2, 3, 4]])
@pytest.mark.parametrize("noise", [0.01, 0.5])
def test_conditioning_agrees_with_the_textbook_formula(known, noise):
    mean, covariance = random_gaussian(6)
    values = torch.linspace(-1, 1, 6, dtype=torch.double)
    missing = [j for j in range(6) if j not in known]
    gain = covariance[missing][:, known] @ torch.linalg.inv(
        covariance[known][:, known] + noise**2 * torch.eye(len(known), dtype=torch.double)
    )
    expected = mean[missing] + gain @ (values - mean)[known]
    remaining = covariance[missing][:, missing] - gain @ covariance[known][:, missing]
    # one given pixel more than the known ones, with precision 0
    given = torch.tensor([[*known, missing[0]]])
    precision = torch.tensor([[1 / noise] * len(known) + [0]], dtype=torch.double)
    estimate, variance = gaussian_model.condition(
        mean[None, :, None], covariance[None], values[None, :, None], given, precision, torch.tensor([missing])
    )
    assert torch.allclose(estimate[0, :, 0], expected)
    assert torch.allclose(variance[0], remaining.diagonal())


def test_known_pixels_without_noise_are_kept_and_certain():
    mean, covariance = random_gaussian(5)
    values = torch.linspace(0, 1, 5, dtype=torch.double)
    both = torch.tensor([[2, 3]])
    precision = torch.full((1, 2), 1e6, dtype=torch.double)
    estimate, variance = gaussian_model.condition(
        mean[None, :, None], covariance[None], values[None, :, None], both, precision, both
    )
    assert torch.allclose(estimate[0, :, 0], values[2:4])
    assert variance.max() < 1e-9


def test_the_posterior_mean_is_that_of_conditioning_on_all_pixels():
    mean, covariance = random_gaussian(5)
    values, every = torch.linspace(-1, 1, 5, dtype=torch.double)[None], torch.arange(5)[None]
    precision = torch.full((1, 5), 1 / 0.3, dtype=torch.double)
    expected, _ = gaussian_model.condition(
        mean[None, :, None], covariance[None], values[..., None], every, precision, every
    )
    found = gaussian_model.posterior_mean(mean[None], covariance[None].clone(), values, 0.3)
    assert torch.allclose(found, expected[..., 0])


def test_many_samples_give_the_true_mean_and_covariance():
    mean, covariance = random_gaussian(4, seed=1)
    generator = torch.Generator().manual_seed(2)
    draws = torch.randn(1, 20_000, 4, dtype=torch.double, generator=generator)
    group = mean + draws @ torch.linalg.cholesky(covariance).T
    got_mean, got, power = gaussian_model.learn(group.clone(), group, torch.tensor([0]))
    assert torch.allclose(got_mean[0, :, 0], mean, atol=0.05)
    assert power.tolist() == [[1.0]]
    assert torch.allclose(got[0], covariance, atol=0.08)


def test_shrinkage_makes_the_covariance_of_few_samples_regular_and_more_accurate():
    _, covariance = random_gaussian(9, seed=3)
    generator = torch.Generator().manual_seed(4)
    patches = torch.randn(1, 3000, 9, dtype=torch.double, generator=generator) @ torch.linalg.cholesky(covariance).T
    few = patches[:, :5]
    _, learned, _ = gaussian_model.learn(few.clone(), patches, torch.tensor([0]))
    sample = torch.cov(few[0].T)
    assert torch.linalg.matrix_rank(sample) == 4
    assert torch.linalg.eigvalsh(learned[0]).min() > 1e-6
    assert (learned[0] - covariance).norm() < (sample - covariance).norm()


def test_components_share_one_covariance_by_their_power():
    """Three components with one covariance of pixels, scaled by 4, 1 and 0: its sum, and the shares 0.8, 0.2 and 0."""
    _, covariance = random_gaussian(4, seed=1)
    generator = torch.Generator().manual_seed(2)
    draws = torch.randn(1, 30_000, 3, 4, dtype=torch.double, generator=generator)
    scales = torch.tensor([2.0, 1.0, 0.0], dtype=torch.double)
    group = (draws @ torch.linalg.cholesky(covariance).T * scales[:, None] + scales[:, None]).flatten(2)
    mean, found, power = gaussian_model.learn(group.clone(), group, torch.tensor([0]), 3)
    assert torch.allclose(mean[0], scales.expand(4, 3), atol=0.05)
    assert torch.allclose(found[0], 5 * covariance, atol=0.3)
    assert power[0].tolist() == pytest.approx([0.8, 0.2, 0.0], abs=0.01)


def test_components_are_conditioned_as_one_by_one():
    mean, covariance = random_gaussian(5)
    values = torch.linspace(-1, 1, 15, dtype=torch.double).reshape(1, 5, 3)
    means = mean[None, :, None] * torch.tensor([1.0, 2.0, -1.0], dtype=torch.double)
    given, wanted = torch.tensor([[0, 3]]), torch.tensor([[1, 2]])
    precision = torch.full((1, 2), 5.0, dtype=torch.double)
    together, variance = gaussian_model.condition(means, covariance[None], values, given, precision, wanted)
    for k in range(3):
        part = slice(k, k + 1)
        alone, same = gaussian_model.condition(
            means[..., part], covariance[None], values[..., part], given, precision, wanted
        )
        assert torch.allclose(alone[..., 0], together[..., k])
        assert torch.allclose(same, variance)
