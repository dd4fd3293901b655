"""Axes of arrays in Python: any order gives the same samples, in the layout of the input."""

import numpy as np
import pytest

from inrr_cli import InputError, inpaint, make_mask, superres
from inrr_cli.imaging.array_axes import ArrayAxes

QUICK = {"net": "siren", "steps": 5, "width": 16, "device": "cpu"}


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
@pytest.mark.parametrize("of_samples", [False, True])
def test_channels_may_be_any_axis(colour, axis, of_samples):
    mask = make_mask(colour.shape[:2], "random", rate=0.2)
    mask = np.stack([mask, mask[::-1], mask[:, ::-1]], 2) if of_samples else mask
    moved = np.moveaxis(mask, 2, axis) if of_samples else mask
    restored = inpaint(np.moveaxis(colour, 2, axis), moved, channel_axis=axis, **QUICK)
    assert (np.moveaxis(restored, axis, 2) == inpaint(colour, mask, **QUICK)).all()


@pytest.mark.parametrize("stack_axis", [0, 1, -1])
def test_pages_are_filled_one_by_one(grey, stack_axis):
    pages = np.stack([grey, grey[::-1], grey[:, ::-1]])
    masks = np.stack([make_mask(grey.shape, "random", rate=0.2, seed=seed) for seed in range(3)])
    masks[1] = False  # nothing to fill
    expected = np.stack([inpaint(pages[0], masks[0], **QUICK), pages[1], inpaint(pages[2], masks[2], **QUICK)])
    image, mask = (np.moveaxis(array, 0, stack_axis) for array in (pages, masks))
    assert (np.moveaxis(inpaint(image, mask, stack_axis=stack_axis, **QUICK), stack_axis, 0) == expected).all()
    one = inpaint(image, masks[0], stack_axis=stack_axis, **QUICK)  # a mask for all pages
    assert (np.moveaxis(one, stack_axis, 0)[2] == inpaint(pages[2], masks[0], **QUICK)).all()


@pytest.mark.parametrize(("channel", "stack"), [(0, 1), (1, 0), (3, 0), (None, 0), (-1, 2), (0, 3), (2, -1)])
def test_pages_with_channels(colour, channel, stack):
    pages = np.stack([colour, colour[::-1]])
    masks = np.stack([make_mask(colour.shape[:2], "random", rate=0.2, seed=seed) for seed in range(2)])
    place = [stack % 4, 3 if channel is None else channel % 4]
    image = np.moveaxis(pages, [0, 3], place)
    axes = ArrayAxes.of(image.shape, channel, stack)
    assert all((page == old).all() for page, old in zip(axes.pages(image), pages, strict=True))
    assert (axes.join(axes.pages(image)) == image).all()
    mask = np.moveaxis(masks, 0, place[0] - (place[1] < place[0]))
    restored = inpaint(image, mask, channel_axis=channel, stack_axis=stack, **QUICK)
    expected = np.stack([inpaint(page, missing, **QUICK) for page, missing in zip(pages, masks, strict=True)])
    assert (np.moveaxis(restored, place, [0, 3]) == expected).all()


def test_superres_moves_the_channels(colour):
    options = {"net": "siren", "steps": 5, "width": 16, "device": "cpu"}
    small, opacity = colour[:20, :24], np.ones((20, 24))
    opacity[:5] = 0
    expected = superres(small, 2, opacity=opacity, **options)
    moved = superres(np.moveaxis(small, 2, 0), 2, channel_axis=0, opacity=opacity, **options)
    assert (np.moveaxis(moved, 0, 2) == expected).all()
    assert (superres(small, 2, channel_axis=-1, opacity=opacity, **options) == expected).all()


@pytest.mark.parametrize(
    ("shape", "mask", "options", "message"),
    [
        ((8, 9, 3), (8, 9), {"channel_axis": 3}, "channel_axis=3 is no axis of an image of shape"),
        ((8, 9, 3), (8, 9), {"stack_axis": -4}, "stack_axis=-4 is no axis"),
        ((8, 9, 3), (8, 9), {"channel_axis": 0, "stack_axis": -3}, "are both axis 0"),
        ((8, 9), (8, 9), {"channel_axis": 0}, "two axes must be left"),
        ((2, 2, 8, 9, 3), (8, 9), {"channel_axis": -1, "stack_axis": 0}, "two axes must be left"),
        ((3, 8, 9), (9, 8), {"channel_axis": 0}, r"mask of shape \(9, 8\) does not fit an image of shape \(3, 8, 9\)"),
    ],
)
def test_axes_that_do_not_fit_are_refused(shape, mask, options, message):
    with pytest.raises(InputError, match=message):
        inpaint(np.zeros(shape), np.eye(*mask, dtype=bool), **options)
    with pytest.raises(InputError, match="the mask is empty"):
        inpaint(np.zeros((3, 8, 9)), np.zeros((8, 9), bool), stack_axis=0)
