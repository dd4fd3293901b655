"""Principal axes of spectra, and the factors of spectra that miss samples."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from inrr_cli.patch.factors import Factors, fit_factors
from inrr_cli.patch.spectrum import principal_axes, usual_range


def fields(count, size=48, seed=0):
    rng = np.random.default_rng(seed)
    return np.stack([gaussian_filter(rng.standard_normal((size, size)), 2) for _ in range(count)], 2) * 10


def cube(rank, bands, noise, seed=0):
    rng = np.random.default_rng(seed)
    x = fields(rank, seed=seed) @ rng.standard_normal((rank, bands)) + noise * rng.standard_normal((48, 48, bands))
    return torch.from_numpy(x.astype(np.float32))


@pytest.mark.parametrize("rank", [1, 3])
def test_there_are_as_many_components_as_stand_above_the_noise(rank):
    image = cube(rank, 12, 0.01)
    known = torch.rand(48, 48, generator=torch.Generator().manual_seed(0)) > 0.5
    spectrum = principal_axes(image, known)
    assert spectrum.axes.shape == (12, rank)
    assert torch.allclose(spectrum.axes.T @ spectrum.axes, torch.eye(rank), atol=1e-5)
    back = spectrum.to_channels(spectrum.to_components(image))
    assert (back - image).square().mean().sqrt() < 0.011
    assert spectrum.noise.mean().sqrt() == pytest.approx(0.01, rel=0.2)


def test_equal_channels_are_one_component_and_colours_are_all_kept():
    grey = torch.from_numpy(fields(1).astype(np.float32)).expand(-1, -1, 3)
    every = torch.ones(48, 48, dtype=torch.bool)
    assert principal_axes(grey, every).axes.shape == (3, 1)
    noise = torch.rand(48, 48, 3, generator=torch.Generator().manual_seed(0))
    assert principal_axes(noise, every).axes.shape == (3, 3)


def test_one_bright_sample_turns_no_axis():
    image, every = cube(2, 8, 0.01), torch.ones(48, 48, dtype=torch.bool)
    before = principal_axes(image, every).axes
    image[3, 4, 5] = 1e6
    after = principal_axes(image, every).axes
    assert (before * after).sum(0).abs().min() > 0.999
    spectra = torch.tensor([[1.0], [2.0], [3.0], [1e9], [torch.nan]])
    low, high = usual_range(spectra)
    assert -20 < low < 1
    assert 3 < high < 20


def test_factors_predict_what_a_pixel_lacks():
    image = cube(3, 20, 0.01).flatten(0, 1)
    known = torch.rand(image.shape, generator=torch.Generator().manual_seed(1)) > 0.3
    factors = fit_factors(torch.where(known, image, torch.nan), known)
    assert factors.loadings.shape == (20, 3)
    mean, spread = factors.predict(*factors.posterior(torch.where(known, image, 0).double(), known))
    error = (mean - image)[~known]
    assert error.square().mean().sqrt() < 0.02
    within = (error.abs() <= (spread + factors.noise)[~known].sqrt()).double().mean()
    assert 0.6 < within < 0.76


def test_leaving_a_sample_out_is_predicting_it_from_the_others():
    generator = torch.Generator().manual_seed(2)
    loadings = torch.randn(5, 2, dtype=torch.double, generator=generator)
    factors = Factors(torch.arange(5.0).double(), loadings, torch.full((5,), 0.3, dtype=torch.double))
    values = torch.randn(4, 5, dtype=torch.double, generator=generator)
    known = torch.ones(4, 5, dtype=torch.bool)
    known[1, 2] = False
    error, variance = factors.leave_one_out(values, known)
    for channel in range(5):
        without = known.clone()
        without[:, channel] = False
        mean, spread = factors.predict(*factors.posterior(values, without))
        rows = known[:, channel]
        assert torch.allclose(error[rows, channel], (values - mean)[rows, channel])
        assert torch.allclose(variance[rows, channel], (spread + factors.noise)[rows, channel])


def test_channels_that_are_never_known_together_are_independent():
    """A mosaic: each pixel has one of five channels."""
    image = cube(2, 5, 0.01).flatten(0, 1)
    known = torch.zeros(image.shape, dtype=torch.bool)
    known[torch.arange(len(image)), torch.arange(len(image)) % 5] = True
    factors = fit_factors(image, known)
    mean, _ = factors.predict(*factors.posterior(torch.where(known, image, 0).double(), known))
    assert torch.isfinite(mean).all()
