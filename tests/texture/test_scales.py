"""Scales of an image: what is a patch, what is left to make up at a coarser scale, and what may be copied there."""

from itertools import pairwise

import pytest
import torch

from inrr_cli.texture.scales import (
    COARSEST_SIDE,
    FEATURE_WINDOW,
    FEATURES,
    FEWEST_PATCHES,
    HALF,
    PATCH,
    Patches,
    Scale,
    box_mean,
    make_pyramid,
    whole_patches,
)


@pytest.mark.parametrize("shape", [(20, 30), (7, 30), (7, 7), (6, 30), (1, 9)])
def test_whole_patches_are_those_all_of_whose_pixels_may_be_copied(noise, shape):
    sources = noise(*shape) > 0.03
    whole = whole_patches(sources)
    for row in range(shape[0]):
        for column in range(shape[1]):
            block = sources[max(0, row - HALF) : row + HALF + 1, max(0, column - HALF) : column + HALF + 1]
            assert whole[row, column] == (block.shape == (PATCH, PATCH) and bool(block.all()))


def test_targets_are_the_patches_with_a_pixel_to_make_up(noise, hole):
    made = hole(20, 26, (slice(0, 3), slice(20, 26)), (slice(12, 14), slice(4, 9)))
    patches = Patches(Scale(noise(20, 26, 3), made, ~made))
    expected = [
        row * 26 + column
        for row in range(HALF, 20 - HALF)
        for column in range(HALF, 26 - HALF)
        if made[row - HALF : row + HALF + 1, column - HALF : column + HALF + 1].any()
    ]
    assert patches.targets.tolist() == expected
    assert (patches.slot[patches.targets] == torch.arange(len(expected))).all()
    assert (patches.slot >= 0).sum() == len(expected)
    nearest = patches.nearest_centre(patches.made)
    assert (patches.slot[nearest] >= 0).all()  # each pixel lies in a patch, at the border too
    assert ((patches.made[:, None] == nearest[:, None] + patches.block).sum(1) == 1).all()


def test_a_patch_as_a_row_holds_its_pixels(noise, hole):
    values, made = noise(12, 15, 3), hole(12, 15, (slice(4, 6), slice(4, 6)))
    patches = Patches(Scale(values, made, ~made))
    row, column = 5, 8
    block = values[row - HALF : row + HALF + 1, column - HALF : column + HALF + 1]
    assert (patches.at(torch.tensor([row * 15 + column])) == block.reshape(1, -1)).all()
    assert (patches.image() == values.permute(2, 0, 1)).all()


def blocks(image):
    """Return the blocks of 2 x 2 pixels of an image as (rows, columns, 4, ...)."""
    rows, columns = (side // 2 for side in image.shape[:2])
    even = image[: 2 * rows, : 2 * columns].unflatten(0, (rows, 2)).unflatten(2, (columns, 2))
    return even.transpose(1, 2).flatten(2, 3)


@pytest.mark.parametrize("shape", [(140, 141), (133, 127)])
def test_a_coarser_scale_averages_what_is_not_made_up(noise, hole, shape):
    values, made = noise(*shape, 2), hole(*shape, (slice(41, 80), slice(30, 75)), (slice(0, 19), slice(100, 127)))
    sources = ~made & (noise(*shape, seed=1) > 0.001)
    scales = make_pyramid(values, made, sources)
    assert len(scales) > 2
    assert (scales[0].values[..., :2] == values).all()
    for fine, coarse in pairwise(scales):
        given = ~blocks(fine.made)
        assert (coarse.made == ~given.any(2)).all()
        assert (coarse.sources == blocks(fine.sources).all(2)).all()
        mean = (blocks(fine.values) * given[..., None]).sum(2) / given.sum(2).clamp(min=1)[..., None]
        assert (coarse.values - mean)[~coarse.made].abs().max() < 1e-5


@pytest.mark.parametrize(
    ("side", "depth", "scales"), [(COARSEST_SIDE - 1, 30, 1), (COARSEST_SIDE, 30, 2), (128, 8, 1), (128, 40, 3)]
)
def test_scales_end_where_there_is_little_more_to_see(noise, hole, side, depth, scales):
    made = hole(side, side + 9, (slice(10, 10 + depth), slice(10, 10 + depth)))
    assert len(make_pyramid(noise(side, side + 9, 1), made, ~made)) == scales


def test_scales_end_where_too_little_could_be_copied(noise, hole):
    made = hole(128, 128, (slice(40, 80), slice(40, 80)))
    scattered = ~made & (noise(128, 128) > 0.02)
    scales = make_pyramid(noise(128, 128, 1), made, scattered)
    assert all(whole_patches(scale.sources).sum() >= FEWEST_PATCHES for scale in scales)
    assert len(scales) < len(make_pyramid(noise(128, 128, 1), made, ~made))


def test_features_tell_texture_and_see_sources_only(noise, hole):
    values, made = noise(60, 80, 1), hole(60, 80, (slice(20, 30), slice(30, 40)))
    values[:, 40:] /= 4
    sources = ~made & ~hole(60, 80, (slice(40, 60), slice(0, 20)))
    features = make_pyramid(values, made, sources)[0].values[..., -FEATURES:]
    rough, fine = features[5:15, 5:30].mean((0, 1)), features[5:15, 50:75].mean((0, 1))
    assert (rough / fine - 4).abs().max() < 0.5
    other = torch.where(sources[..., None], values, 1e6)
    assert (make_pyramid(other, made, sources)[0].values[..., -FEATURES:] == features).all()
    halves = hole(60, 80, (slice(None), slice(40, 80))).float()[..., None]
    features = make_pyramid(halves, hole(60, 80), ~hole(60, 80))[0].values[..., -FEATURES:]
    assert (features[:, [0, 79]] == 0).all()  # the sides are no neighbours
    along = torch.arange(60.0)[:, None, None].expand(60, 80, 1)  # changes from row to row alone
    across, down = make_pyramid(along, hole(60, 80), ~hole(60, 80))[0].values[30, 30, -FEATURES:]
    assert across == 0
    assert down > 0


def test_means_over_squares(noise):
    images = noise(2, 12, 14)
    means = box_mean(images, FEATURE_WINDOW)
    assert means.shape == images.shape
    reach = FEATURE_WINDOW // 2
    inside = images[:, 6 - reach : 7 + reach, 7 - reach : 8 + reach]
    assert (means[:, 6, 7] - inside.mean((1, 2))).abs().max() < 1e-6
    corner = images[:, : reach + 1, : reach + 1].sum((1, 2)) / FEATURE_WINDOW**2
    assert (means[:, 0, 0] - corner).abs().max() < 1e-6
