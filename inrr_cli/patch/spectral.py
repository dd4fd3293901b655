"""Fill channels that miss different samples: from each pixel's other channels, then from its neighbourhood."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from inrr_cli.engine import Control, Estimate, InpaintingProblem, WorkMeter
from inrr_cli.holdout.calibration import one_sigma_factors
from inrr_cli.patch.channel_group import FEW, UNKNOWN_SIGMA, ChannelGroup
from inrr_cli.patch.factors import Factors, chunks, condition, fit_factors, leave_out
from inrr_cli.patch.noise import estimate_noise
from inrr_cli.patch.spectrum import OUTLIER_SIGMAS, WHITE, Spectrum, neighbour_correlation
from inrr_cli.settings import Settings

# part of the variance of all channels up to which a pixel's known channels tell them all; empirical
DETERMINED = 1e-3
ENOUGH = 100  # known samples of a channel that say whether neighbours are alike
OUTLIERS_MAXIMUM = 3  # in a pixel: more are a spectrum of its own
WITNESSES = 3  # other channels that are known, at least, to deny a sample
NEGLIGIBLE = 1e-4  # of the range of the image: a tenth of a level of 8 bits need not be predicted better


class Prediction(NamedTuple):
    """What the other channels of a pixel say of each sample, known ones as if they were not.

    Attributes
    ----------
    mean, variance : (n, C) Tensor
    fit, fit_variance : (n, C) Tensor
        The same of a sample without its noise, from itself too if it is known.
    """

    mean: Tensor
    variance: Tensor
    fit: Tensor
    fit_variance: Tensor


def fill_channels(problem: InpaintingProblem, settings: Settings, control: Control) -> Estimate:
    """Fill the missing samples of channels.

    1. The known channels of a pixel tell the others, by the factors of all spectra.
    2. Where they tell too little, similar patches fill the components of the factors, which are then the mean of the
       pixel's factors.
    3. What this leaves of a channel is known at its known samples. If neighbours are alike in it, similar patches fill
       it too.
    """
    shape = problem.values.shape
    values, known = problem.values.flatten(0, 1), problem.known.flatten(0, 1)
    factors = fit_factors(values, known, settings.seed)
    spectrum = factors.spectrum()
    prior, told, completed = _prior(problem, factors, spectrum, settings, control)
    prediction = _predict(spectrum, values, known, prior)
    scale = _calibrate(prediction, values, known, told)
    trusted = _leave_out_outliers(prediction, spectrum, values, known, prior, scale)
    nothing = torch.zeros_like(values)
    kept = (prediction.fit, prediction.fit_variance.sqrt()) if settings.denoise else (values, nothing)
    out = torch.where(known, kept[0], prediction.mean).reshape(shape)
    sigma = torch.where(known, kept[1], prediction.variance.sqrt() * scale).reshape(shape)
    wanted = ~problem.known if problem.wanted is None else problem.wanted
    part = replace(problem, known=trusted.reshape(shape))
    channels = _local_channels(prediction, part, wanted) if completed else []
    meter = WorkMeter(control, max(1, len(channels)))
    try:
        for channel in channels:
            _fill_rest(part, channel, prediction, settings, meter, out, sigma)
    except KeyboardInterrupt:
        if not control.keep_partial:
            raise
        completed = False
    if not settings.denoise:
        out = torch.where(problem.known, problem.values, out)
        sigma = torch.where(known.sum(0) < FEW, UNKNOWN_SIGMA, sigma)
        sigma = torch.where(problem.known, 0, sigma)
    summary = (
        f"patch engine on {values.device.type}; {settings.regularizer}; {factors.loadings.shape[1]} factors of "
        f"{shape[2]} channels, {len(channels)} of which were filled from their neighbourhood too"
    )
    sigma = sigma if completed else nothing.reshape(shape)
    return Estimate(out, summary, completed, sigma=sigma, noise=problem.noise)


def _prior(
    problem: InpaintingProblem, factors: Factors, spectrum: Spectrum, settings: Settings, control: Control
) -> tuple[tuple[Tensor, Tensor], Tensor, bool]:
    """Return the mean and variance (n, K) of each pixel's components before its own channels count.

    And the pixels (n,) whose own channels tell all, so that the mean is 0 and the variance that of all pixels; others
    have the estimate of similar patches. And whether this was completed.
    """
    shape = problem.values.shape
    components, doubt = _components(factors, spectrum, problem)
    told = doubt <= DETERMINED * spectrum.variance.sum()
    mean, variance = torch.zeros_like(components), spectrum.variance.expand(components.shape).clone()
    if told.all() or told.sum() < ENOUGH:
        return (mean, variance), told, True
    image = components.reshape(*shape[:2], -1).to(problem.values)
    part = InpaintingProblem(image, told.reshape(*shape[:2], 1), problem.noise)
    filled = ChannelGroup(part, settings.regularizer, WorkMeter(control, 1)).fill(
        False, settings.seed, control.keep_partial
    )
    assert filled.sigma is not None
    mean[~told] = filled.values.flatten(0, 1)[~told].double()
    variance[~told] = filled.sigma.flatten(0, 1)[~told].double().square()
    return (mean, variance), told, filled.completed


def _components(factors: Factors, spectrum: Spectrum, problem: InpaintingProblem) -> tuple[Tensor, Tensor]:
    """Return the components (n, K) of spectra along the principal axes, and the sum of their variances (n,)."""
    values, known = problem.values.flatten(0, 1), problem.known.flatten(0, 1)
    turn = spectrum.axes.T @ factors.loadings
    mean, doubt = [], []
    for part in chunks(len(values), values.shape[1], turn.shape[1]):
        z, covariance = factors.posterior(values[part].double(), known[part])
        mean.append(z @ turn.T)
        doubt.append(torch.einsum("ak,nkl,al->n", turn, covariance, turn))
    return torch.cat(mean), torch.cat(doubt)


def _predict(spectrum: Spectrum, values: Tensor, known: Tensor, prior: tuple[Tensor, Tensor]) -> Prediction:
    """Predict every sample of spectra (n, C) from the other known ones of its pixel and the prior of its components."""
    axes, noise = spectrum.axes, spectrum.noise
    found: list[tuple[Tensor, ...]] = []
    for part in chunks(len(values), values.shape[1], axes.shape[1]):
        expected, spread = (moment[part] for moment in prior)
        start = spectrum.to_channels(expected)
        step, covariance = condition(axes, noise, values[part] - start, known[part], 1 / spread.clamp(min=1e-30))
        fit, variance = start + step @ axes.T, torch.einsum("ck,nkl,cl->nc", axes, covariance, axes)
        error, error_variance = leave_out(values[part] - fit, variance, noise)
        mean = torch.where(known[part], values[part] - error, fit)
        expected_error = torch.where(known[part], error_variance, variance + noise)
        found.append(tuple(moment.to(values) for moment in (mean, expected_error, fit, variance)))
    return Prediction(*(torch.cat(moment) for moment in zip(*found, strict=True)))


def _leave_out_outliers(
    prediction: Prediction,
    spectrum: Spectrum,
    values: Tensor,
    known: Tensor,
    prior: tuple[Tensor, Tensor],
    scale: Tensor,
) -> Tensor:
    """Predict anew, in place, without the known samples that the others of their pixel deny; return the rest (n, C).

    The worst one is left out first, because it spoils the prediction of all others.
    """
    trusted = known.clone()
    for _ in range(OUTLIERS_MAXIMUM):
        size = (prediction.mean - values).abs() / (prediction.variance.sqrt() * scale).clamp(min=NEGLIGIBLE)
        worst, channel = torch.where(trusted, size, 0).max(1)
        pixels = ((worst > OUTLIER_SIGMAS) & (trusted.sum(1) > WITNESSES)).nonzero()[:, 0]
        if not len(pixels):
            break
        trusted[pixels, channel[pixels]] = False
        again = _predict(spectrum, values[pixels], trusted[pixels], (prior[0][pixels], prior[1][pixels]))
        for moment, new in zip(prediction, again, strict=True):
            moment[pixels] = new
    return trusted


def _calibrate(prediction: Prediction, values: Tensor, known: Tensor, told: Tensor) -> Tensor:
    """Return the factors (C,) of the model's deviations that make them one standard deviation of the true errors."""
    where = known & told[:, None]
    ratio = (prediction.mean - values).abs() / prediction.variance.sqrt()
    return one_sigma_factors([sizes[chosen] for sizes, chosen in zip(ratio.T, where.T, strict=True)])


