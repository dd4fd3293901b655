import numpy as np
import pytest

from inrr_cli.holdout.error_estimate import HiddenSamples, Samples, estimate_squared_error, places_of


def hidden_samples(classes, variance, squared_error, places=None):
    places = np.arange(len(classes)) if places is None else places
    return HiddenSamples(np.asarray(classes), variance, np.asarray(squared_error, float), places)


@pytest.fixture
def errors():
    return np.random.default_rng(0).chisquare(1, 4000)


def test_samples_that_are_as_hard_have_the_error_of_the_hidden_ones(errors):
    filled = Samples(np.zeros(50, int), np.full(50, 2.0))
    hidden = hidden_samples(np.zeros(4000, int), np.full(4000, 2.0), 9 * errors)
    assert estimate_squared_error(filled, hidden) == pytest.approx(9, rel=0.06)


def test_larger_error_bars_tell_of_larger_errors_but_not_all_of_it(errors):
    hidden = hidden_samples(np.zeros(4000, int), np.ones(4000), errors)
    filled = Samples(np.zeros(50, int), np.full(50, 4.0))
    assert 1.2 < estimate_squared_error(filled, hidden) < 4


def test_classes_count_as_often_as_they_are_missing(errors):
    classes = np.repeat([0, 3], 2000)
    hidden = hidden_samples(classes, None, np.where(classes == 0, 1, 100) * errors)
    near, far = (estimate_squared_error(Samples(np.full(9, k), None), hidden) for k in (0, 3))
    assert near == pytest.approx(1, rel=0.1)
    assert far == pytest.approx(100, rel=0.1)
    both = estimate_squared_error(Samples(np.array([0, 0, 0, 3]), None), hidden)
    assert both == pytest.approx(0.75 * near + 0.25 * far)


def test_few_places_draw_the_ratio_to_the_usual_one(errors):
    filled = Samples(np.zeros(50, int), np.ones(50))
    one = hidden_samples(np.zeros(4000, int), np.ones(4000), 1000 * errors, np.zeros(4000, int))
    many = hidden_samples(np.zeros(4000, int), np.ones(4000), 1000 * errors)
    assert estimate_squared_error(filled, one) < 0.5 * estimate_squared_error(filled, many)


def test_a_class_without_hidden_samples_and_exact_fills_have_an_estimate_too():
    hidden = hidden_samples([0, 0], np.ones(2), [4.0, 4.0])
    assert estimate_squared_error(Samples(np.array([4]), np.ones(1)), hidden) > 0
    exact = hidden_samples([0, 0], np.zeros(2), [0.0, 0.0])
    assert estimate_squared_error(Samples(np.array([0]), np.ones(1)), exact) == 0
    nothing = hidden_samples(np.zeros(0, int), np.zeros(0), [])
    assert estimate_squared_error(Samples(np.array([0]), np.ones(1)), nothing) is None


def test_pieces_are_numbered_by_what_is_connected():
    hidden = np.zeros((8, 8, 2), bool)
    hidden[0:2, 0:2] = hidden[5:7, 5:7, 1] = True
    places = places_of(hidden)
    assert set(places[hidden]) == {1, 2}
    assert len(set(places[:2, :2].ravel())) == 1
