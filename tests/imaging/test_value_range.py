import numpy as np
import pytest

from inrr_cli import InputError
from inrr_cli.imaging.value_range import ValueRange, full_scale, known_range, measured_range, working_range


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
