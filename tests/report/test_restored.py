"""What a page tells of a result."""

import numpy as np
import pytest

from inrr_cli.imaging.value_range import ValueRange
from inrr_cli.report.course import fit_of
from inrr_cli.report.restored import bicubic, inpainting_page
from inrr_cli.result import Result
from inrr_cli.superres.target import make_target

RANGE = ValueRange(0.0, 255.0)


def result_of(image, **more):
    fields = dict.fromkeys(("raw", "psnr_known", "rmse_known", "sigma", "noise_sigma", "steps")) | more
    return Result(image, **fields, device="cpu", seconds=1.0, completed=True, summary="")


@pytest.fixture
def missing(colour):
    """Samples of which some pixels miss one and some all."""
    found = np.zeros(colour.shape, bool)
    found[4:8], found[20, 5:9, 1] = True, True
    return found


def test_a_pixel_has_the_largest_error_bar_of_its_missing_channels(colour, missing):
    sigma = np.random.default_rng(0).uniform(0.5, 4, colour.shape).astype(np.float32) * missing
    for result in (result_of(colour, sigma=sigma), result_of(colour, sigma_filled=sigma[missing])):
        page = inpainting_page("x", colour, [result], missing, RANGE)
        values = page.maps[0].values
        assert (np.isfinite(values) == missing.any(2)).all()
        assert (values[missing.any(2)] == sigma.max(2)[missing.any(2)]).all()
        assert page.facts["Mean error bar"] == f"{sigma[missing].mean():.3g}"


def test_the_residual_has_the_sign_of_restored_minus_truth(colour, missing):
    truth = colour.copy()
    truth[4, 0], truth[20, 5, 1] = (10, 20, 30), 200
    image = truth.copy()
    image[4, 0], image[20, 5, 1] = (13, 11, 30), 201
    page = inpainting_page("x", colour, [result_of(image)], missing, RANGE, truth=truth)
    values = page.maps[0].values
    assert page.maps[0].kind == "residual"
    assert (values[4, 0], values[20, 5], values[4, 1]) == (-9, 1, 0)
    assert np.isnan(values[0, 0])


def test_the_residual_of_an_angle_goes_the_short_way():
    truth, image = np.array([[350.0, 10.0]]), np.array([[5.0, 10.0]])
    page = inpainting_page(
        "x", image, [result_of(image)], np.array([[True, False]]), RANGE, truth=truth, values="angle=360"
    )
    assert page.maps[0].values[0, 0] == pytest.approx(15)
    assert "PSNR of the filled" not in page.facts


def test_wrong_labels_are_shown():
    truth, image = np.array([[1, 2, 3]]), np.array([[1, 9, 3]])
    page = inpainting_page("x", image, [result_of(image)], np.ones((1, 3), bool), RANGE, truth=truth, values="labels")
    assert page.maps[0].values.tolist() == [[0, 1, 0]]
    assert page.facts["Labels that are right"] == "66.7%"


def test_denoised_samples_have_error_bars_too(grey):
    sigma = np.ones(grey.shape, np.float32)
    page = inpainting_page("x", grey, [result_of(grey, sigma=sigma)], grey > 200, RANGE)
    assert np.isfinite(page.maps[0].values).all()


def test_an_interruption_and_a_notice_are_told(grey):
    from dataclasses import replace

    result = replace(result_of(grey, notice="the fit was restarted"), completed=False)
    notes = inpainting_page("x", grey, [result], grey > 200, RANGE).notes
    assert notes == ["The fit was restarted.", "The run was interrupted: this is the image so far."]


def test_bicubic_keeps_a_ramp_and_its_part_is_that_of_the_whole():
    ramp = np.add.outer(np.arange(12.0), 2 * np.arange(10.0)).astype(np.float32)
    whole = bicubic(ramp, make_target(ramp.shape, 2))
    assert whole.shape == (24, 20)
    assert np.diff(whole[8:16, 10]) == pytest.approx(0.5, abs=1e-3)
    part = bicubic(ramp, make_target(ramp.shape, 2, crop=(4, 6, 8, 10)))
    assert part == pytest.approx(whole[6:16, 4:12], abs=1e-3)


def test_the_course_of_a_fit_becomes_curves_and_stages():
    from inrr_cli.neural.history import FitHistory, Point

    history = FitHistory(course=[Point(1, 1.0, 0.5, 10.0, None, None), Point(9, 0.1, 0.2, 20.0, None, None)])
    history.laplacians += [(step, np.eye(4) * step, np.eye(3)) for step in (1, 2, 3, 5, 9)]
    fit = fit_of(history)
    assert [curve.name for curve in fit.curves] == ["loss", "energy", "known pixels"]
    assert [matrix.name for matrix in fit.matrices] == [
        "Rows, after 1 step", "Columns, after 1 step", "Rows, after 3 steps", "Columns, after 3 steps",
        "Rows, after 9 steps", "Columns, after 9 steps",
    ]  # fmt: skip
    assert not fit_of(FitHistory(course=[Point(1, 1.0, 0.0)])).matrices
