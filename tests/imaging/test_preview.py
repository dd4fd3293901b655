import numpy as np

from inrr_cli.imaging.preview import overlay, side_by_side, to_8_bits


def test_overlay_tints_missing_pixels_only(grey, colour):
    missing = np.zeros(colour.shape[:2], bool)
    missing[5] = True
    view = overlay(colour, missing)
    assert (view[~missing] == colour[~missing]).all()
    assert np.abs(view[missing] - (0.35 * colour[missing] + 0.65 * np.array([255, 0, 80]))).max() <= 0.51
    view = overlay(grey, np.zeros(grey.shape, bool))
    assert (view == grey[..., None]).all()


def test_side_by_side_keeps_each_image(colour):
    row = side_by_side([colour, colour[..., 0], colour])
    assert row.shape == (40, 3 * 32 + 2 * 8, 3)
    assert (row[:, :32] == colour).all()
    assert (row[:, 40:72] == colour[..., :1]).all()
    assert (row[:, 32:40] == 255).all()


def test_to_8_bits_stretches_the_chosen_pixels():
    values = np.array([[0.0, 1.0, 3.0], [np.nan, np.inf, 5.0]])
    assert to_8_bits(values).tolist() == [[0, 51, 153], [0, 255, 255]]
    where = values < 4
    assert to_8_bits(values, where).tolist() == [[0, 85, 255], [0, 255, 255]]
    assert (to_8_bits(np.full((2, 3), np.nan)) == 0).all()
    bands = np.dstack([values] * 5)
    assert (to_8_bits(bands) == to_8_bits(values)).all()


def test_to_8_bits_leaves_8_bit_images_alone(colour):
    assert to_8_bits(colour) is colour
