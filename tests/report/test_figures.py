"""Pictures as layers: put together again they are the pictures, to the pixel."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from inrr_cli.imaging import colour_maps
from inrr_cli.report import Map, Pane, ReportPage
from inrr_cli.report.figures import MADE, make_figure, page_contrast
from inrr_cli.report.reduction import choose_step, doubtful_crops, largest_in_blocks, mean_blocks

RNG = np.random.default_rng(1)


@pytest.fixture
def page(colour):
    """A page with every kind of pane."""
    missing = RNG.random(colour.shape[:2]) < 0.3
    damaged, restored = colour.copy(), colour.copy()
    damaged[missing], restored[missing] = 0, colour[missing] ^ 3
    sigma = np.where(missing, RNG.uniform(1, 9, missing.shape), np.nan).astype(np.float32)
    residual = np.where(missing, restored.astype(float).sum(2) - colour.astype(float).sum(2), np.nan)
    made = missing & (np.indices(missing.shape)[1] > 16)
    panes = [Pane("Before", damaged, is_filled=False), Pane("Restored", restored), Pane("Truth", colour)]
    maps = [Map("Error bar", sigma, "note"), Map("Residual", residual, "note", "residual")]
    return ReportPage("colour.png", panes, missing, made=made, maps=maps, truth=colour)


def decode(address):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGBA"))


def put_together(figure, pane):
    """Return what a browser shows of a pane (M, N, 4), transparent where there is only its ground."""
    shown = np.zeros((figure.rows, figure.columns, 4), np.uint8)
    for key in pane.layers:
        layer = decode(figure.layers[key])
        shown = np.where(layer[..., 3:] > 0, layer, shown)
    return shown


def test_layers_give_the_pictures_to_the_pixel(page):
    figure = make_figure(page, "f", page_contrast(page))
    for pane, shown in zip(page.panes, figure.panes, strict=False):
        picture = put_together(figure, shown)
        assert (picture[..., :3] == pane.pixels).all(), pane.name
        assert (picture[..., 3] == 255).all()


def test_maps_are_read_back_from_their_colours(page):
    figure = make_figure(page, "f", page_contrast(page))
    for one, shown, table in zip(
        page.maps, figure.panes[3:], (colour_maps.sequential(), colour_maps.diverging()), strict=False
    ):
        picture, low, high = put_together(figure, shown), shown.reading["low"], shown.reading["high"]
        assert (picture[..., 3] > 0).tolist() == np.isfinite(one.values).tolist()
        level = {tuple(colour): number for number, colour in enumerate(table.tolist())}
        for value, colour in zip(one.values[page.missing], picture[page.missing][:, :3].tolist(), strict=True):
            read = low + (high - low) * level[tuple(colour)] / 255
            assert abs(read - np.clip(value, low, high)) <= (high - low) / 500


def test_a_picture_that_equals_the_restored_one_takes_no_room(page):
    same = ReportPage("x", [Pane("Before", page.panes[1].pixels), page.panes[1]], page.missing)
    figure = make_figure(same, "f", page_contrast(same))
    assert list(figure.layers) == ["f-p1"]
    assert [pane.layers for pane in figure.panes] == [["f-p1"], ["f-p1"]]


def test_made_up_pixels_are_told_from_others(page):
    figure = make_figure(page, "f", page_contrast(page))
    stripes = decode(figure.layers[figure.hatch])
    assert (stripes[..., 3] > 0)[~page.made].sum() == 0
    assert (stripes[stripes[..., 3] > 0][:, :3] == MADE).all()
    origin = put_together(figure, figure.panes[-1])
    assert figure.panes[-1].name == "Origin"
    assert ((origin[..., :3] == MADE).all(2) == page.made).all()
    assert ((origin[..., 3] > 0) == page.missing).all()


def test_nothing_made_up_means_no_stripes(page, colour):
    plain = ReportPage("x", page.panes, page.missing, made=np.zeros(colour.shape[:2], bool))
    figure = make_figure(plain, "f", page_contrast(plain))
    assert figure.hatch is None
    assert [pane.name for pane in figure.panes] == ["Before", "Restored", "Truth"]


def test_every_picture_says_how_much_was_filled(page):
    figure = make_figure(page, "f", page_contrast(page))
    share = f"{page.missing.mean():.1%} of the pixels were filled"
    assert all(share in pane.description for pane in figure.panes if not pane.is_map)


def test_the_lens_begins_at_the_largest_error_bar(page):
    column, row = make_figure(page, "f", page_contrast(page)).place
    assert page.maps[0].values[row, column] == np.nanmax(page.maps[0].values)


def test_a_page_of_one_picture_is_enough(grey):
    page = ReportPage("grey", [Pane("Mask", grey)])
    assert (
        put_together(make_figure(page, "f", page_contrast(page)), make_figure(page, "f", page_contrast(page)).panes[0])[
            ..., 0
        ]
        == grey
    ).all()


def test_blocks_show_means_and_largest_values():
    view = np.zeros((5, 4, 3), np.uint8)
    view[:2, :2] = [[10], [20]], [[30], [40]]
    assert mean_blocks(view, 2).shape == (3, 2, 3)
    assert (mean_blocks(view, 2)[0, 0] == 25).all()
    values = np.array([[1, -7, np.nan, np.nan], [2, 3, np.nan, np.nan]])
    assert np.array_equal(largest_in_blocks(values, 2), [[-7, np.nan]], equal_nan=True)


def test_images_up_to_four_megapixels_are_shown_whole():
    assert choose_step((2000, 2000, 3), 1) == 1
    assert choose_step((2001, 2000), 1) == 2
    assert choose_step((1000, 1000), 12) == 2


def test_crops_are_where_the_error_bars_are_largest():
    sigma = np.full((1000, 900), np.nan, np.float32)
    sigma[700:720, 100:130], sigma[10, 10] = 9, 1
    pixels = RNG.integers(0, 255, sigma.shape, dtype=np.uint8)
    page = ReportPage(
        "x", [Pane("Before", pixels), Pane("Restored", pixels)], np.isfinite(sigma), maps=[Map("s", sigma, "")]
    )
    crops = doubtful_crops(page)
    assert [(crop.top, crop.left) for crop in crops] == [(640, 0), (0, 0)]
    assert (crops[0].page.panes[0].pixels == pixels[640:960, :320]).all()
    assert crops[0].page.missing.sum() == 600
