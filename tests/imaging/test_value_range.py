import numpy as np
import pytest

from inrr_cli import InputError
from inrr_cli.imaging.metadata import Metadata
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.value_range import (
    CompressedRange,
    FaintRange,
    ValueRange,
    full_scale,
    known_range,
    measured_range,
    robust_range,
    working_range,
)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float16", "float32", "float64"])
def test_values_survive_the_conversion_to_the_unit_range_and_back(dtype):
    values = np.arange(-100, 156).astype(dtype).reshape(16, 16)
    units = known_range(values, np.ones(values.shape, bool))
    unit = units.to_unit(values)
    assert unit.dtype == np.float32
    assert (unit.min(), unit.max()) == (0, 1)
    restored = units.from_unit(unit, values.dtype)
    assert restored.dtype == values.dtype
    assert np.abs(restored.astype(float) - values).max() <= (0 if values.dtype.kind in "iu" else 1e-4)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "uint32", "int64", "uint64"])
def test_values_outside_the_type_are_clipped(dtype):
    limits = np.iinfo(dtype)
    units = ValueRange(float(limits.min), float(limits.max))
    low, high = units.from_unit(np.array([-1, 2], np.float32), np.dtype(dtype))
    assert low == limits.min
    assert limits.max - high <= limits.max // 2**52  # the next float


def test_the_range_is_that_of_the_known_pixels():
    image = np.array([[1.0, 5.0], [np.nan, 3.0]])
    known = np.isfinite(image)
    assert known_range(image, known) == ValueRange(1, 5)
    assert working_range(image, known) == measured_range(image, known) == ValueRange(1, 5)
    assert measured_range(image, known, ValueRange(0, 9)) == ValueRange(0, 9)
    assert known_range(np.full((2, 2), -7), known) == ValueRange(-7, 0)
    assert known_range(np.full((2, 2), 0.5), known) == ValueRange(0.5, 1.5)


def test_integers_are_measured_on_their_full_range():
    known = np.ones((2, 2), bool)
    assert working_range(np.full((2, 2), 9, np.uint8), known) == ValueRange(0, 255)
    assert measured_range(np.full((2, 2), 9, np.int16), known) == ValueRange(-32768, 32767)
    assert full_scale(np.dtype("uint16")) == 65535
    assert full_scale(np.dtype("float32")) == 1


@pytest.mark.parametrize(
    ("value", "known", "message"),
    [(1.0, False, "covers everything"), (np.inf, True, "not finite"), (-1e38, True, "--mask value=-1e\\+38")],
)
def test_ranges_that_cannot_be_computed_with_are_refused(value, known, message):
    with pytest.raises(InputError, match=message):
        known_range(np.array([[1.0, value]]), np.full((1, 2), known))


def test_outliers_do_not_widen_the_range():
    image = np.linspace(0, 1, 1000).reshape(20, 50)
    known = np.ones(image.shape, bool)
    assert robust_range(image, known) == working_range(image, known)
    for bright, count in ((4, 1), (1e4, 1), (-1e30, 5)):
        spoilt = image.copy()
        spoilt.flat[100 : 100 + count] = bright
        units = robust_range(spoilt, known)
        assert (units.low, units.high) == (0, 1)
        assert np.abs(units.to_unit(spoilt)).max() < 10
        np.testing.assert_allclose(units.from_unit(units.to_unit(spoilt), spoilt.dtype), spoilt, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "values", [np.full(100, 7.0), np.arange(100) % 2, (np.arange(1000) == 5) * 9.0, np.arange(256).astype(np.uint8)]
)
def test_constant_sparse_two_valued_and_8_bit_images_have_no_outliers(values):
    known = np.ones(values.shape, bool)
    assert robust_range(values, known) == working_range(values, known)


def test_error_bars_of_compressed_values_are_as_steep_as_the_values():
    units = CompressedRange(10.0, 12.0)
    values = np.array([-0.5, 0.5, 1.4], np.float32)
    steps = units.from_unit_unrounded(values + np.float32(1e-3), np.dtype(float)) - units.from_unit_unrounded(
        values, np.dtype(float)
    )
    sigma = units.deviations(np.full(3, 1e-3, np.float32), values)
    np.testing.assert_allclose(sigma, steps, rtol=0.01)
    assert np.isinf(FaintRange(10.0, 12.0).deviations(np.ones(3, np.float32), values)).tolist() == [True, False, True]


def test_a_value_of_no_data_that_the_type_cannot_hold_changes_nothing():
    pixels = np.arange(12, dtype=np.uint16).reshape(3, 4)
    for nodata in (-9999.0, 1e9, 0.5):
        picture = Picture([pixels], [None], Metadata("TIFF", nodata=nodata))
        assert np.array_equal(picture.as_held(pixels, np.ones(pixels.shape, bool)), pixels)
