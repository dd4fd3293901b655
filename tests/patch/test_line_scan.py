"""Scans of lines: how they are found and hidden, and which fills they get."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from skimage.data import clock

from inrr_cli import inpaint, make_mask, psnr
from inrr_cli.patch.line_scan import LineSmoothness, find_lines
from inrr_cli.solvers.polyharmonic import BIHARMONIC, PolyharmonicFill


def every_fourth_row() -> np.ndarray:
    rows = np.zeros((41, 30), bool)
    rows[::4] = True
    rows[8, 3] = False
    return rows


def test_a_scan_of_lines_is_found_and_hides_every_second_line():
    rows = every_fourth_row()
    scan = find_lines(rows)
    assert (scan.lines[:, 0] == (np.arange(41) % 4 == 0)).all()
    assert (scan.axis, scan.spacing) == (0, 4)
    columns = find_lines(rows.T)
    assert columns.lines.shape == (1, 41)
    assert (columns.axis, columns.spacing) == (1, 4)
    for seed in (0, 1):
        assert (scan.sample_holdout(seed)[:, 0] == (np.arange(41) % 8 == 4 * (1 - seed))).all()


def test_a_run_of_lines_is_hidden_as_one():
    rows = np.tile((np.arange(48) % 8 < 2)[:, None], (1, 30))
    scan = find_lines(rows)
    assert scan.spacing == 7
    assert (scan.sample_holdout(0)[:, 0] == (np.arange(48) % 16 // 2 == 4)).all()


def test_other_masks_are_not_scans_of_lines():
    few = every_fourth_row()
    few[9:] = False
    masks = (~make_mask((64, 64), "random", rate=0.8), ~make_mask((64, 64), "textural"))
    for known in (few, ~every_fourth_row(), *masks, np.ones((8, 8), bool)):
        assert find_lines(known) is None


@pytest.mark.parametrize("axis", [0, 1])
def test_only_an_image_that_is_smooth_between_lines_is_band_limited(axis: int):
    rng = np.random.default_rng(0)
    known = np.zeros((80, 80), bool)
    known[::4] = True
    known = known if axis == 0 else known.T
    scan = find_lines(known)
    for sigma, smooth in ((5, True), (0.5, False)):
        field = torch.from_numpy(gaussian_filter(rng.standard_normal((80, 80, 2)), (sigma, sigma, 0))).float()
        assert scan.measure_smoothness(field, torch.from_numpy(known)).band_limited is smooth
    slope = torch.linspace(0, 1, 80)[:, None, None] + torch.linspace(0, 0.5, 80)[:, None]
    assert not scan.measure_smoothness(slope.round(decimals=2), torch.from_numpy(known)).band_limited
    fills, prior = scan.choose_fills(LineSmoothness(band_limited=True, natural=False, error=0.3), 0.2)
    assert sum(prior.shares) == pytest.approx(1)
    assert prior.sigma_bounds == (0, pytest.approx(1.5))
    assert PolyharmonicFill(2, axis, natural=False, exact=True) in fills


@pytest.mark.parametrize("axis", [0, 1])
def test_a_natural_spline_is_chosen_for_a_surface_that_keeps_its_slope_and_not_for_noise(axis: int):
    known = np.zeros((80, 80), bool)
    known[::4] = True
    known = known if axis == 0 else known.T
    scan = find_lines(known)
    y, x = torch.meshgrid(torch.linspace(0, 1, 80), torch.linspace(0, 1, 80), indexing="ij")
    slope = (0.2 * (y + 0.5) ** 2 + 0.2 * (x + 0.5) ** 2)[..., None]
    noise = torch.rand(80, 80, 1, generator=torch.Generator().manual_seed(0))
    assert scan.measure_smoothness(slope, torch.from_numpy(known)).natural
    assert not scan.measure_smoothness(noise, torch.from_numpy(known)).natural


def test_the_error_is_the_error_of_the_better_fill_between_samples():
    known = np.zeros((80, 80), bool)
    known[:, ::4] = True
    comb = (torch.arange(80) % 4 < 3).float()[:, None, None]  # 0 where it is sampled, 1 elsewhere
    noise = 0.1 * torch.rand(80, 80, 1, generator=torch.Generator().manual_seed(0))
    smoothness = find_lines(known).measure_smoothness(comb + noise, torch.from_numpy(known))
    assert not smoothness.band_limited
    assert 0.9 < smoothness.error < 1.1


def test_a_smooth_field_is_filled_better_than_by_a_thin_plate():
    field = gaussian_filter(np.random.default_rng(3).standard_normal((96, 96)), 4, mode="wrap")
    field = ((field - field.min()) / np.ptp(field)).astype(np.float32)
    missing = np.ones(field.shape, bool)
    missing[::5] = False
    damaged = np.where(missing, 0, field).astype(np.float32)
    plate = BIHARMONIC.fill(torch.from_numpy(damaged)[..., None], torch.from_numpy(~missing))[..., 0].numpy()
    filled = inpaint(damaged, missing)
    assert psnr(filled, field, missing) > psnr(plate, field, missing)


def test_a_blurred_image_is_filled_about_as_well_as_by_a_thin_plate():
    blurred = clock()[86:214, 136:264] / np.float32(255)
    missing = np.ones(blurred.shape, bool)
    missing[::2] = False
    damaged = np.where(missing, np.float32(0), blurred)
    plate = BIHARMONIC.fill(torch.from_numpy(damaged)[..., None], torch.from_numpy(~missing))[..., 0].numpy()
    assert psnr(inpaint(damaged, missing), blurred, missing) > psnr(plate, blurred, missing) - 0.3
