"""Factor analysis of spectra that miss samples: what a pixel's other channels say of those it lacks.

Expectation maximisation over the known samples only (Rubin and Thayer 1982, doi:10.1007/BF02293851; compare the
regularised expectation maximisation of Schneider 2001, doi:10.1175/1520-0442(2001)014<0853:AOICDE>2.0.CO;2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from inrr_cli.patch.spectrum import Spectrum, usual_range

SPECTRA_MAXIMUM = 6_000  # that the factors are learned from
ITERATIONS, TRIAL_ITERATIONS = 30, 10  # empirical
FACTOR_COUNTS = (1, 2, 3, 4, 6, 8, 11, 15, 20, 26, 32)  # that are tried
WORTHWHILE = 0.995  # squared error with more factors over that with fewer, to take them; empirical
NOISE_SHARE_MINIMUM = 1e-7  # of a channel's variance that is noise: less is rounding
CHUNK_NUMBERS = 4_000_000  # values in a chunk of spectra


@dataclass(frozen=True)
class Factors:
    """A Gaussian model of spectra: x = mean + loadings z + e, with z of unit covariance and uncorrelated e.

    Attributes
    ----------
    mean : (C,) Tensor of float64
    loadings : (C, K) Tensor of float64
    noise : (C,) Tensor of float64
        Variance of e.
    """

    mean: Tensor
    loadings: Tensor
    noise: Tensor

    def posterior(self, values: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean (n, K) and covariance (n, K, K) of z, given the known samples of spectra (n, C)."""
        return condition(self.loadings, self.noise, values - self.mean, known)

    def predict(self, mean: Tensor, covariance: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean and variance (n, C) of spectra, without e, from those of z."""
        spread = torch.einsum("ck,nkl,cl->nc", self.loadings, covariance, self.loadings)
        return mean @ self.loadings.T + self.mean, spread

    def leave_one_out(self, values: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """Return the error of each known sample of spectra (n, C), predicted from the others, and its variance."""
        fit, spread = self.predict(*self.posterior(values, known))
        return leave_out(torch.where(known, values - fit, 0), spread, self.noise)

    def spectrum(self) -> Spectrum:
        """Return the principal axes of the factors."""
        axes, singular, _ = torch.linalg.svd(self.loadings, full_matrices=False)
        return Spectrum(self.mean, axes, singular.square(), self.noise)


def condition(
    loadings: Tensor, noise: Tensor, innovation: Tensor, known: Tensor, prior_precision: Tensor | float = 1.0
) -> tuple[Tensor, Tensor]:
    """Return the mean (n, K) and covariance (n, K, K) of z, given the known of the samples loadings z + e.

    Parameters
    ----------
    loadings, noise : (C, K) Tensor, (C,) Tensor
        As of `Factors`.
    innovation, known : (n, C) Tensor, (n, C) Tensor of bool
        The samples, of which the known ones are used.
    prior_precision : (n, K) Tensor or float
        Inverse of the variance of z, whose mean is 0.
    """
    weighted = loadings / noise[:, None]
    outer = (weighted[:, :, None] * loadings[:, None]).flatten(1)
    precision = torch.unflatten(known.double() @ outer, 1, (loadings.shape[1], loadings.shape[1]))
    precision.diagonal(dim1=1, dim2=2).add_(prior_precision)
    covariance = torch.cholesky_inverse(torch.linalg.cholesky(precision))
    return (covariance @ (torch.where(known, innovation, 0) @ weighted)[..., None])[..., 0], covariance


def leave_out(error: Tensor, spread: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Return the errors of samples as if each were left out of its own fit, and their variances.

    From the errors r of the fit, its variance v and the noise s: r / (1 - h) and s / (1 - h), where h = v / s.
    """
    rest = (1 - spread / noise).clamp(min=1e-9)
    return error / rest, noise / rest


def fit_factors(values: Tensor, known: Tensor, seed: int = 0) -> Factors:
    """Learn the factors of the spectra of an image, as many as the known samples are best predicted with.

    Parameters
    ----------
    values : (n, C) Tensor
    known : (n, C) Tensor of bool
    seed : int
        Chooses the spectra that are learned from.
    """
    full = (known.sum(1) > 1).nonzero()[:, 0]
    full = full if len(full) else known.any(1).nonzero()[:, 0]  # no two channels are known at any pixel
    chosen = full[torch.randperm(len(full), generator=torch.Generator().manual_seed(seed))[:SPECTRA_MAXIMUM]]
    values, known = values[chosen].double(), known[chosen]
    values = torch.where(known, values, torch.nan)
    values = values.clamp(*usual_range(values))
    centre = values.nanmean(0)
    scale = (values - centre).square().nanmean(0).sqrt().clamp(min=1e-12)
    values = torch.where(known, (values - centre) / scale, 0)
    best, error = None, torch.inf
    for count in FACTOR_COUNTS:
        if count >= max(2, values.shape[1]):
            break
        factors = _maximise(_start(values, known, count), values, known, TRIAL_ITERATIONS)
        found = factors.leave_one_out(values, known)[0].square()[known].mean().item()
        if found > WORTHWHILE * error:
            break
        best, error = factors, found
    assert best is not None
    best = _maximise(best, values, known, ITERATIONS - TRIAL_ITERATIONS)
    return Factors(best.mean * scale + centre, best.loadings * scale[:, None], best.noise * scale**2)


def chunks(count: int, channels: int, factors: int) -> Iterator[slice]:
    """Split ``count`` spectra into slices of CHUNK_NUMBERS values."""
    step = max(1, CHUNK_NUMBERS // (channels + factors**2))
    for start in range(0, count, step):
        yield slice(start, min(count, start + step))


def _start(values: Tensor, known: Tensor, count: int) -> Factors:
    """Start from the principal axes of the covariance of the pairs of samples that are both known."""
    pairs = (known.double().T @ known.double()).clamp(min=1)
    variance, axes = (part.flip(-1) for part in torch.linalg.eigh(values.T @ values / pairs))
    variance = variance.clamp(min=1e-6)
    noise = variance[count:].mean().clamp(min=1e-4).expand(values.shape[1])
    return Factors(values.new_zeros(values.shape[1]), axes[:, :count] * variance[:count].sqrt(), noise)


def _maximise(factors: Factors, values: Tensor, known: Tensor, iterations: int) -> Factors:
    """Run iterations of expectation maximisation."""
    weight = known.double()
    for _ in range(iterations):
        mean, covariance = factors.posterior(values, known)
        # the mean of a channel is the loading of a factor that is always 1
        full = torch.cat([mean, torch.ones_like(mean[:, :1])], 1)
        moment = full[:, :, None] * full[:, None]
        moment[:, :-1, :-1] += covariance
        size = full.shape[1]
        normal = torch.unflatten(weight.T @ moment.flatten(1), 1, (size, size))
        normal.diagonal(dim1=1, dim2=2).add_(1e-6)
        right = values.T @ full
        loadings = torch.linalg.solve(normal, right[..., None])[..., 0]
        power = (values.square().sum(0) - (loadings * right).sum(1)) / weight.sum(0)
        factors = Factors(loadings[:, -1], loadings[:, :-1], power.clamp(min=NOISE_SHARE_MINIMUM))
    return factors
