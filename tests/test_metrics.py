import numpy as np
import pytest

from inrr_cli import psnr, ssim
from inrr_cli.metrics import gradient_ratio, patch_ratio, seam_ratio, texture_measures, texture_ratio

MEASURES = (texture_ratio, gradient_ratio, patch_ratio, seam_ratio)


def test_psnr_of_a_known_error():
    truth = np.full((8, 8), 0.5)
    assert psnr(truth + 0.1, truth) == pytest.approx(20)


def test_psnr_compares_only_the_pixels_of_the_mask():
    truth = np.zeros((4, 4, 3))
    image = truth.copy()
    image[0, 0] = 0.01
    where = np.zeros((4, 4), bool)
    where[0, 0] = True
    assert psnr(image, truth, where) == pytest.approx(40)
    assert psnr(image, truth, ~where) == float("inf")
    assert psnr(image, truth, np.zeros((4, 4), bool)) is None


def test_psnr_clips_nothing():
    assert psnr(np.full((2, 2), 7.0), np.full((2, 2), -3.0)) == pytest.approx(-20)


def test_ssim_is_one_for_the_same_and_less_for_noise(grey):
    truth = grey / 255
    noisy = truth + np.random.default_rng(0).normal(0, 0.1, truth.shape)
    assert ssim(truth, truth) == pytest.approx(1)
    assert ssim(noisy, truth) < 0.9
    assert ssim(truth[:5], truth[:5]) is None


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).normal(0, 1, (160, 180))


@pytest.fixture(scope="module")
def hole():
    made = np.zeros((160, 180), bool)
    made[50:110, 60:130] = True
    return made


@pytest.mark.parametrize("measure", MEASURES)
def test_an_untouched_texture_looks_like_itself(measure, noise, hole):
    assert measure(noise, hole) == pytest.approx(1, abs=0.2)
    colours = np.stack([noise, noise[::-1], noise[:, ::-1]], 2)
    assert measure(1000 * colours + 5, hole) == pytest.approx(1, abs=0.2)


def test_a_flat_fill_has_no_texture_and_other_patches(noise, hole):
    flat = np.where(hole, 0, noise)
    assert texture_ratio(flat, hole) == gradient_ratio(flat, hole) == 0
    assert patch_ratio(flat, hole) > 5
    assert seam_ratio(flat, hole) < 0.9  # the step from noise to its mean: by 1 / sqrt(2) smaller than that of two


def test_energies_are_mean_squares(hole):
    """A checkerboard's Laplacian is 8 a and its step 2 a, so half the amplitude has a quarter of the energy."""
    checkerboard = (-1.0) ** np.indices(hole.shape).sum(0)
    image = np.where(hole, 0.5, 1) * checkerboard
    assert texture_ratio(image, hole) == pytest.approx(0.25)
    assert gradient_ratio(image, hole) == pytest.approx(0.25)
    assert seam_ratio(image, hole) == pytest.approx(0.75)  # 1.5 over 2


def test_a_step_at_the_seam_is_seen_there_only(hole):
    rows = np.indices(hole.shape).sum(0).astype(float)
    image = np.where(hole, rows + 100, rows)
    assert gradient_ratio(image, hole) == pytest.approx(1)
    assert seam_ratio(image, hole) == pytest.approx(100)  # 99 up one way and 101 down the other, over 1


def test_energies_leave_out_what_is_near_the_seam(noise, hole):
    near = hole.copy()
    near[58:102, 68:122] = False  # all that is eight pixels or less inside
    image = np.where(near, 1e6, noise)
    assert texture_ratio(image, hole) == texture_ratio(noise, hole)
    assert gradient_ratio(image, hole) == gradient_ratio(noise, hole)


@pytest.mark.parametrize("measure", MEASURES)
def test_what_is_not_usable_teaches_nothing(measure, noise, hole):
    usable = ~hole
    usable[:50] = False  # above the hole
    spoilt = noise.copy()
    spoilt[:50] = np.nan
    assert measure(spoilt, hole, usable) == measure(np.where(usable | hole, noise, 1e9), hole, usable)
    assert measure(spoilt, hole, usable) == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("measure", MEASURES[:3])
def test_a_ring_ends_as_far_outside_as_the_hole_is_deep(measure, noise, hole):
    image = noise.copy()
    image[:20] = 1e6  # 30 pixels above the hole, which is 30 deep
    image[:, 160:] = 1e6
    assert measure(image, hole) == measure(noise, hole)
    image[20] = 1e6
    assert measure(image, hole) != measure(noise, hole)


@pytest.mark.parametrize("measure", MEASURES)
def test_no_number_where_there_is_nothing_to_compare(measure, noise, hole):
    assert measure(noise, np.zeros_like(hole)) is None
    assert measure(noise, np.ones_like(hole)) is None
    assert measure(noise, hole, np.zeros_like(hole)) is None
    assert measure(np.ones_like(noise), hole) is None


def test_a_shallow_hole_has_no_inside_but_a_seam(noise):
    thin = np.zeros(noise.shape, bool)
    thin[40:56] = True
    assert texture_ratio(noise, thin) is None
    assert gradient_ratio(noise, thin) is None
    assert patch_ratio(noise, thin) is None
    assert seam_ratio(noise, thin) == pytest.approx(1, abs=0.2)


def test_a_hole_may_reach_the_border(noise):
    corner = np.zeros(noise.shape, bool)
    corner[:70, :80] = True
    for measure in MEASURES:
        assert measure(noise, corner) == pytest.approx(1, abs=0.2)


def test_coarse_texture_differs_from_fine_in_patches_more_than_halves_do(noise, hole):
    coarse = np.where(hole, np.kron(noise[::4, ::4], np.ones((4, 4))), noise)
    assert patch_ratio(coarse, hole) > 2


def test_a_seam_is_compared_with_what_is_near_it(noise, hole):
    image = noise.copy()
    image[:42] *= 100  # eight pixels above the hole
    assert seam_ratio(image, hole) == seam_ratio(noise, hole)
    image[42] *= 100
    assert seam_ratio(image, hole) < 0.9


def test_all_measures_at_once_are_those_of_each(noise, hole):
    measured = texture_measures(noise, hole)
    assert measured == {measure.__name__: measure(noise, hole) for measure in MEASURES}
    assert texture_measures(noise, np.zeros_like(hole)) == dict.fromkeys(measured)