def _local_channels(prediction: Prediction, problem: InpaintingProblem, wanted: Tensor) -> list[int]:
    """Return the channels with ``wanted`` samples (H, W, C) in whose errors of prediction neighbours are alike."""
    errors = (problem.values.flatten(0, 1) - prediction.mean).reshape(problem.values.shape)
    found = []
    for channel, known in enumerate(problem.known.unbind(2)):
        if not wanted[..., channel].any() or known.sum() < ENOUGH:
            continue
        error = torch.where(known, errors[..., channel], 0).to(problem.values)[..., None]
        if error[known].std() > NEGLIGIBLE and neighbour_correlation(error, known) > WHITE:
            found.append(channel)
    return found


def _fill_rest(
    problem: InpaintingProblem,
    channel: int,
    prediction: Prediction,
    settings: Settings,
    meter: WorkMeter,
    out: Tensor,
    sigma: Tensor,
) -> None:
    """Fill what the prediction leaves of a channel, and add it to ``out`` and ``sigma`` (H, W, C) in place."""
    shape = problem.values.shape
    known = problem.known[..., channel]
    mean, variance = (moment[:, channel].reshape(shape[:2]) for moment in (prediction.mean, prediction.variance))
    rest = torch.where(known, problem.values[..., channel] - mean, 0)[..., None].to(problem.values)
    part = InpaintingProblem(rest, known[..., None], estimate_noise(rest, known))
    filled = ChannelGroup(part, settings.regularizer, meter).fill(False, settings.seed, False)
    assert filled.sigma is not None
    missing = ~known
    out[..., channel][missing] = (mean[missing] + filled.values[..., 0][missing]).to(out)
    # where more channels are missing than beside the known samples, the prediction is less sure
    excess = (variance[missing] - variance[known].median()).clamp(min=0)
    sigma[..., channel][missing] = (filled.sigma[..., 0][missing].square() + excess).sqrt().to(sigma)
