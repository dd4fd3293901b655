import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from inrr_cli import InputError, inpaint, make_settings, run_inpainting
from inrr_cli.inpainting.angles import choose_interval, wrap

QUICK = {"rounds": 2, "similar": 20, "radius": 6}


def ramp(period, dtype):
    """Angles that pass the period, (40, 48), and a gap there."""
    angles = np.mod(0.9 * period + np.arange(48) * period / 200 + np.arange(40)[:, None] * period / 400, period)
    angles = np.mod(np.round(angles), period) if np.issubdtype(dtype, np.integer) else angles
    missing = np.zeros((40, 48), bool)
    missing[:, 14:22] = True
    return angles.astype(dtype), missing


def circular(first, second, period):
    return np.abs((first.astype(float) - second + period / 2) % period - period / 2)


@pytest.mark.parametrize(
    ("period", "dtype"), [(360, np.float32), (360, np.int16), (256, np.uint8), (2 * np.pi, np.float64)]
)
def test_angles_are_filled_the_short_way_round(period, dtype):
    angles, missing = ramp(period, dtype)
    spoiled = angles.copy()
    spoiled[missing] = 1
    result = run_inpainting(spoiled, missing, make_settings(values=f"angle={period}", **QUICK))
    assert result.image.dtype == angles.dtype
    assert (result.image[~missing] == angles[~missing]).all()
    assert circular(result.image, angles, period)[missing].max() < 0.01 * period
    assert 0 <= result.image.min() <= result.image.max() < period
    assert circular(inpaint(spoiled, missing, **QUICK), angles, period)[missing].max() > 0.01 * period


def test_channels_and_tiles_are_angles_too():
    angles, missing = ramp(360, np.float32)
    image = np.stack([angles, 359 - angles], 2)
    masks = np.stack([missing, np.roll(missing, 9, 1)], 2)
    for more in ({}, {"per_channel": True}, {"tile": 64}):
        filled = inpaint(image, masks, values="angle=360", **QUICK, **more)
        assert circular(filled, image, 360)[masks].max() < 4


def test_the_period_is_not_a_matter_of_units():
    angles, missing = ramp(360, np.float64)
    degrees = run_inpainting(angles, missing, make_settings(values="angle=360", noise=1.0, **QUICK))
    turns = run_inpainting(angles / 360, missing, make_settings(values="angle=1", noise=1 / 360, **QUICK))
    assert circular(turns.image * 360, degrees.image, 360).max() < 1e-3
    assert np.allclose(turns.sigma * 360, degrees.sigma, rtol=1e-3)
    assert degrees.noise_sigma == pytest.approx(1.0)


def test_error_bars_are_along_the_circle():
    rng = np.random.default_rng(0)
    field = ndimage.gaussian_filter(rng.standard_normal((64, 64)), 4)
    truth = 40 * field / field.std() + 340
    angles = ((truth + 2 * rng.standard_normal(truth.shape)) % 360).astype(np.float32)
    missing = rng.random(angles.shape) < 0.3
    result = run_inpainting(angles, missing, make_settings(values="angle=360"))
    error = circular(result.image, truth, 360)[missing]
    assert (result.sigma[~missing] == 0).all()
    assert 0.5 < (error <= result.sigma[missing]).mean() < 0.95


def test_nothing_is_known_of_an_angle_between_random_ones():
    rng = np.random.default_rng(0)
    angles, missing = rng.uniform(0, 360, (48, 48)).astype(np.float32), rng.random((48, 48)) < 0.2
    sigma = run_inpainting(angles, missing, make_settings(values="angle=360", **QUICK)).sigma
    assert sigma.max() == pytest.approx(360 / math.sqrt(12))
    assert np.median(sigma[missing]) > 70


@pytest.mark.parametrize(
    ("samples", "period", "low"),
    [
        (np.array([0, 359.9]), 360, 0),
        (np.array([-3.1, 3.1]), 2 * math.pi, -math.pi),
        (np.array([np.pi], np.float32) * np.array([-1, 1], np.float32), 2 * math.pi, -math.pi),
        (np.array([-170.0, 10.0]), 360, -180),
        (np.array([100.0, 400.0]), 360, 100),
        (np.array([0, 127], np.int8), 256, -128),
        (np.array([0, 255], np.uint8), 256, 0),
    ],
)
def test_the_interval_is_the_one_in_use(samples, period, low):
    assert choose_interval(samples, period) == pytest.approx(low)


def test_a_period_that_the_type_cannot_hold_is_refused():
    angles, missing = ramp(256, np.uint8)
    with pytest.raises(InputError, match="uint8 cannot hold angles of period 360"):
        inpaint(angles, missing, values="angle=360")


@given(
    st.floats(-1e4, 1e4),
    st.sampled_from([1.0, 2 * math.pi, 255.0, 360.0]),
    st.sampled_from(["float16", "float32", "float64", "int16"]),
    st.sampled_from([0.0, -0.5, None]),
)
def test_wrapped_angles_stay_in_their_interval(angle, period, dtype, share):
    low = 17.0 if share is None else share * period
    if dtype == "int16" and period in (1.0, 2 * math.pi):
        return  # no whole number of steps
    (held,) = wrap(np.array([angle]), low, period, np.dtype(dtype))
    assert low <= float(held) < low + period
    step = 0.51 if dtype == "int16" else 2 * (abs(low) + period) * float(np.finfo(dtype).eps) + 1e-9
    assert circular(held, angle, period) <= step


def test_a_result_does_not_reach_the_period_by_rounding():
    just_below = np.array([360 - 1e-9, 2 * 360 - 1e-12])
    assert (wrap(just_below, 0.0, 360.0, np.dtype(np.float32)) == 0).all()
