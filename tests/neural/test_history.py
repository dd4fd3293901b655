"""The course of a fit, as an observer sees it."""

import numpy as np
import pytest
from skimage.data import camera

from inrr_cli import make_settings, run_inpainting
from inrr_cli.engine import Control
from inrr_cli.imaging.value_range import ValueRange
from inrr_cli.neural.history import FitHistory, logarithmic_steps
from inrr_cli.superresolution import run_superres

STEPS = 12
SMALL = {"net": "siren", "width": 16, "layers": 2, "device": "cpu", "steps": STEPS}


@pytest.fixture
def image():
    return camera()[100:124, 200:220].copy()


@pytest.fixture
def missing(image):
    return np.random.default_rng(0).random(image.shape) < 0.3


def fit(image, missing, observe, **options):
    return run_inpainting(image, missing, make_settings(**SMALL | options), Control(observe=observe))


def test_each_step_is_seen_and_changes_nothing(image, missing):
    states = []
    seen = fit(image, missing, states.append, reg="inrr")
    assert [state.step for state in states] == list(range(1, STEPS + 1))
    assert {state.total for state in states} == {STEPS}
    assert all(state.loss > 0 for state in states)
    assert all(state.energy > 0 for state in states)
    alone = fit(image, missing, None, reg="inrr")
    np.testing.assert_array_equal(seen.image, alone.image)


def test_images_are_in_the_units_of_the_image(image, missing):
    for picture in (image, image.astype(np.float32) * 100 - 5000, np.dstack([image] * 3).astype(np.uint16) * 200):
        states = []
        mask = missing if picture.ndim == 2 else np.repeat(missing[..., None], 3, 2)
        fit(picture, mask, lambda state, into=states: into.append(state.image()), reg="none", steps=60)
        assert {made.shape for made in states} == {picture.shape}
        assert picture.min() <= states[-1].mean() <= picture.max()


def test_laplacians_are_those_of_a_regulariser_that_learns_some(image, missing):
    found = []
    fit(image, missing, lambda state: found.append(state.laplacians()), reg="inrr")
    rows, columns = found[-1]
    assert (rows.shape, columns.shape) == ((24, 24), (20, 20))
    np.testing.assert_allclose(rows.sum(1), 0, atol=1e-5)
    fit(image, missing, lambda state: found.append(state.laplacians()), reg="tv")
    assert found[-1] is None


def test_without_a_regulariser_there_is_no_energy(image, missing):
    states = []
    fit(image, missing, states.append, reg="none")
    assert {state.energy for state in states} == {0.0}


def test_a_history_measures_against_the_image_and_the_truth(image, missing):
    damaged = np.where(missing, 0, image)
    units = ValueRange(0, 255)
    history = FitHistory(image=damaged, missing=missing, truth=image, value_range=units, keep_laplacians=True)
    result = fit(damaged, missing, history.record, reg="inrr", steps=60)
    assert [point.step for point in history.course] == logarithmic_steps(60, 30)
    assert history.course[-1].psnr_known == pytest.approx(result.psnr_known, abs=3)  # that of the mean of the weights
    assert history.course[-1].psnr_known > history.course[0].psnr_known
    assert all(point.psnr_missing is not None and point.psnr_full is not None for point in history.course)
    assert [step for step, *_ in history.laplacians] == logarithmic_steps(60, 30)


def test_without_a_truth_only_known_pixels_are_measured(image, missing):
    history = FitHistory(image=image, missing=missing, value_range=ValueRange(0, 255))
    fit(image, missing, history.record, reg="none")
    assert all(point.psnr_known is not None and point.psnr_missing is None for point in history.course)
    assert history.laplacians == []


def test_the_next_fit_takes_the_place_of_the_one_before(image, missing):
    history = FitHistory()
    for _ in range(2):
        fit(image, missing, history.record, reg="none")
    assert [point.step for point in history.course] == logarithmic_steps(STEPS, 30)


def test_the_fit_of_an_enlargement_is_seen(image):
    history = FitHistory()
    settings = make_settings(**SMALL, reg="none", task="superres")
    run_superres(image, 2, settings, Control(observe=history.record))
    assert history.course[-1].step == STEPS
    assert history.course[-1].loss < history.course[0].loss


def test_steps_are_spaced_by_their_logarithm():
    assert logarithmic_steps(1, 30) == [1]
    steps = logarithmic_steps(10_000, 30)
    assert (steps[0], steps[-1]) == (1, 10_000)
    assert len(steps) <= 30
    assert steps == sorted(set(steps))
