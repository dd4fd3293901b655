import numpy as np
import pytest

from inrr_cli.comparison.measuring import Row, Yardstick, compare_method, time_ratios
from inrr_cli.imaging.value_range import ValueRange
from inrr_cli.masking.selection import Page

RANGE = ValueRange(0, 255)


@pytest.fixture
def page(grey):
    missing = np.zeros(grey.shape, bool)
    missing[10:14, 10:14] = True
    return Page(0, np.where(missing, 0, grey).astype(np.uint8), missing, np.zeros_like(missing))


def constant(value):
    def fill(page):
        filled = page.pixels.copy()
        filled[page.missing] = value
        return filled, None

    return fill


def test_against_the_truth_the_missing_samples_are_measured(page, grey):
    truth = np.where(page.missing, 100, grey).astype(np.uint8)
    row = compare_method("patch", constant(110), page, Yardstick(RANGE, truth, None))
    assert row.psnr == pytest.approx(20 * np.log10(255 / 10), abs=1e-3)
    assert row.ssim < 1
    exact = compare_method("patch", constant(100), page, Yardstick(RANGE, truth, None))
    assert (exact.psnr, exact.ssim) == (np.inf, pytest.approx(1))


def test_without_a_truth_hidden_samples_are_measured_and_the_image_is_filled_with_all_that_is_known(page):
    pixels = page.pixels.copy()
    hidden = np.zeros_like(page.missing)
    hidden[30:34, 30:34] = True
    pixels[hidden] = 50
    page = Page(0, pixels, page.missing, page.ignored)
    row = compare_method("patch", constant(70), page, Yardstick(RANGE, None, hidden))
    assert row.psnr == pytest.approx(20 * np.log10(255 / 20), abs=1e-3)
    assert np.array_equal(row.image[hidden], pixels[hidden])
    assert (row.image[page.missing] == 70).all()


def test_a_method_that_fails_makes_a_row_that_says_why(page):
    def fail(page):
        raise MemoryError("of\nanother package")

    row = compare_method("cubic", fail, page, Yardstick(RANGE, None, ~page.missing))
    assert (row.image, row.psnr, row.ssim) == (None, None, None)
    assert row.failure == "MemoryError: of another package"
    with pytest.raises(KeyboardInterrupt):
        compare_method("cubic", lambda page: interrupt(), page, Yardstick(RANGE, None, ~page.missing))


def interrupt():
    raise KeyboardInterrupt


def test_times_are_compared_with_the_biharmonic_fill():
    rows = [Row(method, None, 1.0, None, seconds) for method, seconds in (("patch", 6.0), ("biharmonic", 2.0))]
    failed = Row("cubic", None, None, None, 1.0, "no luck")
    assert time_ratios([*rows, failed]) == [3, 1, None]
    assert time_ratios(rows[:1]) == [None]
    assert time_ratios([rows[0], Row("biharmonic", None, None, None, 2.0, "no luck")]) == [None, None]
