"""Polyharmonic fills, their borders, and the pyramid that solves them."""

import math

import numpy as np
import pytest
import torch
from skimage.restoration import inpaint_biharmonic

from inrr_cli import make_mask
from inrr_cli.solvers.polyharmonic import BIHARMONIC, refine_polyharmonic, solve_polyharmonic
from inrr_cli.solvers.pyramid import double, halve


def fill(pixels, missing, **options):
    image = torch.from_numpy(np.atleast_3d(pixels.astype(np.float32)))
    return solve_polyharmonic(image, ~torch.from_numpy(missing), **options).numpy().reshape(pixels.shape)


@pytest.mark.parametrize("pattern", ["random", "patch", "textural", "mixture", "downsample"])
def test_known_pixels_are_unchanged_and_the_fill_is_finite(colour, pattern):
    missing = make_mask(colour.shape[:2], pattern)
    image = np.where(missing[..., None], np.nan, colour / 255)
    filled = fill(np.nan_to_num(image), missing)
    assert np.array_equal(filled[~missing], image[~missing].astype(np.float32))
    assert np.isfinite(filled).all()


def test_a_biharmonic_fill_continues_a_plane():
    plane = np.add.outer(np.linspace(0, 0.5, 40), np.linspace(0, 0.4, 50))
    missing = np.zeros(plane.shape, bool)
    missing[10:25, 12:30] = True
    assert np.abs(fill(plane, missing, iterations=2000, tolerance=1e-7) - plane).max() < 1e-3


@pytest.mark.parametrize("shape", [(1, 40), (2, 40), (40, 1)])
@pytest.mark.parametrize("natural", [False, True])
def test_a_narrow_image_is_filled_along_its_length(shape, natural):
    ramp = np.broadcast_to(
        np.linspace(0.2, 0.8, 40).reshape(40, 1) if shape[1] == 1 else np.linspace(0.2, 0.8, 40), shape
    )
    missing = np.zeros(shape, bool)
    missing.reshape(-1, 40)[:, 10:30] = True
    filled = fill(ramp, missing, iterations=2000, tolerance=1e-7, natural=natural, dtype=torch.float64)
    assert np.abs(filled - ramp).max() < 1e-3


def test_a_triharmonic_fill_continues_a_surface_of_degree_four():
    y, x = np.mgrid[:40, :50] / 50
    surface = 0.2 + 0.5 * x**4 - 0.3 * y**2 * x + 0.4 * y
    missing = make_mask(surface.shape, "random", rate=0.7)
    missing[:4] = missing[-4:] = missing[:, :4] = missing[:, -4:] = False
    biharmonic, triharmonic = (
        np.abs(fill(surface, missing, order=order, iterations=2000, tolerance=1e-7) - surface).max() for order in (2, 3)
    )
    assert triharmonic < 1e-4
    assert triharmonic < biharmonic / 3


def test_a_triharmonic_fill_that_stops_early_is_no_worse_than_the_biharmonic_fill_it_starts_from():
    y, x = np.mgrid[:96, :96] / 96
    field = 0.5 + 0.2 * np.sin(9 * x + 4 * y) + 0.2 * np.sin(8 * y)
    missing = make_mask(field.shape, "random", rate=0.95)
    truth, known = torch.from_numpy(field).float()[..., None], torch.from_numpy(~missing)
    start = BIHARMONIC.fill(truth, known)
    stopped = refine_polyharmonic(start, ~known, 3, 20, 1e-6, natural=True)
    assert (stopped - truth).square().sum() < (start - truth).square().sum()


@pytest.mark.parametrize("order", [1, 2, 3])
def test_natural_borders_continue_polynomials_of_a_degree_below_the_order(order):
    y, x = np.mgrid[:30, :40] / 40
    surface = (
        np.full(y.shape, 0.2) + (0.3 * y + 0.4 * x if order > 1 else 0) + (0.5 * x * y - 0.4 * y**2 if order > 2 else 0)
    )
    missing = make_mask(surface.shape, "random", rate=0.5)
    missing[:2] = missing[:, -3:] = True
    filled = fill(surface, missing, order=order, iterations=3000, tolerance=1e-7, natural=True)
    assert np.abs(filled - surface).max() < 1e-4


@pytest.mark.parametrize("shape", [(9, 7), (5, 30), (14, 16)])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_fill_with_natural_borders_has_the_least_thin_plate_energy(shape, order):
    rng = np.random.default_rng(order)
    values, missing = rng.random(shape), make_mask(shape, "random", rate=0.6)
    eyes = [np.eye(length) for length in shape]
    rows = [
        np.sqrt(math.comb(order, down)) * np.kron(np.diff(eyes[0], down, 0), np.diff(eyes[1], right, 0))
        for down, right in ((j, order - j) for j in range(order + 1))
    ]
    energy, unknown = np.concatenate(rows), missing.ravel()
    expected = np.linalg.lstsq(energy[:, unknown], -energy[:, ~unknown] @ values.ravel()[~unknown], rcond=None)[0]
    filled = fill(values, missing, order=order, iterations=5000, tolerance=1e-7, natural=True)
    assert np.abs(filled[missing] - expected).max() < 2e-3


def test_a_biharmonic_fill_away_from_borders_is_that_of_scikit_image(grey):
    missing = np.zeros(grey.shape, bool)
    missing[15:25, 20:32] = True
    ours = fill(grey / 255, missing, iterations=2000, tolerance=1e-7)
    theirs = inpaint_biharmonic(np.where(missing, 0, grey / 255), missing)
    assert np.abs(ours - theirs)[missing].max() < 0.01


def test_halving_averages_known_pixels_and_doubling_keeps_constants():
    image = torch.arange(15.0).reshape(3, 5, 1)
    known = torch.ones(3, 5, dtype=torch.bool)
    known[0, 0] = known[2, 4] = False
    small, small_known = halve(image, known)
    assert small.shape == (2, 3, 1)
    assert small[0, 0].item() == pytest.approx((1 + 5 + 6) / 3)
    assert small_known.tolist() == [[True, True, True], [True, True, False]]
    assert torch.allclose(double(torch.full((2, 3, 1), 0.3), (3, 5)), torch.full((3, 5, 1), 0.3))
