"""The calibration of sigma by the errors of hidden pixels."""

import pytest
import torch

from inrr_cli.holdout.calibration import fit_sigma_factor


def factor(errors, deviation):
    """Sigma factor of errors (m, 1) of one class, with much evidence."""
    classes, evidence = torch.zeros(len(errors), dtype=torch.int64), torch.tensor([500.0])
    return fit_sigma_factor(errors, torch.full_like(errors, deviation**2), classes, evidence)[0].item()


def noisy(deviation, noise):
    generator = torch.Generator().manual_seed(1)
    errors = deviation * torch.randn(20_000, 1, generator=generator)
    return errors + noise * torch.randn(20_000, 1, generator=generator)


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_the_factor_makes_the_models_deviation_that_of_the_errors(noise):
    expected = (0.06**2 + noise**2) ** 0.5
    assert factor(noisy(0.06, noise), 0.02) == pytest.approx(expected / 0.02, rel=0.05)


@pytest.mark.parametrize("deviation", [1e-9, 1e-3, 1.0, 1e8])
def test_the_factor_is_positive_and_finite(deviation):
    assert 0 < factor(torch.zeros(500, 1), deviation) < float("inf")
    assert 0 < factor(torch.ones(500, 1), deviation) < float("inf")


def test_a_class_with_little_evidence_follows_the_others():
    errors, classes = noisy(0.06, 0), (torch.arange(20_000) == 0).long()
    errors[0] = 1.0
    evidence = torch.tensor([500.0, 0.01])
    factors = fit_sigma_factor(errors, torch.full_like(errors, 0.02**2), classes, evidence)
    assert factors[1] == pytest.approx(factors[0].item(), rel=0.1)
