"""The Gaussian patch model against the textbook formulas."""

import pytest
import torch

from inrr_cli.patch import gaussian_model


def random_gaussian(d, seed=0):
    generator = torch.Generator().manual_seed(seed)
    factor = torch.randn(d, d, dtype=torch.double, generator=generator)
    return torch.randn(d, dtype=torch.double, generator=generator), factor @ factor.T / d


def group_of(patches, count):
    """One group, the first ``count`` of patches (N, r, d)."""
    corners = torch.arange(0, count * patches[0].numel(), patches[0].numel())
    offsets = torch.arange(patches[0].numel()).view(patches.shape[1:])
    return gaussian_model.Groups(patches.flatten(), offsets, corners[None])


def gaussians(mean, covariance, given, wanted):
    """Gaussians of one patch, with the rows and columns of a mean (d,) or (d, r) and a covariance (d, d)."""
    columns = torch.tensor([*given, *wanted])
    mean = mean.reshape(len(mean), -1)
    power = torch.ones(1, mean.shape[1])
    variance = covariance.diagonal()[list(wanted)][None]
    return gaussian_model.Gaussians(
        mean[columns][None], covariance[list(given)][:, columns][None], variance, power, torch.ones(1)
    )


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
    innovation = (values - mean)[known][None, :, None]
    estimate, variance = gaussian_model.condition(gaussians(mean, covariance, known, missing), innovation, noise)
    assert torch.allclose(estimate[0, :, 0], expected)
    assert torch.allclose(variance[0], remaining.diagonal())


def test_padding_changes_nothing():
    generator = torch.Generator().manual_seed(0)
    groups = group_of(torch.randn(200, 1, 6, dtype=torch.double, generator=generator).cumsum(2), 30)
    given, wanted = torch.tensor([[1, 4, 0, 3]]), torch.tensor([[2, 5]])
    innovation = torch.tensor([[0.3, -0.2, 0.0, 0.0]], dtype=torch.double)[..., None]
    found = []
    for most, least in ((4, 2), (2, 1)):
        masks = [torch.tensor([[1.0] * n + [0.0] * (m - n)], dtype=torch.double) for n, m in ((2, most), (1, least))]
        learned = gaussian_model.learn(groups, given[:, :most], masks[0], wanted[:, :least], masks[1])
        found.append(gaussian_model.condition(learned, innovation[:, :most], 0.1))
    for padded, bare in zip(*found, strict=True):
        assert torch.allclose(padded[:, :1], bare)


def test_known_pixels_without_noise_are_kept_and_certain():
    mean, covariance = random_gaussian(5)
    values = torch.linspace(0, 1, 5, dtype=torch.double)
    innovation = (values - mean)[None, 2:4, None]
    estimate, variance = gaussian_model.condition(gaussians(mean, covariance, (2, 3), (2, 3)), innovation, 1e-6)
    assert torch.allclose(estimate[0, :, 0], values[2:4])
    assert variance.max() < 1e-9


def learn_all(groups):
    """Learn the mean (n, d, r), the whole covariance (n, d, d) and the power of groups."""
    d = groups.offsets.shape[1]
    every, ones = torch.arange(d).expand(len(groups.nearest), d), torch.ones(len(groups.nearest), d)
    learned = gaussian_model.learn(groups, every, ones, every, ones)
    assert torch.allclose(learned.variance, learned.covariance[..., :d].diagonal(dim1=1, dim2=2))
    assert torch.allclose(learned.covariance[..., :d], learned.covariance[..., d:])
    return learned.mean[:, :d], learned.covariance[..., :d], learned.power


def test_the_posterior_mean_is_that_of_conditioning_on_all_pixels():
    patches = torch.randn(40, 1, 5, dtype=torch.double, generator=torch.Generator().manual_seed(5)).cumsum(2)
    groups = group_of(patches, 20)
    values = torch.linspace(-1, 1, 5, dtype=torch.double)[None]
    mean, covariance, _ = learn_all(groups)
    ridge = gaussian_model.POSTERIOR_RIDGE * covariance[0].trace() / 5
    learned = gaussians(mean[0], covariance[0] + ridge * torch.eye(5), range(5), range(5))
    expected, _ = gaussian_model.condition(learned, values[..., None] - mean, 0.3)
    found = gaussian_model.posterior_mean(groups, values, 0.3)
    assert torch.allclose(found, expected[..., 0])


