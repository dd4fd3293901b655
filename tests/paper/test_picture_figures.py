"""Figures 2 and 4: what they measure, what they say of it, and a real fit."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from inrr_cli import make_mask
from inrr_cli.paper import picture_figures
from inrr_cli.paper.experiment import Measurement
from inrr_cli.paper.picture_figures import FIG2, FIG4
from inrr_cli.paper.published import TABLE1_METHODS

SHAPE = (6, 8)  # rectangular, so that swapped axes show


@pytest.fixture
def made():
    """A function from grey levels that known and missing pixels are off by to the measurement of such an output."""
    truth = np.random.default_rng(0).integers(60, 190, SHAPE).astype(np.uint8)
    missing = make_mask(SHAPE, "random")

    def measure(known, missing_error):
        off = np.where(missing, missing_error, known)
        return picture_figures._measure_output(truth, missing, (truth + off) / np.float32(255))

    return measure


def key(mask, method, image="baboon", seed=0):
    return {"image": image, "mask": mask, "method": method, "preset": "fast", "warm_start": "none", "seed": seed}


def fig2_results(made, plain, inrr, image="baboon"):
    """Results of which the fits' known and missing pixels are off by so many grey levels; a constant has 12 dB."""
    return [
        (key("mixture", method, image), Measurement(m.values | {"psnr_constant": 12.0}, m.arrays))
        for method, m in zip(picture_figures.FIG2_METHODS, (made(*plain), made(*inrr)), strict=True)
    ]


def fig4_results(made, **errors):
    """Results of which the missing pixels are off by 10 with INRR, and by the errors of a mask with the others."""
    return [
        (key(mask, method), made(1, 10 if method == "INRR" else others))
        for mask, others in errors.items()
        for method in TABLE1_METHODS
    ]


def verdicts(report):
    return [line.rsplit(": ", 1)[1] for line in report.markdown.split("\n\n") if line.startswith("The paper:")]


def test_residuals_and_psnr_are_those_of_the_output(made):
    measurement = made(2, 30)
    assert measurement.values["residual_known"] == pytest.approx(2, abs=1e-3)
    assert measurement.values["residual_missing"] == pytest.approx(30, abs=1e-3)
    assert measurement.values["psnr_missing"] == pytest.approx(20 * np.log10(255 / 30), abs=1e-3)
    residual = picture_figures._residual(measurement)
    assert (residual == np.where(measurement.arrays["missing"], 30, 2)).all()


@pytest.mark.parametrize(
    ("plain", "inrr", "expected"),
    [
        ((0, 65), (3, 20), ["holds.", "holds.", "holds."]),
        ((5, 20), (5, 10), ["does not hold.", "does not hold.", "holds."]),
        ((5, 10), (5, 20), ["does not hold.", "does not hold.", "does not hold."]),
    ],
)
def test_figure_2_says_which_claims_hold(made, plain, inrr, expected):
    assert verdicts(FIG2.report(fig2_results(made, plain, inrr))) == expected


def test_figure_2_has_the_numbers_of_the_paper_where_there_are_any(made):
    assert "| 17.6 |" in FIG2.report(fig2_results(made, (5, 20), (5, 10))).markdown
    assert "17.6" not in FIG2.report(fig2_results(made, (5, 20), (5, 10), "camera")).markdown


@pytest.mark.parametrize(
    ("errors", "best", "worse"),
    [
        ({"random": 11, "patch": 20, "textural": 12}, ["holds", "holds", "holds."], "holds."),
        ({"random": 15, "patch": 20, "textural": 12}, ["holds", "holds", "holds."], "does not hold."),
        ({"random": 11, "patch": 9, "textural": 12}, ["holds", "does not hold", "holds."], "does not hold."),
    ],
)
def test_figure_4_says_which_claims_hold(made, errors, best, worse):
    report = FIG4.report(fig4_results(made, **errors))
    claim = next(line for line in report.markdown.split("\n\n") if "under every mask" in line)
    assert [part.rsplit(": ", 1)[1] for part in claim.split(", ")[-3:]] == best
    assert verdicts(report)[-1] == worse


def test_figure_4_draws_every_method_under_every_mask_on_one_scale(made):
    results = fig4_results(made, random=11, patch=40, textural=12)
    figure = Figure()
    FIG4.report(results).plots["fig4"](figure)
    titles = [panel.get_title() for panel in figure.axes]
    assert [sum(title.startswith(f"{method}:") for title in titles) for method in TABLE1_METHODS] == [3] * 6
    images = [panel.images[0] for panel in figure.axes if panel.get_title().split(":")[0] in TABLE1_METHODS]
    assert {image.get_clim() for image in images} == {(0.0, 40.0)}
    shown = next(panel.images[0] for panel in figure.axes if panel.get_title() == "sampled data").get_array()
    assert (np.ma.getmaskarray(shown) == results[0][1].arrays["missing"]).all()
