"""The final image: which pixel is copied to which, and how copies are blended."""

import pytest
import torch

from inrr_cli.texture.scales import Patches, Scale
from inrr_cli.texture.seams import NEIGHBOURS, blend, choose_copies
from inrr_cli.texture.search import shifted

ROWS, COLUMNS = 40, 48
BOXES = {
    "inside": (slice(12, 26), slice(14, 32)),
    "corner": (slice(0, 14), slice(30, COLUMNS)),
    "whole height": (slice(None), slice(20, 30)),
}


@pytest.fixture(params=BOXES)
def made(request, hole):
    return hole(ROWS, COLUMNS, BOXES[request.param])


def cut(values, made, excluded=None):
    """Return the patches of an image (H, W, C) without features, and its pixels as rows."""
    sources = ~made if excluded is None else ~(made | excluded)
    return Patches(Scale(values, made, sources)), values.flatten(0, 1)


def by_chance(patches):
    chance = torch.randint(len(patches.whole), (len(patches.targets),), generator=torch.Generator().manual_seed(1))
    return patches.whole[chance]


def visible(patches, copied, colours):
    """Return the sum of squares of the seams between neighbours: what is copied beside against what was beside."""
    pixels, total = torch.arange(ROWS * COLUMNS), 0.0
    for down, right in NEIGHBOURS:
        beside, inside = shifted(patches, pixels, down, right)
        further, is_there = shifted(patches, copied, down, right)
        seen = (colours[further] - colours[copied[beside]]).square().sum(1)
        total += float(seen[inside & is_there & patches.sources[further]].sum())
    return total


def test_copies_are_of_sources_and_their_seams_show_less(noise, hole, made):
    excluded = hole(ROWS, COLUMNS, (slice(30, 36), slice(2, 10)))
    patches, colours = cut(noise(ROWS, COLUMNS, 2), made, excluded)
    source = by_chance(patches)
    copied = choose_copies(patches, source, colours, colours[patches.made])
    outside = ~made.flatten()
    assert (copied[outside] == torch.arange(ROWS * COLUMNS)[outside]).all()
    assert patches.sources[copied[patches.made]].all()
    centre = patches.nearest_centre(patches.made)
    first = copied.clone()
    first[patches.made] = source[patches.slot[centre]] + patches.made - centre
    assert visible(patches, copied, colours) < 0.8 * visible(patches, first, colours)


def test_what_may_not_be_copied_counts_for_nothing(noise, hole, made):
    """Nor does what the hole holds, but for what is known beside the hole."""
    excluded = hole(ROWS, COLUMNS, (slice(28, 36), slice(2, 10)))
    patches, colours = cut(noise(ROWS, COLUMNS, 2), made, excluded)
    source, voted = by_chance(patches), colours[patches.made]
    copied = choose_copies(patches, source, colours, voted)
    blended = blend(patches, copied, colours, voted)
    other = torch.where(patches.sources[:, None], colours, 1e6)
    assert (choose_copies(patches, source, other, voted) == copied).all()
    assert (blend(patches, copied, other, voted) == blended).all()


def test_right_patches_are_copied_and_wrong_ones_give_way(noise, hole):
    truth, made = noise(ROWS, 8, 1).repeat(1, 6, 1), hole(ROWS, COLUMNS, BOXES["inside"])
    patches, colours = cut(truth, made)
    left = patches.targets - (patches.targets % COLUMNS) // 8 * 8
    right = torch.where(left % COLUMNS < 3, left + 8, left)
    assert patches.is_whole[right].all()
    for wrong, most in ((0, 0), (len(right) // 7, len(patches.made) // 20)):
        source = right.clone()
        place = torch.randperm(len(source), generator=torch.Generator().manual_seed(0))[:wrong]
        source[place] = by_chance(patches)[place]
        copied = choose_copies(patches, source, colours, colours[patches.made])
        assert (colours[copied] != colours).sum() <= most


@pytest.mark.parametrize("channels", [1, 40])
def test_copies_of_the_truth_give_the_truth(noise, made, channels):
    truth = noise(ROWS, 8, channels).repeat(1, 6, 1)
    patches, colours = cut(truth, made)
    copied = torch.arange(ROWS * COLUMNS)
    column = patches.made % COLUMNS
    copied[patches.made] -= column - column % 8
    assert patches.sources[copied].all()
    blended = blend(patches, copied, colours, colours[patches.made])
    assert (blended - colours[patches.made]).abs().max() < 1e-4


def test_blending_leaves_no_step_between_copies_of_other_light(noise):
    """Both halves of a hole are the truth but for their light; the vote has their mean light."""
    truth, made = noise(ROWS, 3 * COLUMNS, 1), torch.zeros(ROWS, 3 * COLUMNS, dtype=torch.bool)
    made[10:30, 60:84] = True
    truth[:, :48] = truth[:, 48:96] + 0.3
    truth[:, 96:] = truth[:, 48:96] - 0.3
    patches, colours = cut(truth, made)
    copied = torch.arange(ROWS * 3 * COLUMNS)
    is_left = patches.made % (3 * COLUMNS) < 72
    copied[patches.made] += torch.where(is_left, -48, 48)
    expected = truth[made]
    raw = colours[copied[patches.made]] - expected
    assert abs(raw[is_left].mean() - raw[~is_left].mean()) > 0.5
    blended = torch.zeros_like(truth)
    blended[made] = blend(patches, copied, colours, expected) - expected  # what is left of the light
    inside = blended[10:30, 60:84, 0]
    assert inside.diff(dim=1).abs().max() < 0.05  # 0.6 before, and 0.3 at the border
    assert inside.diff(dim=0).abs().max() < 0.05
    assert max(inside[:, [0, -1]].abs().max(), inside[[0, -1]].abs().max()) < 0.05


def test_a_step_to_the_border_is_spread_over_the_hole(made):
    """Flat copies, of another light than what is around the hole, take its light."""
    values = torch.zeros(ROWS, COLUMNS, 1)
    values[:, :8] = 1
    patches, colours = cut(values, made)
    copied = torch.arange(ROWS * COLUMNS)
    copied[patches.made] = 3 * COLUMNS + 3
    blended = blend(patches, copied, colours, torch.zeros(len(patches.made), 1))
    assert blended.abs().max() < 0.01
