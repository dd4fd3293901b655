"""Fill many channels that miss different samples: from each pixel's other channels, then from its neighbourhood."""

from __future__ import annotations

import torch
from torch import Tensor

from inrr_cli.engine import Control, Estimate, InpaintingProblem, WorkMeter
from inrr_cli.holdout.calibration import one_sigma_quantile
from inrr_cli.patch.channel_group import ChannelGroup
from inrr_cli.patch.factors import Factors, chunks, fit_factors
from inrr_cli.patch.spectrum import Spectrum
from inrr_cli.settings import Settings

# part of the variance of all channels up to which a pixel's known channels tell them all; empirical
DETERMINED = 1e-3


def fill_bands(problem: InpaintingProblem, settings: Settings, control: Control) -> Estimate:
    """Fill the missing samples of many channels.

    The known channels of a pixel tell the others by the factors of all spectra. Where they tell too little, the
    components of the neighbouring pixels are filled by similar patches, as the mean of the pixel's factors.
    """
    shape = problem.values.shape
    values, known = problem.values.flatten(0, 1), problem.known.flatten(0, 1)
    factors = fit_factors(values, known, settings.seed)
    spectrum = factors.spectrum()
    components, doubt = _infer(factors, spectrum, values, known)
    total = spectrum.variance.sum()
    told = (doubt.sum(1) <= DETERMINED * total).reshape(shape[:2])
    summary = ""
    prior = components.new_zeros(components.shape), spectrum.variance.expand(components.shape)
    if not told.all() and told.any():
        image = components.reshape(*shape[:2], -1).to(values)
        part = InpaintingProblem(image, told[..., None], problem.noise)
        filled = ChannelGroup(part, settings.regularizer, WorkMeter(control, 1)).fill(
            False, settings.seed, control.keep_partial
        )
        assert filled.sigma is not None
        summary = filled.summary
        away = ~told.flatten()
        prior[0][away] = filled.values.flatten(0, 1)[away].double()
        prior = prior[0], torch.where(away[:, None], filled.sigma.flatten(0, 1).square().double(), prior[1])
    out, sigma = _fuse(factors, spectrum, values, known, prior)
    sigma *= _calibrate(factors, values, known)
    return Estimate(
        torch.where(known, values, out.to(values)).reshape(shape),
        f"{factors.loadings.shape[1]} factors of {shape[2]} channels; {summary}",
        sigma=torch.where(known, 0, sigma.to(values)).reshape(shape),
        noise=problem.noise,
    )


def _infer(factors: Factors, spectrum: Spectrum, values: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Return the components (n, K) of spectra along the principal axes, and their variances."""
    turn = spectrum.axes.T @ factors.loadings
    mean, variance = [], []
    for part in chunks(len(values), values.shape[1], turn.shape[1]):
        z, covariance = factors.posterior(values[part].double(), known[part])
        mean.append(z @ turn.T)
        variance.append(torch.einsum("ak,nkl,al->na", turn, covariance, turn))
    return torch.cat(mean), torch.cat(variance)


def _fuse(
    factors: Factors, spectrum: Spectrum, values: Tensor, known: Tensor, prior: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """Return the mean and deviation (n, C) of spectra, from their known samples and the prior of their components."""
    axes, out, sigma = spectrum.axes, torch.empty_like(values), torch.empty_like(values)
    for part in chunks(len(values), values.shape[1], axes.shape[1]):
        expected, variance = (moment[part] for moment in prior)
        mean = expected @ axes.T + factors.mean
        # the factors with the prior's deviations as loadings, for each pixel its own
        weighted = (known[part].double() / factors.noise)[..., None] * axes
        precision = weighted.transpose(1, 2) @ axes
        precision.diagonal(dim1=1, dim2=2).add_(1 / variance.clamp(min=1e-30))
        covariance = torch.cholesky_inverse(torch.linalg.cholesky(precision))
        innovation = torch.where(known[part], values[part] - mean, 0)
        step = (covariance @ (weighted.transpose(1, 2) @ innovation[..., None]))[..., 0]
        out[part] = mean + step @ axes.T
        spread = torch.einsum("ck,nkl,cl->nc", axes, covariance, axes)
        sigma[part] = (spread + factors.noise).sqrt()
    return out, sigma


def _calibrate(factors: Factors, values: Tensor, known: Tensor) -> Tensor:
    """Return the factor of the model's deviations (C,) that makes them one standard deviation of the true errors."""
    step = -(-len(values) // 20_000)
    error, variance = factors.leave_one_out(values[::step].double(), known[::step])
    ratio = error.abs() / variance.sqrt()
    overall = one_sigma_quantile(ratio[known[::step]])
    return torch.full_like(factors.mean, overall)
