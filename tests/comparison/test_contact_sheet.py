import numpy as np
import pytest

from inrr_cli.comparison.contact_sheet import (
    PANEL,
    Panel,
    contrast_of,
    damaged_view,
    draw_sheet,
    largest_hole,
    view_of,
)


def panels(shape, count):
    return [Panel(f"method {k}", "20.00 dB", np.full((*shape, 3), 10 * k, np.uint8)) for k in range(count)]


def test_the_surroundings_of_the_largest_hole_are_enlarged_and_small_pages_are_not():
    mask = np.zeros((400, 300), bool)
    mask[100:110, 40:60] = mask[3, 3] = True
    rows, columns = largest_hole(mask)
    assert rows.start < 90 < 120 < rows.stop
    assert columns.start < 30 < 70 < columns.stop
    mask[200:203] = True  # a line from end to end: a part of it
    rows, columns = largest_hole(mask)
    assert rows.start < 190 < 210 < rows.stop
    assert columns.stop - columns.start < 120
    assert largest_hole(mask[:120, :150]) is None


def test_each_panel_stands_on_the_sheet_with_its_view_and_its_surroundings():
    window = np.s_[10:30, 10:40]
    views = panels((80, 80), 6)
    alone, with_window = draw_sheet(views, None, "heading"), draw_sheet(views, window, "heading")
    for number in range(1, 6):
        count = int((alone == 10 * number).all(2).sum())
        assert count >= PANEL * PANEL
        assert int((with_window == 10 * number).all(2).sum()) > count
    assert with_window.shape[0] > alone.shape[0]


@pytest.mark.parametrize("shape", [(1, 5), (5000, 3), (3, 2000)])
def test_odd_shapes_are_drawn(shape):
    assert draw_sheet(panels(shape, 2), None, "").dtype == np.uint8


def test_one_contrast_serves_all_views_and_no_number_is_black():
    rng = np.random.default_rng(0)
    page = rng.normal(1000, 5, (50, 60)).astype(np.float32)
    page[0, 0], page[1, 1] = 1e6, np.nan
    known = np.isfinite(page)
    contrast = contrast_of(page, known)
    assert contrast.span < 40
    view = view_of(page, contrast)
    assert view.shape == (50, 60, 3)
    assert (view[0, 0] == 255).all()
    assert (view[1, 1] == 0).all()
    assert np.array_equal(view_of(page, contrast, inverted=True), 255 - view)
    damaged = damaged_view(page, ~known, contrast)
    assert len({*damaged[1, 1]}) == 3
    assert np.array_equal(damaged[known], view[known])
