"""The vote of overlapping patches."""

import pytest
import torch

from inrr_cli.texture import voting
from inrr_cli.texture.scales import FEATURES, HALF, Patches, Scale
from inrr_cli.texture.voting import SHIFT_LIMIT, vote

ROWS, COLUMNS, PERIOD = 36, 44, 8


@pytest.fixture
def truth(noise):
    """A pattern that repeats after PERIOD columns, with its features."""
    return noise(ROWS, PERIOD, 2 + FEATURES).repeat(1, 6, 1)[:, :COLUMNS]


@pytest.fixture(params=["inside", "corner", "whole height"])
def patches(request, truth, hole):
    boxes = {
        "inside": (slice(10, 20), slice(20, 28)),
        "corner": (slice(0, 9), slice(COLUMNS - 6, COLUMNS)),
        "whole height": (slice(None), slice(22, 26)),
    }
    made = hole(ROWS, COLUMNS, boxes[request.param])
    found = Patches(Scale(truth, made, ~made))
    found.values[found.made] = 3
    return found


def periods_away(patches):
    """Return, for each target, the same place of the pattern elsewhere, where that can be copied."""
    column = patches.targets % COLUMNS
    left = column % PERIOD + (column % PERIOD < HALF) * PERIOD
    return patches.targets - column + left


def test_the_vote_of_right_patches_is_the_truth(patches, truth):
    expected = truth.flatten(0, 1)[patches.made]
    source = periods_away(patches)
    assert patches.is_whole[source].all()
    patches.values[patches.made] = expected  # so that no mean is moved
    for distance in (None, torch.rand(len(source))):
        assert (vote(patches, source, distance) - expected).abs().max() < 1e-5
    other = truth[..., :2].flatten(0, 1) * 5
    assert (vote(patches, source, values=other) - 5 * expected[:, :2]).abs().max() < 1e-4


def test_votes_on_many_channels_are_taken_in_small_pieces(monkeypatch, patches, noise):
    values = noise(ROWS * COLUMNS, 40)
    source, distance = patches.whole[: len(patches.targets)], torch.rand(len(patches.targets))
    expected = vote(patches, source, distance, values)
    monkeypatch.setattr(voting, "OFFERED", 10_000)
    assert (vote(patches, source, distance, values) - expected).abs().max() < 1e-6


def test_patches_far_off_do_not_count(patches, truth):
    expected = truth.flatten(0, 1)[patches.made]
    source = periods_away(patches)
    patches.values[patches.made] = expected
    right = torch.arange(len(source)) % 5 > 0
    source[~right] = patches.whole[:1]
    distance = torch.where(right, 0.01, 10.0)
    several = torch.isin(patches.made, patches.targets)  # patches lie over a pixel that is not at the border
    assert (vote(patches, source, distance) - expected)[several, :2].abs().max() < 1e-4


def test_poor_matches_still_count_where_there_are_no_others(patches):
    """Most distances are 0, so that the weight of the others is less than the smallest number."""
    rows = patches.targets // COLUMNS
    distance = torch.where(rows == rows.max(), 1e6, 0.0)
    for far in (distance, distance.clamp(min=1).flip(0), torch.full_like(distance, 1e9)):
        assert vote(patches, patches.whole[: len(patches.targets)], far).isfinite().all()
    assert (distance > 0).float().mean() < 0.25


@pytest.mark.parametrize("lighter", [0.1, 1.0])
def test_light_is_moved_as_far_as_the_limit(patches, truth, lighter):
    """The targets are lighter than what is copied; features are no light."""
    source = periods_away(patches)
    patches.values += lighter * (torch.arange(len(patches.values)) % COLUMNS > 18)[:, None]
    patches.values[patches.made] = truth.flatten(0, 1)[patches.made] + lighter
    moved = vote(patches, source) - truth.flatten(0, 1)[patches.made]
    deep = torch.isin(patches.made, patches.targets)  # their patches are all in the lighter part
    assert moved[deep, :2].min() > 0.5 * min(lighter, SHIFT_LIMIT)
    assert moved[:, :2].max() < min(lighter, SHIFT_LIMIT) + 1e-5
    assert moved[:, 2:].abs().max() < 1e-5
    none = vote(patches, source, values=patches.values[:, :2], limit=0) - truth.flatten(0, 1)[patches.made, :2]
    assert none.abs().max() < 1e-5
