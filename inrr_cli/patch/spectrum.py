"""Principal axes of the spectra of an image: its channels as a few uncorrelated components."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from inrr_cli.engine import FEW_CHANNELS

COMPONENTS_MAXIMUM = 32
SPECTRA_MAXIMUM = 200_000  # that the axes are learned from
OUTLIER_SIGMAS = 10.0  # robust deviations: values farther out are clipped, so that one bright sample turns no axis
NEGLIGIBLE = 1e-8  # variance of a component over that of the first, which is rounding
WHITE = 0.1  # correlation of neighbouring pixels below which a component is noise; empirical


@dataclass(frozen=True)
class Spectrum:
    """A Gaussian model of spectra: x = mean + axes y + e, with uncorrelated components y and errors e.

    Attributes
    ----------
    mean : (C,) Tensor
        Mean of each channel.
    axes : (C, K) Tensor
        Orthonormal principal axes, the largest variance first.
    variance : (K,) Tensor
        Variance of each component.
    noise : (C,) Tensor
        Variance of what the components leave of each channel.
    """

    mean: Tensor
    axes: Tensor
    variance: Tensor
    noise: Tensor

    def to_components(self, values: Tensor) -> Tensor:
        """Return the components (..., K) of channels (..., C)."""
        return (values - self.mean) @ self.axes

    def to_channels(self, components: Tensor) -> Tensor:
        """Return the channels (..., C) that components (..., K) are expected to have."""
        return components @ self.axes.T + self.mean

    def variance_of_channels(self, variance: Tensor) -> Tensor:
        """Return the variance (..., C) of channels whose components have that ``variance`` (..., K), without noise."""
        return variance @ self.axes.T.square() + self.noise


@torch.no_grad()
def principal_axes(values: Tensor, known: Tensor) -> Spectrum:
    """Learn the axes from the known pixels of an image.

    Components whose variance is rounding are left out. Of more than four channels, so are those whose neighbouring
    pixels are uncorrelated, as nothing can be said about them where they are missing (compare the maximum noise
    fraction of Green et al. 1988, doi:10.1109/36.3001).

    Parameters
    ----------
    values : (H, W, C) Tensor
    known : (H, W) Tensor of bool
        At least one True.
    """
    spectra = values[known]
    spectra = spectra[:: -(-len(spectra) // SPECTRA_MAXIMUM)].double()
    low, high = usual_range(spectra)
    spectra = spectra.clamp(low, high)
    mean = spectra.mean(0)
    covariance = (spectra - mean).T @ (spectra - mean) / max(1, len(spectra) - 1)
    variance, axes = (part.flip(-1) for part in torch.linalg.eigh(covariance))
    kept = variance > NEGLIGIBLE * variance[0].clamp(min=1e-30)
    kept[0] = True
    kept[COMPONENTS_MAXIMUM:] = False
    if values.shape[2] > FEW_CHANNELS:
        usual = values.clamp(low.to(values), high.to(values))
        kept &= neighbour_correlation((usual - mean.to(values)) @ axes.to(values), known) > WHITE
        kept[0] = True
    noise = (covariance.diagonal() - axes[:, kept].square() @ variance[kept]).clamp(min=0)
    return Spectrum(*(part.to(values) for part in (mean, axes[:, kept], variance[kept], noise)))


def usual_range(spectra: Tensor) -> tuple[Tensor, Tensor]:
    """Return OUTLIER_SIGMAS robust deviations below and above the median of each channel of spectra (n, C) or NaN."""
    middle = spectra.nanmedian(0).values
    deviation = 1.4826 * (spectra - middle).abs().nanmedian(0).values
    reach = torch.where(deviation > 0, OUTLIER_SIGMAS * deviation, torch.inf)  # half of the samples may be equal
    return middle - reach, middle + reach


def neighbour_correlation(image: Tensor, known: Tensor) -> Tensor:
    """Return the correlation of neighbours in the rows and columns of an image (H, W, K), 1 where too few are known."""
    image = torch.where(known[..., None], image, 0)
    both = known[1:] & known[:-1], known[:, 1:] & known[:, :-1]
    pairs = (image[1:], image[:-1]), (image[:, 1:], image[:, :-1])
    product, power = image.new_zeros(2, image.shape[2])
    for mask, (first, second) in zip(both, pairs, strict=True):
        first, second = first[mask], second[mask]
        product += (first * second).sum(0)
        power += (first.square() + second.square()).sum(0) / 2
    count = sum(int(mask.sum()) for mask in both)
    return torch.where((power > 0) & (count > 100), product / power.clamp(min=1e-30), 1)