def test_many_samples_give_the_true_mean_and_covariance():
    mean, covariance = random_gaussian(4, seed=1)
    generator = torch.Generator().manual_seed(2)
    draws = torch.randn(20_000, 1, 4, dtype=torch.double, generator=generator)
    group = mean + draws @ torch.linalg.cholesky(covariance).T
    got_mean, got, power = learn_all(group_of(group, 20_000))
    assert torch.allclose(got_mean[0, :, 0], mean, atol=0.05)
    assert power.tolist() == [[1.0]]
    assert torch.allclose(got[0], covariance, atol=0.08)


def test_few_samples_have_their_sample_covariance():
    patches = torch.randn(40, 1, 9, dtype=torch.double, generator=torch.Generator().manual_seed(4))
    mean, learned, _ = learn_all(group_of(patches, 5))
    assert torch.allclose(mean[0, :, 0], patches[:5, 0].mean(0))
    assert torch.allclose(learned[0], torch.cov(patches[:5, 0].T))


def test_white_variance_is_added_to_samples_that_are_given_and_wanted():
    patches = torch.randn(40, 1, 4, dtype=torch.double, generator=torch.Generator().manual_seed(4))
    given, wanted = torch.tensor([[0, 2]]), torch.tensor([[2, 3]])
    ones = torch.ones(1, 2, dtype=torch.double)
    learned = gaussian_model.learn(group_of(patches, 20), given, ones, wanted, ones)
    before, variance = learned.covariance.clone(), learned.variance.clone()
    learned.add_white(torch.tensor([0.5], dtype=torch.double), given[..., None] == wanted[:, None])
    expected = torch.tensor([[0.5, 0.0, 0.0, 0.0], [0.0, 0.5, 0.5, 0.0]], dtype=torch.double)
    assert torch.allclose(learned.covariance[0] - before[0], expected)
    assert torch.allclose(learned.variance - variance, torch.full((1, 2), 0.5, dtype=torch.double))


def test_components_share_one_covariance_by_their_power():
    """Three components with one covariance of pixels, scaled by 4, 1 and 0: its sum, and the shares 0.8, 0.2 and 0."""
    _, covariance = random_gaussian(4, seed=1)
    generator = torch.Generator().manual_seed(2)
    draws = torch.randn(30_000, 3, 4, dtype=torch.double, generator=generator)
    scales = torch.tensor([2.0, 1.0, 0.0], dtype=torch.double)
    group = draws @ torch.linalg.cholesky(covariance).T * scales[:, None] + scales[:, None]
    mean, found, power = learn_all(group_of(group, 30_000))
    assert torch.allclose(mean[0], scales.expand(4, 3), atol=0.05)
    assert torch.allclose(found[0], 5 * covariance, atol=0.3)
    assert power[0].tolist() == pytest.approx([0.8, 0.2, 0.0], abs=0.01)


def test_components_are_conditioned_as_one_by_one():
    mean, covariance = random_gaussian(5)
    means = mean[:, None] * torch.tensor([1.0, 2.0, -1.0], dtype=torch.double)
    innovation = torch.linspace(-1, 1, 6, dtype=torch.double).reshape(1, 2, 3)
    together, variance = gaussian_model.condition(gaussians(means, covariance, (0, 3), (1, 2)), innovation, 0.2)
    for k in range(3):
        one = gaussians(means[:, k], covariance, (0, 3), (1, 2))
        alone, same = gaussian_model.condition(one, innovation[..., k : k + 1], 0.2)
        assert torch.allclose(alone[..., 0], together[..., k])
        assert torch.allclose(same, variance)
